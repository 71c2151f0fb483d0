"""Uniswap V4 pools read from the real PoolManager, StateView and PositionManager."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction

import pytest
from eth_abi import decode

from chain_world import ChainWorld
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, UnknownSourceError, UnusableStateError
from oracles.chain.live import sources_of
from oracles.chain.live_view import read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.uniswap_v4 import NATIVE, PoolKey, PoolReference, parse_pool, read_uniswap_v4
from oracles.chain.readers.uniswap_v4_venue import read_uniswap_v4_venue
from oracles.node import read
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from scenarios.cli.main import main
from uniswap_v4_world import UniswapV4World
from workbench import call_data

pytestmark = pytest.mark.node
START = 3 << 96
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
MAINNET_POOL = "21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27"


@pytest.fixture
def v4(world: ChainWorld) -> UniswapV4World:
    return UniswapV4World(world)


@pytest.fixture
def pool(v4: UniswapV4World) -> PoolKey:
    """A pool of two tokens with two ranges of liquidity, after a swap."""
    key = PoolKey(*v4.tokens, fee=3000, tick_spacing=60)
    v4.initialise(key, START)
    v4.add(key, -60_000, 60_000, 10**20)
    v4.add(key, 18_000, 24_000, 7 * 10**20)
    v4.sell(key, 10**18 + 7)
    return key


@pytest.fixture
def proven(v4: UniswapV4World, pool: PoolKey) -> Iterator[ProvenReader]:
    v4.world.mine()
    with Client([v4.world.node.url], chain_id=1) as client:
        yield ProvenReader(LiveReader.open(client))


def _direct(v4: UniswapV4World, key: PoolKey) -> tuple[tuple[int, ...], int]:
    pool_id = key.id()
    slot0 = v4.world.call(v4.view, call_data("getSlot0(bytes32)", pool_id))
    liquidity = v4.world.call(v4.view, call_data("getLiquidity(bytes32)", pool_id))
    return decode(["uint160", "int24", "uint24", "uint24"], slot0), decode(["uint128"], liquidity)[0]


def test_the_id_of_a_mainnet_pool_is_its_keys_hash() -> None:
    assert PoolKey(NATIVE, USDC.lower(), 500, 10).id().hex() == MAINNET_POOL
    assert parse_pool(f"{NATIVE}:{USDC}:500:10").id.hex() == MAINNET_POOL
    assert parse_pool(f"0x{MAINNET_POOL}:18:6") == PoolReference(bytes.fromhex(MAINNET_POOL), None, (18, 6))


def test_state_is_the_contracts(v4: UniswapV4World, pool: PoolKey, client: Client) -> None:
    state = run_plan(LiveReader.open(client), read_uniswap_v4(v4.view, PoolReference(pool.id(), pool)))
    (price, tick, protocol_fee, fee), liquidity = _direct(v4, pool)
    assert (state.sqrt_price_x96, state.tick, state.protocol_fee, state.fee) == (
        price,
        tick,
        protocol_fee,
        fee,
    )
    assert (state.liquidity, fee) == (liquidity, 3000)
    assert price < START
    assert liquidity == 8 * 10**20
    places = [decode(["uint8"], v4.world.call(t, call_data("decimals()")))[0] for t in v4.tokens]
    assert state.decimals == tuple(places)


def test_state_is_proven(v4: UniswapV4World, pool: PoolKey, proven: ProvenReader) -> None:
    state = run_plan(proven, read_uniswap_v4(v4.view, PoolReference(pool.id(), pool)))
    (price, *_), liquidity = _direct(v4, pool)
    assert (state.sqrt_price_x96, state.liquidity) == (price, liquidity)
    assert {v4.view, v4.manager} <= set(proven.state.proofs)
    assert proven.state.proofs[v4.manager].slots, "the pool's own slots were proven"


@pytest.mark.parametrize("protocol_fee", [0, 100 << 12 | 100])
def test_the_venue_gives_the_managers_next_answers(
    v4: UniswapV4World, pool: PoolKey, client: Client, protocol_fee: int
) -> None:
    v4.set_protocol_fee(pool, protocol_fee)
    model = _venue(v4, pool, client)
    assert model.fee == (3000 if protocol_fee == 0 else 3100)
    token0, token1 = v4.tokens
    crossed = 0
    for sell, amount in (
        *((token0, 10**18 + 7), (token1, 3 * 10**19 + 1), (token1, 9 * 10**20), (token0, 10**15)),
        *(
            (token0, 5 * 10**20 + 3),
            (token1, 1),
            (token0, 7),
            (token1, 10**21),
            (token0, 10**22),
            (token1, 10**22),
        ),
    ):
        buy = token1 if sell == token0 else token0
        before = [v4.held(token) for token in (sell, buy)]
        quoted = model.quote(sell, buy, amount)
        trade, after = model.swap(sell, buy, amount)
        v4.swap_exact(pool, sell == token0, amount)
        paid, received = v4.held(sell) - before[0], before[1] - v4.held(buy)
        assert (trade.amount_in, trade.amount_out, quoted) == (paid, received, received)
        again = _venue(v4, pool, client)
        for name in ("sqrt_price_x96", "tick", "liquidity", "balance0", "balance1"):
            assert getattr(after, name) == getattr(again, name), name
        crossed += after.liquidity != model.liquidity
        model = again
    assert crossed >= 2


def _venue(v4: UniswapV4World, pool: PoolKey, client: Client) -> UniswapV3Pool:
    reader = LiveReader.open(client)
    reference = PoolReference(pool.id(), pool)
    return run_plan(reader, read_uniswap_v4_venue(v4.manager, v4.view, reference, reader.block.timestamp))


def test_a_hook_in_swaps_is_refused(v4: UniswapV4World, client: Client) -> None:
    hooks = v4.world.canned("0x" + "00" * 19 + "80")
    key = PoolKey(*v4.tokens, fee=3000, tick_spacing=60, hooks=hooks)
    v4.initialise(key, START)
    with pytest.raises(UnusableStateError, match="takes part in swaps"):
        _venue(v4, key, client)


def test_a_snapshot_starts_a_venue(
    v4: UniswapV4World, pool: PoolKey, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"{pool.currency0}:{pool.currency1}:3000:60"
    capsys.readouterr()
    assert main(["snapshot", "uniswap-v4", name, "-r", v4.world.node.url, "--json"]) == 0
    state = json.loads(capsys.readouterr().out)["data"]["venues"][name]["state"]
    assert UniswapV3Pool.from_state(state) == _venue(v4, pool, client)


def test_all_names_give_the_same_price(v4: UniswapV4World, pool: PoolKey, client: Client) -> None:
    places = run_plan(
        LiveReader.open(client), read_uniswap_v4(v4.view, PoolReference(pool.id(), pool))
    ).decimals
    by_key = f"uniswap-v4:{pool.currency0}:{pool.currency1}:3000:60"
    by_id = f"uniswap-v4:0x{pool.id().hex()}:{places[0]}:{places[1]}"
    sources = [source for text in (by_key, by_id) for source in sources_of(1, text)]
    live = read_view(LiveReader.open(client), sources)
    assert not live.failures
    (price, *_), _ = _direct(v4, pool)
    exact = Fraction(price**2, 1 << 192) * Fraction(10) ** (places[0] - places[1])
    for node in live.nodes.values():
        assert 0 <= exact - read(node, live.view).price < Fraction(1, 10**18)


def test_the_key_of_an_id_comes_from_the_position_manager(v4: UniswapV4World, client: Client) -> None:
    key = PoolKey(NATIVE, next(t for t in v4.tokens), 500, 10)
    v4.initialise(key, 1 << 96)
    named = PoolReference(key.id())
    with pytest.raises(UnknownSourceError, match="no key"):
        run_plan(LiveReader.open(client), read_uniswap_v4(v4.view, named, v4.positions))
    v4.mint_with_coin(key, 100, 200, 10**18)
    state = run_plan(LiveReader.open(client), read_uniswap_v4(v4.view, named, v4.positions))
    assert (state.key, state.decimals[0], state.liquidity) == (key, 18, 0)
    with pytest.raises(UnknownSourceError, match="no position manager"):
        run_plan(LiveReader.open(client), read_uniswap_v4(v4.view, named))


def test_a_key_of_another_pool_is_refused(v4: UniswapV4World, client: Client) -> None:
    key = PoolKey(NATIVE, v4.tokens[0], 500, 10)
    v4.initialise(key, 1 << 96)
    liar = v4.world.canned()
    other = encode_key(PoolKey(NATIVE, v4.tokens[1], 500, 10))
    v4.world.teach(liar, call_data("poolKeys(bytes25)", key.id()[:25]), other)
    with pytest.raises(UnusableStateError, match="is not that of"):
        run_plan(LiveReader.open(client), read_uniswap_v4(v4.view, PoolReference(key.id()), liar))


def encode_key(key: PoolKey) -> bytes:
    from eth_abi import encode

    fields = [key.currency0, key.currency1, key.fee, key.tick_spacing, key.hooks]
    return encode(["address", "address", "uint24", "int24", "address"], fields)


def test_an_unknown_pool_is_unusable(v4: UniswapV4World, client: Client) -> None:
    with pytest.raises(UnusableStateError, match="never initialised"):
        run_plan(LiveReader.open(client), read_uniswap_v4(v4.view, PoolReference(b"\1" * 32, None, (18, 18))))


@pytest.mark.parametrize(
    "text",
    [
        *("", "0x12", f"0x{MAINNET_POOL}:18", f"0x{MAINNET_POOL}:18:-1", f"0x{MAINNET_POOL}:18:x"),
        *(f"{USDC}:{NATIVE}:500:10", f"{NATIVE}:{USDC}:{1 << 24}:10", f"{NATIVE}:{USDC}:500"),
    ],
)
def test_bad_names(text: str) -> None:
    with pytest.raises(ChainError) as caught:
        sources_of(1, "uniswap-v4:" + text)
    assert caught.value.exit_code == 2


def test_read_command(
    v4: UniswapV4World, pool: PoolKey, proven: ProvenReader, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"uniswap-v4:{pool.currency0}:{pool.currency1}:3000:60"
    capsys.readouterr()
    assert main(["read", name, "-r", v4.world.node.url, "--verify", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    (price,) = data["prices"]
    assert (price["source"], price["trust"]) == (name, "proven")
    assert float(price["price"]) > 0
