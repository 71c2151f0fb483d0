"""What moving a pool takes, as read from a chain, against pushing the real pool."""

from __future__ import annotations

import json
from fractions import Fraction
from math import isqrt

import pytest

from balancer_twins import WeightedTwins
from chain_world import ChainWorld
from evm_chains import AnvilChain
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, UnusableStateError
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers import depth
from oracles.chain.readers.uniswap_v4 import PoolKey, PoolReference
from oracles.corruption.pools.curve import capital, loss_if_arbitraged
from protocol.fixed_point import WAD
from protocol.venues.curve.stableswap import StableSwapPool
from scenarios.cli.main import main
from twins import Operation
from uniswap_v3_twins import PoolTwins
from uniswap_v4_world import UniswapV4World

pytestmark = pytest.mark.node
FACTOR = 1.01


def _raised(root: int) -> int:
    return isqrt(root * root * 101 // 100)


@pytest.mark.parametrize("ranges", [[(-6000, 6000)], [(-600, 60), (-60, 1200), (-6000, 6000)], [(-60, 120)]])
def test_v3(ranges: list[tuple[int, int]], world: ChainWorld, client: Client) -> None:
    twins = PoolTwins(AnvilChain(world.node))
    assert twins.apply(Operation("initialise", (1 << 96,)))
    for n, (lower, upper) in enumerate(ranges):
        assert twins.apply(Operation("mint", (0, lower, upper, (n + 1) * 10**20, 0, 0)))
    curve = run_plan(LiveReader.open(client), depth.of_uniswap_v3(twins.pool))
    before, price = twins.model, Fraction(twins.model.sqrt_price_x96**2, 1 << 192)
    assert twins.apply(Operation("swap", (0, 1 << 127, _raised(before.sqrt_price_x96), 0)))
    paid = twins.model.balance1 - before.balance1  # the twins hold model and contract equal
    received = before.balance0 - twins.model.balance0
    assert capital(curve, FACTOR) * 10**18 == pytest.approx(paid, rel=1e-9)
    assert loss_if_arbitraged(curve, FACTOR) * 10**18 == pytest.approx(
        float(paid - received * price), rel=1e-6
    )


def test_v4(world: ChainWorld, client: Client) -> None:
    v4 = UniswapV4World(world)
    key = PoolKey(*v4.tokens, fee=3000, tick_spacing=60)
    v4.initialise(key, 3 << 96)
    v4.add(key, -60_000, 60_000, 10**20)
    v4.add(key, 18_000, 22_020, 7 * 10**20)  # ends within the move: the price stands at tick 21 972
    reader = LiveReader.open(client)
    curve = run_plan(reader, depth.of_uniswap_v4(v4.view, PoolReference(key.id(), key)))
    with pytest.raises(UnusableStateError, match="needs its key"):
        run_plan(reader, depth.of_uniswap_v4(v4.view, PoolReference(key.id(), None, (18, 6))))
    paid, received = v4.raise_price(key, _raised(3 << 96))
    places = {18: 6, 6: 18}
    (base_places,) = (d for d in places if curve.price == pytest.approx(9 * 10.0 ** (d - places[d])))
    unit = 10 ** places[base_places]
    assert capital(curve, FACTOR) * unit == pytest.approx(paid, rel=1e-6)
    assert loss_if_arbitraged(curve, FACTOR) * unit == pytest.approx(paid - received * 9, rel=1e-5)


@pytest.mark.parametrize("third", [False, True])
def test_weighted_pool(third: bool, world: ChainWorld) -> None:
    weights = (WAD * 7 // 10, WAD * 3 // 10)
    twins = WeightedTwins(AnvilChain(world.node), weights, (18, 18), 10**12, third=third)
    assert twins.apply(Operation("initialise", (10**24, 2 * 10**24)))
    curve = depth.of_weighted_pool(twins.model, 0, 1)
    before = twins.model
    assert twins.apply(Operation("swap", (1, 0, round(capital(curve, FACTOR) * 10**18))))
    moved = Fraction(twins.model.balances[1], twins.model.balances[0]) / Fraction(
        before.balances[1], before.balances[0]
    )
    assert float(moved) == pytest.approx(FACTOR, rel=1e-6)


@pytest.mark.parametrize("generation", ["3pool", "template"])
def test_stableswap(generation: str) -> None:
    scale = 100 if generation == "template" else 1
    pool = StableSwapPool(
        ("a", "b", "c"),
        (7 * 10**24, 11 * 10**12, 9 * 10**24),
        (1, 10**12, 1),
        300 * scale,
        fee=0,
        admin_fee=0,
        total_supply=27 * 10**24,
        generation=generation,
    )
    curve, fair = depth.of_stableswap(pool), depth.stableswap_price(pool)
    small = pool.quote("a", "b", 10**21)
    assert float(fair) == pytest.approx(small * 10**12 / 10**21, rel=1e-4)
    trade, after = pool.swap("b", "a", round(capital(curve, FACTOR) * 10**6))
    assert float(depth.stableswap_price(after) / fair) == pytest.approx(FACTOR, rel=1e-6)
    lost = trade.amount_in / 10**6 - trade.amount_out / 10**18 * float(fair)
    assert loss_if_arbitraged(curve, FACTOR) == pytest.approx(lost, rel=1e-3)


def test_an_empty_stableswap_pool_has_no_price() -> None:
    pool = StableSwapPool(("a", "b"), (0, 0), (1, 1), 100, fee=0, admin_fee=0, total_supply=0)
    with pytest.raises(ChainError):
        depth.stableswap_price(pool)


def test_watch_shows_the_cost(world: ChainWorld, capsys: pytest.CaptureFixture[str]) -> None:
    twins = PoolTwins(AnvilChain(world.node))
    assert twins.apply(Operation("initialise", (1 << 96,)))
    assert twins.apply(Operation("mint", (0, -6000, 6000, 10**20, 0, 0)))
    words = ["watch", f"uniswap-v3:{twins.pool}", "-r", world.node.url, "--every", "0", "--count", "1"]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["data"]["sources"]
    cost = {name: float(value) for name, value in row["cost_of_1_percent"].items()}
    exact = 100 * (1.01**0.5 - 1) / 0.997  # L * d sqrt(price), and the fee on top
    assert cost["capital"] == pytest.approx(exact, rel=1e-9)
    assert 0 < cost["loss_to_arbitrage"] < cost["loss_unwound"] * 10 < cost["capital"]
    assert main(words) == 0
    assert "1 % takes 0.500" in capsys.readouterr().out
