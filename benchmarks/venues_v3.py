r"""Uniswap V3 quotes: ours beside degenbot, the real pool in pyrevm, and the array form. Prints ratios.

Every answer is compared in the same run before anything is timed; a difference ends the run with code 1.

    python benchmarks/venues_v3.py [--npm FOLDER]

Peers that are not installed are left out. degenbot wants another web3 than Backstop, so it runs in an
environment of its own, with Python 3.12:

    PYTHONPATH=. uv run --no-project --python 3.12 --with 'degenbot==0.5.0' --with numpy --with pyrevm \
        python benchmarks/venues_v3.py --npm FOLDER

The real pool needs a FOLDER in which these were installed:

    npm install @uniswap/v3-core@1.0.1 @uniswap/v3-periphery@1.4.4
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from protocol.venues.uniswap_v3.arrays import LadderArrays, RangeArrays
from protocol.venues.uniswap_v3.observations import ObservationRing
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.quoter import Quoter
from protocol.venues.uniswap_v3.swapping import default_limit
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick

START = 1_700_000_000
FEE, SPACING, FIRST_TICK = 3000, 60, 1234
FIRST_PRICE = sqrt_ratio_at_tick(FIRST_TICK) + 987_654_321
# (name, quotes, ticks crossed: least and most, goal against degenbot, goal against the real pool)
CLASSES = (("<= 2 ticks", 200, 0, 2, 5, 50), (">= 10 ticks", 100, 10, 10**6, 50, 50))
ARRAY_GOAL = 100
Case = tuple[bool, int]
Quotes = Callable[[bool, int], tuple[int, int]]


def ranges() -> list[tuple[int, int, int]]:
    """Return (lower, upper, liquidity) of 81 positions around the first price."""
    dice = random.Random(1)
    found = [(-12_000, 12_000, 10**20)]
    for _ in range(80):
        lower = SPACING * dice.randint(-60, 60)
        found.append((lower, lower + SPACING * dice.randint(1, 80), dice.randint(10**18, 10**21)))
    return found


def build() -> UniswapV3Pool:
    pool = UniswapV3Pool.create("A", "B", FEE).initialise(FIRST_PRICE, time=START)
    for lower, upper, liquidity in ranges():
        pool = pool.mint("owner", lower, upper, liquidity, time=START)[2]
    return pool


def crossed(pool: UniswapV3Pool, case: Case) -> int:
    after = pool.swap_to_limit(*case, time=START)[2]
    low, high = sorted((pool.tick, after.tick))
    return sum(low < tick <= high for tick in pool.ticks)


def cases(pool: UniswapV3Pool, count: int, least: int, most: int) -> list[Case]:
    """Draw trades that cross between ``least`` and ``most`` ticks and do not drain the pool."""
    dice = random.Random(2)
    largest = {down: pool.quoter().ranges(down, 10**40).ins[-1] for down in (True, False)}
    found: list[Case] = []
    while len(found) < count:
        case = bool(len(found) & 1), int(10 ** dice.uniform(15, 23))
        if case[1] < largest[case[0]] and least <= crossed(pool, case) <= most:
            found.append(case)
    return found


def our_quotes(pool: UniswapV3Pool) -> Quotes:
    quoter = pool.quoter()
    return lambda down, amount: quoter.exact_in(down, amount)[1:]


def our_loop(pool: UniswapV3Pool) -> Quotes:
    def quote(down: bool, amount: int) -> tuple[int, int]:
        amount0, amount1, after = pool.swap_to_limit(down, amount, time=START)
        return -(amount1 if down else amount0), after.sqrt_price_x96

    return quote


def degenbot_quotes(pool: UniswapV3Pool) -> Quotes | None:
    """Return degenbot's swap loop on the same state; its constructor wants a live node and is passed by."""
    os.environ["HOME"] = tempfile.mkdtemp()  # It writes a configuration and a database into the home folder.
    try:
        import degenbot
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 - with some SQLAlchemy releases only the second import works
        print(f"degenbot: first import failed ({type(error).__name__}), importing again")
        for name in [name for name in sys.modules if name.split(".")[0] == "degenbot"]:
            del sys.modules[name]
        import degenbot  # noqa: F401
    try:
        from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool as Peer
        from degenbot.uniswap.v3_types import UniswapV3BitmapAtWord, UniswapV3LiquidityAtTick
    except ImportError:
        print("degenbot: not the release of this comparison (see the head of this file), left out")
        return None

    data = {
        index: UniswapV3LiquidityAtTick(
            liquidity_net=tick.liquidity_net, liquidity_gross=tick.liquidity_gross
        )
        for index, tick in pool.ticks.items()
    }
    words = {word: UniswapV3BitmapAtWord(bitmap=bits) for word, bits in pool.tick_bitmap.items()}

    class Same(Peer):
        fee, tick_spacing, sparse_liquidity_map = FEE, SPACING, False
        liquidity = property(lambda _: pool.liquidity)
        sqrt_price_x96 = property(lambda _: pool.sqrt_price_x96)
        tick = property(lambda _: pool.tick)
        tick_bitmap = property(lambda _: words)
        tick_data = property(lambda _: data)

        def __init__(self) -> None:
            self._swap_step_cache: dict[Any, Any] = {}
            self._swap_step_cache_lock = threading.Lock()

    peer = Same()

    def quote(down: bool, amount: int) -> tuple[int, int]:
        amount0, amount1, price, *_ = peer._calculate_swap(
            zero_for_one=down, amount_specified=amount, sqrt_price_limit_x96=default_limit(down)
        )
        return -(amount1 if down else amount0), price

    return quote


# A token whose balances always rise (2**200 less the gas left times 2**100) and whose transfers hold, and
# an account that passes a call on to the address in its first word and accepts any callback. With them
# the real pool takes any mint and any quote without a compiler.
TOKEN = "602536116019575a60641b600160c81b0360005260206000f35b600160005260206000f3"
CALLER = (
    "323314600757005b602036038060206000376000600082600060006000355af13d600060003e602d573d6000fd5b3d6000f3"
)


def creation(runtime: str) -> bytes:
    code = bytes.fromhex(runtime)
    return bytes.fromhex(f"60{len(code):02x}600c60003960{len(code):02x}6000f3") + code


def real_quotes(pool: UniswapV3Pool, npm: Path | None) -> Quotes | None:
    """Return QuoterV2 on the real pool, minted to the same state, in pyrevm."""
    try:
        import pyrevm
        from eth_abi import decode, encode
        from eth_utils import keccak
    except ImportError:
        return None
    if npm is None:
        return None

    def artefact(path: str) -> bytes:
        file = npm / "node_modules" / "@uniswap" / path
        return bytes.fromhex(json.loads(file.read_text())["bytecode"].removeprefix("0x"))

    evm = pyrevm.EVM()
    me = "0x" + "11" * 20
    evm.set_balance(me, 10**24)
    evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=START))

    def call(to: str, signature: str, *arguments: Any) -> bytes:
        types = signature[signature.index("(") + 1 : -1].split(",")
        data = keccak(text=signature)[:4] + (encode(types, arguments) if arguments else b"")
        return bytes(evm.message_call(me, to, calldata=data))

    factory = evm.deploy(
        me, artefact("v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json")
    )
    token0, token1 = sorted(
        (evm.deploy(me, creation(TOKEN)) for _ in range(2)), key=lambda address: int(address, 16)
    )
    made = call(factory, "createPool(address,address,uint24)", token0, token1, FEE)
    real = decode(["address"], made)[0]
    call(real, "initialize(uint160)", FIRST_PRICE)
    caller = evm.deploy(me, creation(CALLER))
    for lower, upper, liquidity in ranges():
        mint = keccak(text="mint(address,int24,int24,uint128,bytes)")[:4] + encode(
            ["address", "int24", "int24", "uint128", "bytes"], [caller, lower, upper, liquidity, b""]
        )
        evm.message_call(me, caller, calldata=bytes.fromhex(f"{int(real, 16):064x}") + mint)
    if decode(["uint128"], call(real, "liquidity()"))[0] != pool.liquidity:
        raise SystemExit("the real pool did not take the positions")
    quoter = evm.deploy(
        me,
        artefact("v3-periphery/artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json")
        + encode(["address", "address"], [factory, token0]),
    )
    selector = keccak(text="quoteExactInputSingle((address,address,uint256,uint24,uint160))")[:4]
    pairs = {True: (token0, token1), False: (token1, token0)}
    heads = {
        down: selector + b"".join(bytes.fromhex(f"{int(token, 16):064x}") for token in pair)
        for down, pair in pairs.items()
    }
    tail = FEE.to_bytes(32, "big") + bytes(32)

    def quote(down: bool, amount: int) -> tuple[int, int]:
        answer = evm.message_call(me, quoter, calldata=heads[down] + amount.to_bytes(32, "big") + tail)
        return int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:64], "big")

    return quote


def best(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the best seconds of each job; the rounds are interleaved so that all see the same machine."""
    seconds = dict.fromkeys(jobs, float("inf"))
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def job(quote: Quotes, asked: list[Case]) -> Callable[[], object]:
    return lambda: [quote(down, amount) for down, amount in asked]


def compare_exact(pool: UniswapV3Pool, npm: Path | None, rounds: int) -> bool:
    ours, good = our_quotes(pool), True
    peers = {"degenbot": degenbot_quotes(pool), "real pool in pyrevm": real_quotes(pool, npm)}
    for name, quotes in peers.items():
        if quotes is None:
            print(f"{name}: not available here, left out")
    known: dict[str, Quotes] = {"own swap loop": our_loop(pool)}
    known |= {name: quotes for name, quotes in peers.items() if quotes is not None}
    for title, count, least, most, goal_library, goal_real in CLASSES:
        asked = cases(pool, count, least, most)
        for name, quotes in known.items():
            wrong = sum(quotes(*case) != ours(*case) for case in asked)
            print(f"{title}: {count} quotes against {name}: {wrong} differ")
            good &= wrong == 0
        jobs = {"ours": job(ours, asked)} | {name: job(quotes, asked) for name, quotes in known.items()}
        seconds = best(jobs, rounds)
        print(f"{title}: ours {seconds['ours'] / count * 1e6:.2f} us a quote")
        goals = {"degenbot": goal_library, "real pool in pyrevm": goal_real}
        for name in known:
            ratio, goal = seconds[name] / seconds["ours"], goals.get(name)
            verdict = "" if goal is None else f", goal {goal}: {'met' if ratio >= goal else 'MISSED'}"
            print(f"{title}: {name} / ours = {ratio:.1f}{verdict}")
    return good


def compare_arrays(pool: UniswapV3Pool, rounds: int) -> bool:
    quoter, dice, count = pool.quoter(), random.Random(3), 20_000
    largest = quoter.ranges(True, 10**40).ins[-1]
    amounts = [int(10 ** dice.uniform(15, 22)) for _ in range(count)]
    amounts = [amount for amount in amounts if amount < largest]
    many = np.array(amounts * 10, dtype=np.float64)
    ladder = LadderArrays.from_pool(pool, True, largest)
    out = ladder.amount_out(many)
    bound = ladder.bound(many, out)
    exact = [quoter.exact_in(True, amount)[1] for amount in amounts]
    figures = zip(exact, out.tolist(), bound.tolist(), strict=False)
    worst = max(abs(true - int(got)) / most for true, got, most in figures)
    errors = [abs(true - int(got)) / true for true, got in zip(exact, out.tolist(), strict=False) if true]
    print(f"arrays: largest error {worst:.3f} of its bound, {max(errors):.1e} relative")
    seconds = best(
        {
            "exact": lambda: [quoter.exact_in(True, amount) for amount in amounts],
            "loop": lambda: [pool.swap_to_limit(True, amount, time=START) for amount in amounts[:500]],
            "array": lambda: ladder.amount_out(many),
        },
        rounds,
    )
    array = seconds["array"] / len(many)
    print(f"arrays: {array * 1e9:.0f} ns a quote over {len(ladder.liquidity)} ranges")
    print(f"arrays: exact quoter / array = {seconds['exact'] / len(amounts) / array:.0f}")
    loop = seconds["loop"] / 500 / array
    print(f"arrays: exact swap loop / array = {loop:.0f}, goal {ARRAY_GOAL}: {_met(loop, ARRAY_GOAL)}")
    return worst <= 1


def compare_ranges(pool: UniswapV3Pool, rounds: int) -> bool:
    """Compare trades that stay in range, over many pools: where the array form is meant to screen."""
    dice = random.Random(4)
    pools = [pool]
    while len(pools) < 2000:
        pools.append(
            pools[-1].swap_to_limit(bool(len(pools) & 1), 10**18 + dice.randrange(10**18), time=START)[2]
        )
    ranges = RangeArrays.from_pools(pools)
    shares = np.random.default_rng(5).uniform(0.01, 0.99, (20, len(pools)))
    amounts = np.floor(ranges.capacity_in(True) * shares)
    out = ranges.amount_out(True, amounts)
    bound = ranges.bound(True, out)
    asked = [(one, int(amount)) for one, amount in zip(pools, amounts[0].tolist(), strict=True) if amount]
    exact = [one.quoter().exact_in(True, amount)[1] for one, amount in asked]
    worst = max(
        abs(true - int(got)) / most
        for true, got, most in zip(
            exact, out[0][amounts[0] > 0].tolist(), bound[0][amounts[0] > 0].tolist(), strict=True
        )
    )
    print(f"in range, {len(pools)} pools: largest error {worst:.3f} of its bound")
    seconds = best(
        {
            "exact": lambda: [one.quoter().exact_in(True, amount) for one, amount in asked],
            "first": lambda: [Quoter(one).exact_in(True, amount) for one, amount in asked],
            "array": lambda: ranges.amount_out(True, amounts),
        },
        rounds,
    )
    array = seconds["array"] / amounts.size
    print(f"in range: {array * 1e9:.1f} ns a quote")
    for name, title in (("exact", "exact quote of a known state"), ("first", "first exact quote of a state")):
        ratio = seconds[name] / len(asked) / array
        print(f"in range: {title} / array = {ratio:.0f}, goal {ARRAY_GOAL}: {_met(ratio, ARRAY_GOAL)}")
    return worst <= 1


def _met(ratio: float, goal: float) -> str:
    return "met" if ratio >= goal else "MISSED"


def compare_full_ring(pool: UniswapV3Pool, rounds: int) -> bool:
    ring = ObservationRing.initialised(START).grow(65_535)
    for second in range(1, 65_600):
        ring = ring.write(START + second, FIRST_TICK, pool.liquidity)
    full, later = replace(pool, observations=ring), START + 10**6
    slots = tuple(ring)
    seconds = best(
        {
            "small": lambda: [pool.swap_to_limit(True, 10**19, time=later) for _ in range(300)],
            "full": lambda: [full.swap_to_limit(True, 10**19, time=later) for _ in range(300)],
            "copy": lambda: [(*slots[:100], slots[0], *slots[101:]) for _ in range(300)],
        },
        rounds,
    )
    print(f"a swap that writes: {seconds['small'] / 300 * 1e6:.0f} us with one observation")
    print(f"a swap that writes: {seconds['full'] / 300 * 1e6:.0f} us with 65,535 observations")
    print(f"copying 65,535 observations instead: {seconds['copy'] / 300 * 1e6:.0f} us")
    after = full.swap_to_limit(True, 10**19, time=later)[2].observations
    return after.newest.time == later and ring.newest.time != later


def main() -> int:
    parser = argparse.ArgumentParser(description="Uniswap V3 quotes beside their peers.")
    parser.add_argument("--npm", type=Path, help="folder in which the npm packages are installed")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pool = build()
    print(f"pool: {len(pool.ticks)} initialised ticks, fee {FEE / 10_000} %")
    checked = [
        compare_exact(pool, options.npm, options.rounds),
        compare_arrays(pool, options.rounds),
        compare_ranges(pool, options.rounds),
        compare_full_ring(pool, options.rounds),
    ]
    return 0 if all(checked) else 1


if __name__ == "__main__":
    sys.exit(main())
