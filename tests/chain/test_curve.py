"""StableSwap pools read from our own contracts with Curve's interface and roundings."""

from __future__ import annotations

import json

import pytest
from eth_abi import encode

from chain_contracts import code_of
from chain_world import ChainWorld
from contracts_abi.families import curve_stableswap, erc20
from oracles.chain.client import Client
from oracles.chain.errors import UnknownSourceError, UnusableStateError
from oracles.chain.live import sources_of
from oracles.chain.live_view import read_view
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.curve import NATIVE, read_curve_stableswap
from oracles.node import read
from protocol.venues.curve.stableswap import StableSwapPool
from scenarios.cli.main import main
from workbench import call_data

pytestmark = pytest.mark.node
PLACES = (18, 6, 8)
KINDS = {"3pool": (300, False), "template": (30_017, True)}
DY, EXCHANGE = "get_dy(int128,int128,uint256)", "exchange(int128,int128,uint256,uint256)"


def _pool(world: ChainWorld, kind: str) -> str:
    stored, precise = KINDS[kind]
    coins = [world.token(places) for places in PLACES]
    kinds = ["address[]", "uint256", "bool", "uint256", "uint256"]
    pool = world.deploy(code_of("StablePool") + encode(kinds, [coins, stored, precise, 4_000_000, 5 * 10**9]))
    amounts = [(n + 3) * 10 ** (places + 6) + 7 for n, places in enumerate(PLACES)]
    world.send(pool, call_data("set(uint256[],uint256)", amounts, 12 * 10**24))
    return pool


def _asked(world: ChainWorld, pool: str, *trade: int) -> int:
    return int.from_bytes(world.call(pool, call_data(DY, *trade)), "big")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("named", [False, True])
def test_the_next_answers_are_the_contracts(
    kind: str, named: bool, world: ChainWorld, client: Client
) -> None:
    address = _pool(world, kind)
    plan = read_curve_stableswap(address, address, *([kind] if named else []))
    pool = run_plan(LiveReader.open(client), plan)
    assert (pool.generation, pool.amplification) == (kind, KINDS[kind][0])
    for sell, buy, part in ((0, 1, 7), (1, 2, 900), (2, 0, 3), (0, 2, 10**9)):
        amount = pool.balances[sell] // part + part
        coins = pool.coins[sell], pool.coins[buy]
        assert pool.get_dy(*coins, amount) == _asked(world, address, sell, buy, amount)
        _, pool = pool.swap(*coins, amount)
        world.send(address, call_data(EXCHANGE, sell, buy, amount, 0))
        again = run_plan(LiveReader.open(client), read_curve_stableswap(address, address))
        assert pool.balances == again.balances


def test_a_pool_of_another_kind_is_refused(world: ChainWorld, client: Client) -> None:
    address = _pool(world, "3pool")
    with pytest.raises(UnusableStateError, match="none of the template"):
        run_plan(LiveReader.open(client), read_curve_stableswap(address, address, "template"))
    address = _pool(world, "template")
    with pytest.raises(UnusableStateError, match="which no 3pool pool"):
        run_plan(LiveReader.open(client), read_curve_stableswap(address, address, "3pool"))
    world.send(address, call_data("set(uint256[],uint256)", [0, 0, 0], 0))
    with pytest.raises(UnusableStateError, match="is empty"):
        run_plan(LiveReader.open(client), read_curve_stableswap(address, address))
    empty = run_plan(LiveReader.open(client), read_curve_stableswap(address, address, "template"))
    assert empty.balances == (0, 0, 0)


def test_the_chains_own_coin_has_18_decimals(world: ChainWorld, client: Client) -> None:
    pool, token = world.canned(), world.token(18)
    for number, coin in enumerate((NATIVE, token)):
        world.teach(pool, curve_stableswap.COINS.call(number), encode(["address"], [coin]))
        world.teach(pool, curve_stableswap.BALANCES.call(number), encode(["uint256"], [0]))
    figures = (curve_stableswap.A, curve_stableswap.FEE, curve_stableswap.ADMIN_FEE, erc20.TOTAL_SUPPLY)
    for function in figures:
        world.teach(pool, function.call(), encode(["uint256"], [100]))
    model = run_plan(LiveReader.open(client), read_curve_stableswap(pool, pool, "3pool"))
    assert (model.coins, model.precisions) == ((NATIVE, token), (1, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_price_and_commands(
    kind: str, world: ChainWorld, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    address = _pool(world, kind)
    text = f"curve:{address}:{address}"
    live = read_view(LiveReader.open(client), sources_of(1, text))
    assert not live.failures
    price = float(read(live.nodes[text], live.view).price)
    small = 10**18
    bought = _asked(world, address, 0, 1, small) / 10**6
    assert bought == pytest.approx(price * (1 - 4e-4), rel=1e-5)
    words = ["watch", text, "-r", world.node.url, "--every", "0", "--count", "1", "--json"]
    capsys.readouterr()
    assert main(words) == 0
    (row,) = json.loads(capsys.readouterr().out)["data"]["sources"]
    paid = round(float(row["cost_of_1_percent"]["capital"]) * 10**6)
    world.send(address, call_data(EXCHANGE, 1, 0, paid, 0))
    after = read_view(LiveReader.open(client), sources_of(1, text))
    raised = float(read(after.nodes[text], after.view).price)
    assert raised / price == pytest.approx(1.01, rel=2e-4)
    assert main(["snapshot", "curve", address, address, "-r", world.node.url, "--json"]) == 0
    state = json.loads(capsys.readouterr().out)["data"]["venues"][address]["state"]
    pool = StableSwapPool.from_state(state)
    assert pool.get_dy(*pool.coins[:2], 10**18) == _asked(world, address, 0, 1, 10**18)


@pytest.mark.parametrize("text", ["curve:0x12", "curve:" + NATIVE, f"curve:{NATIVE}:{NATIVE}:new"])
def test_bad_names(text: str) -> None:
    with pytest.raises(UnknownSourceError):
        sources_of(1, text)
