"""Moving a time-weighted average block by block, through exact pools, while others trade them back.

In every block arbitrageurs first bring the pool to the outside price, which follows a random path; an
attacker who has the end of the block then pushes it away. What he pays and what he holds is valued at the
outside price of his block, so the rest of the loss is what the arbitrageurs of the next block earn.

Published: Mackinga, Nadahalli, Wattenhofer, "TWAP Oracle Attacks" (ePrint 2022/445), table I and results;
Bentley, "Manipulating Uniswap v3 TWAP Oracles" (2021); Adams, Wan, Zinsmeister, "Uniswap v3 TWAP Oracles in
Proof of Stake" (SSRN 4384409).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isqrt, log, sqrt

from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.oracle_library import consult
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick
from scenarios.markets.describe import market_seed
from scenarios.markets.jump_diffusion import JumpDiffusion
from scenarios.markets.market import paths
from scenarios.studies.row import Row, exact_row, row_of

BLOCK = 12
START = 1_700_000_000
UNIT = 10**18
Q96 = 1 << 96
VOLATILITY = 0.8


@dataclass(frozen=True, slots=True)
class Attacked:
    """One path: what the attack cost in quote, and the average it reached over the mean outside price."""

    loss: float
    reached: float
    capital: float


def outside_paths(runs: int, blocks: int, volatility: float, master: int = 1) -> list[list[float]]:
    """Return outside prices after each block, by run; one at the start."""
    market = JumpDiffusion(("BASE",), (1.0,), [0.0], [volatility], float(BLOCK))
    drawn = paths(market, market_seed(master, market), range(runs), blocks, fast=False).prices
    return [[float(price) for price in drawn[:, 0, run]] for run in range(runs)]


def push_pair(pair: UniswapV2Pair, price: float, time: int) -> tuple[UniswapV2Pair, int, int]:
    """Trade a pair without fee to a price of BASE in QUOTE; return it with BASE and QUOTE that came out."""
    wanted = isqrt(int(pair.reserve0 * pair.reserve1 * price * UNIT) // UNIT)
    more = wanted - pair.reserve1
    if more > 0:
        trade, after = pair.swap("QUOTE", "BASE", more, time=time)
        return after, trade.amount_out, -trade.amount_in
    base = pair.reserve0 * pair.reserve1 // wanted - pair.reserve0 if more else 0
    if base <= 0:
        return pair, 0, 0
    trade, after = pair.swap("BASE", "QUOTE", base, time=time)
    return after, -trade.amount_in, trade.amount_out


def attack_pair(outside: list[float], quote: float, factors: Mapping[int, float]) -> Attacked:
    """Run a window of blocks on an exact pair.

    Parameters
    ----------
    quote
        Quote in the pool at the start.
    factors
        Multiple of the outside price to which the attacker pushes, by block.
    """
    held = int(quote) * UNIT
    pair = UniswapV2Pair("BASE", "QUOTE", held, held, keep=1000, time_last=START)
    begin, loss, capital = pair.price0_cumulative, 0.0, 0.0
    for block, price in enumerate(outside):
        time = START + block * BLOCK
        pair, _, _ = push_pair(pair, price, time)
        if block in factors:
            pair, base, quote_out = push_pair(pair, price * factors[block], time)
            loss -= (quote_out + base * price) / UNIT
            capital = max(capital, -quote_out / UNIT)
    seen = pair.accumulate(START + len(outside) * BLOCK)
    average = (seen.price0_cumulative - begin) / 2**112 / (len(outside) * BLOCK)
    return Attacked(loss, average / (sum(outside) / len(outside)), capital)


def mackinga(runs: int) -> Iterator[Row]:
    """Yield table I and the results section: a 1 million pool, 135 blocks, one or all of them attacked."""
    blocks, quote = 135, 1e6
    drawn = outside_paths(runs, blocks, VOLATILITY)
    cases = [
        ("+50 %, one block attacked", 0.5, 1, 6.4e6),
        ("+100 %, one block attacked", 1.0, 1, 9.75e6),
        ("+100 %, every block attacked", 1.0, blocks, 16.2e6),
    ]
    for name, move, attacked, published in cases:
        first = blocks // 2 if attacked == 1 else 0
        factors = dict.fromkeys(range(first, first + attacked), 1 + blocks * move / attacked)
        found = [attack_pair(outside, quote, factors) for outside in drawn]
        note = "16,378,246 exactly; the text rounds down" if attacked > 1 else ""
        losses = [each.loss for each in found]
        yield row_of(f"{name}: loss", "USD", published, losses, within=0.015, note=note)
        reached = [each.reached for each in found]
        yield row_of(f"{name}: average over outside", "times", 1 + move, reached, within=0.01)
    capital = attack_pair([1.0] * blocks, quote, {60: 1.0 + blocks}).capital
    yield exact_row("+100 %, one block attacked: capital", "USD", 10_661_904, capital, within=1e-6)


def full_range(units: int, fee: int = 0) -> UniswapV3Pool:
    """Return a V3 pool with a price of 1 and equal amounts over all prices: x * y = k with an oracle."""
    pool = UniswapV3Pool.create("BASE", "QUOTE", fee, 60)
    pool = pool.initialise(Q96, time=START - BLOCK).increase_observation_cardinality_next(400)
    return pool.mint("lp", -887_220, 887_220, units * UNIT, time=START - BLOCK)[-1]


def push_pool(pool: UniswapV3Pool, sqrt_price: int, time: int) -> tuple[UniswapV3Pool, int, int]:
    """Trade a V3 pool to a square root price; return it with token 0 and token 1 that came out."""
    if sqrt_price == pool.sqrt_price_x96:
        return pool, 0, 0
    down = sqrt_price < pool.sqrt_price_x96
    amount0, amount1, after = pool.swap_to_limit(down, 1 << 200, sqrt_price, time=time)
    return after, -amount0, -amount1


def attack_pool(outside: list[float], units: int, factors: Mapping[int, float]) -> Attacked:
    """Run a window of blocks on an exact V3 pool, read by its own oracle (the geometric mean)."""
    pool, loss, capital = full_range(units), 0.0, 0.0
    for block, price in enumerate(outside):
        time = START + block * BLOCK
        pool, _, _ = push_pool(pool, int(sqrt(price) * Q96), time)
        if block in factors:
            pool, base, quote = push_pool(pool, int(sqrt(price * factors[block]) * Q96), time)
            loss -= (quote + base * price) / UNIT
            capital = max(capital, -quote / UNIT)
    seconds = len(outside) * BLOCK
    tick, _ = consult(pool, seconds, time=START + seconds)
    fair = sum(log(price) for price in outside) / len(outside)
    return Attacked(loss, 1.0001**tick / 2.718281828459045**fair, capital)


def bentley(runs: int) -> Iterator[Row]:
    """Yield the example: 50,000 a side, 144 blocks, the last 10 attacked, the mean to rise by 35 %."""
    blocks, attacked = 144, 10
    factor = 1.35 ** (blocks / attacked)
    factors = dict.fromkeys(range(blocks - attacked, blocks), factor)
    drawn = outside_paths(runs, blocks, VOLATILITY, master=2)
    found = [attack_pool(outside, 50_000, factors) for outside in drawn]
    yield row_of("+35 %, 10 of 144 blocks: loss", "USD", 3_396_454, [f.loss for f in found], within=0.015)
    yield row_of(
        "+35 %, 10 of 144 blocks: mean over outside", "times", 1.35, [f.reached for f in found], within=0.002
    )
    still = attack_pool([1.0] * blocks, 50_000, factors)
    yield exact_row("the same, outside price standing: loss", "USD", 3_396_454, still.loss, within=1e-5)
    yield exact_row("the same: capital of a block", "USD", 383_884, still.capital, within=1e-5)


def adams() -> Iterator[Row]:
    """Yield the wide position alone: what a proposer of k + 1 slots adds to move the mean by 20 %."""
    for slots, published, within in ((1, 539_458.0, 1e-3), (2, 579.0, 3e-3)):
        paid, reached = _proposer(slots, order=False)
        name = f"+20 % of 150 blocks, wide position, k = {slots}"
        yield exact_row(f"{name}: added", "million USDC", published, paid / 1e6, within=within)
        yield exact_row(f"{name}: mean reached", "times", 1.2, reached, within=3e-4)
    extra = (_proposer(1, order=True)[0] - _proposer(1, order=False)[0]) / 1e6
    yield exact_row("65 WETH offered at ticks 150000..150010: more", "million USDC", 19.9, extra, within=1e-3)


def _proposer(slots: int, *, order: bool) -> tuple[float, float]:
    """Push the paper's pool and hold it for ``slots`` slots; return USDC paid and the mean reached."""
    price, window = 1558.65, 150
    root = isqrt(int(UNIT / (price * 10**6) * 2**40) * 2**152)
    pool = UniswapV3Pool.create("USDC", "WETH", 500, 10).initialise(root, time=START - window * BLOCK)
    pool = pool.increase_observation_cardinality_next(400)
    low, high = sqrt_ratio_at_tick(-100_000), sqrt_ratio_at_tick(500_000)
    from_usdc = 621_000 * 10**6 * (root * high // Q96) // (high - root)
    from_weth = 400 * UNIT * Q96 // (root - low)
    pool = pool.mint("lp", -100_000, 500_000, min(from_usdc, from_weth), time=START - window * BLOCK)[-1]
    if order:
        above, below = sqrt_ratio_at_tick(150_010), sqrt_ratio_at_tick(150_000)
        liquidity = 65 * UNIT * Q96 // (above - below)
        pool = pool.mint("seller", 150_000, 150_010, liquidity, time=START - window * BLOCK)[-1]
    # A rise of USDC per WETH is a fall of the pool's own price.
    ticks = window * log(1.2) / (slots * log(1.0001))
    target = int(root * 1.0001 ** (-ticks / 2))
    time = START - slots * BLOCK
    pushed, usdc, _ = push_pool(pool, target, time)
    tick, _ = consult(pushed, window * BLOCK, time=START)
    fair = 1.0001 ** (-pool.tick)
    return -usdc / 1e6, 1.0001**-tick / fair


def average_prices(runs: int) -> Iterator[Row]:
    """Yield everything."""
    yield from mackinga(runs)
    yield from bentley(runs)
    yield from adams()
