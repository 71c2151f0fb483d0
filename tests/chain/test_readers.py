"""Readers of pools, vaults, stores and protocols: real contracts where they can be had, else taught ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from eth_abi import decode, encode

from aave_world import AaveWorld
from chain_contracts import code_of, place
from chain_world import PYTH_FEED, ChainWorld
from contracts_abi.deployments import addresses
from contracts_abi.entry import Function
from contracts_abi.families import (
    aave_v3,
    api3,
    chainlink_proxy,
    chronicle,
    compound_comet,
    curve_stableswap_ng,
    derive_v2,
    erc20,
    erc4626,
    euler_oracle,
    exchange_rates,
    gmx_v2,
    maker,
    redstone,
    synthetix_oracle_manager,
    synthetix_perps,
    tellor,
    uniswap_v4,
)
from evm_chains import AnvilChain
from oracles.chain.calls import Outcome, call
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, UnusableStateError
from oracles.chain.live import sampled, sources_of
from oracles.chain.live_pools import uniswap_v4_spot, vault
from oracles.chain.live_view import read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers import protocols, stores
from oracles.chain.readers.uniswap_v4 import parse_pool
from oracles.chain.readers.venues import (
    read_uniswap_v2,
    read_uniswap_v3,
    read_vault,
    read_whole_vault,
)
from oracles.node import read
from oracles.sources.sequencer import SequencerUp
from protocol.errors import ZeroAmountError
from protocol.venues.uniswap_v3.oracle_library import consult
from real_vaults import KINDS, RealVault
from twins import Operation
from uniswap_v2_twins import PairTwins
from uniswap_v3_twins import PoolTwins
from workbench import call_data

pytestmark = pytest.mark.node
USER, OTHER, THIRD = ("0x" + digit * 40 for digit in "123")


def teach(
    world: ChainWorld, contract: str, function: Function, answer: list[Any], *arguments: object
) -> None:
    kinds = [part.text for part in function.outputs]
    world.teach(contract, function.call(*arguments), encode(kinds, answer))


def test_v2_pair_gives_the_contracts_next_answers(world: ChainWorld, client: Client) -> None:
    twins = PairTwins(AnvilChain(world.node))
    for operation in (
        Operation("fee", (1,)),
        Operation("mint", (10**20, 3 * 10**20)),
        Operation("wait", (100,)),
        Operation("swap", (0, 10**18)),
        Operation("donate", (7, 9)),
    ):
        twins.apply(operation)
    pair = twins.pair
    model = run_plan(LiveReader.open(client), read_uniswap_v2(pair))
    mine, real = model.to_state(), twins.model.to_state()
    for name in mine:
        if name not in {"token0", "token1", "fee_shares"}:
            assert mine[name] == real[name], name
    assert model.quote(model.token0, model.token1, 10**15) == twins.model.quote(
        twins.model.token0, twins.model.token1, 10**15
    )


def test_v3_pool_is_read_whole(world: ChainWorld, client: Client) -> None:
    twins = PoolTwins(AnvilChain(world.node))
    for operation in (
        Operation("initialise", (1 << 96,)),
        Operation("mint", (0, -600, 600, 10**20, 0, 0)),
        Operation("mint", (1, -6000, 3000, 10**19, 0, 0)),
        Operation("wait", (60,)),
        Operation("swap", (1, 10**17, 4295128740, 0)),
        Operation("grow", (5,)),
        Operation("wait", (60,)),
        Operation("swap", (0, 10**18, (1 << 96) * 2, 0)),
    ):
        twins.apply(operation)
    pool = run_plan(LiveReader.open(client), read_uniswap_v3(twins.pool))
    mine, real = pool.to_state(), twins.model.to_state()
    for name in mine:
        if name not in {"token0", "token1", "positions"}:
            assert mine[name] == real[name], name
    assert pool.quote(pool.token0, pool.token1, 10**16) == twins.model.quote("token0", "token1", 10**16)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("assets", "shares"), [(0, 0), (7, 0), (10**18, 10**18), (5 * 10**24 + 7, 3 * 10**24)]
)
def test_vault_finds_its_conversion(
    kind: str, world: ChainWorld, client: Client, assets: int, shares: int
) -> None:
    real = RealVault(world, kind)
    real.fill(assets, shares)
    model = run_plan(LiveReader.open(client), read_whole_vault(real.address))
    assert (model.total_assets, model.total_supply, model.asset) == (assets, shares, real.token)
    assert model.refuse_nothing is (kind == "solmate")
    assert model.virtual_shares == (0 if KINDS[kind] is None else 10 ** KINDS[kind])
    share = 10 ** real.figure("decimals()")
    for amount in (0, 1, share, 123_456_789_012_345_678_901):
        for question, answer in (
            ("convertToAssets", model.to_assets_down),
            ("convertToShares", model.to_shares_down),
            ("previewDeposit", model.to_shares_down),
            ("previewMint", model.to_assets_up),
            ("previewWithdraw", model.to_shares_up),
            ("previewRedeem", model.to_assets_down),
        ):
            assert answer(amount) == real.figure(f"{question}(uint256)", amount), question
    live = read_view(LiveReader.open(client), [vault("v", real.address)])
    assert read(live.nodes["v"], live.view).value == model.to_assets_down(share)


@pytest.mark.parametrize("kind", KINDS)
def test_a_vaults_next_states_are_the_contracts(kind: str, world: ChainWorld, client: Client) -> None:
    real = RealVault(world, kind, decimals=6)
    real.do("deposit", 10**9)
    real.donate(123_456_789)
    model = run_plan(LiveReader.open(client), read_whole_vault(real.address))
    steps = [
        ("deposit", 7_654_321),
        ("mint", 987_654_321),
        ("donate", 55_555),
        ("withdraw", 1_000_003),
        ("redeem", 7_000_001),
        ("deposit", 1),
    ]
    refused = 0
    for action, amount in steps:
        try:
            after = getattr(model, action)(amount)
        except ZeroAmountError:
            assert "ZERO_SHARES" in real.refusal(action, amount)
            refused += 1
            continue
        (real.donate if action == "donate" else partial(real.do, action))(amount)
        model = after if action == "donate" else after[1]
        figures = real.figure("totalAssets()"), real.figure("totalSupply()")
        assert (model.total_assets, model.total_supply) == figures, action
    assert refused == (kind == "solmate")
    again = run_plan(LiveReader.open(client), read_whole_vault(real.address))
    assert again == model


def test_vault_of_an_unknown_rule_is_refused(world: ChainWorld, client: Client) -> None:
    token, address = world.token(), world.canned()
    teach(world, address, erc4626.ASSET, [token])
    teach(world, address, erc4626.TOTAL_ASSETS, [10**18])
    teach(world, address, erc4626.TOTAL_SUPPLY, [10**18])
    teach(world, address, erc20.DECIMALS, [18])
    for shares in (10**18, 7 * 10**18 + 3):
        teach(world, address, erc4626.CONVERT_TO_ASSETS, [2 * shares], shares)
    with pytest.raises(UnusableStateError, match="no known rule"):
        run_plan(LiveReader.open(client), read_vault(address))


def test_price_stores(world: ChainWorld, client: Client) -> None:
    contract, now = world.canned(), world.now
    teach(world, contract, api3.READ, [7 * 10**18, now])
    teach(world, contract, chronicle.READ_WITH_AGE, [8 * 10**18, now - 5])
    teach(world, contract, chronicle.BAR, [13])
    teach(world, contract, maker.PEEK, [(9 * 10**18).to_bytes(32, "big"), True])
    teach(world, contract, maker.PEEP, [(10**19).to_bytes(32, "big"), True])
    teach(world, contract, maker.HOP, [3600])
    teach(world, contract, maker.ZZZ, [now - 60])
    teach(world, contract, redstone.LATEST_ROUND_DATA, [1, 11 * 10**8, now, now, 1])
    teach(world, contract, redstone.DECIMALS, [8])
    teach(world, contract, exchange_rates.GET_RATE, [12 * 10**17])
    node_id = b"\x05" * 32
    teach(world, contract, synthetix_oracle_manager.PROCESS, [(13 * 10**18, now, 0, 0)], node_id)
    reader = LiveReader.open(client)
    block = reader.block
    assert run_plan(reader, stores.read_api3("a", contract, block)).value == 7 * 10**18
    scribe = run_plan(reader, stores.read_chronicle("c", contract, block))
    assert (scribe.stored.value, scribe.stored.age, scribe.bar) == (8 * 10**18, now - 5, 13)
    osm = run_plan(reader, stores.read_osm("o", contract, block))
    assert (osm.current.value, osm.following.value, osm.poked_at) == (9 * 10**18, 10**19, now - 60)
    assert run_plan(reader, stores.read_redstone("r", contract, block)).value == 11 * 10**8
    rate = run_plan(reader, stores.read_rate("w", contract, stores.RATES["weETH"], block))
    assert (rate.value, rate.decimals) == (12 * 10**17, 18)
    sample = run_plan(reader, stores.read_synthetix_node("s", contract, "0x" + node_id.hex(), block))
    assert sample.value == 13 * 10**18
    for bad in ([0, now], [-1, now], [5, 0], [5, now + 10_000]):
        teach(world, contract, api3.READ, bad)
        reader = LiveReader.open(client)
        with pytest.raises(UnusableStateError):
            run_plan(reader, stores.read_api3("a", contract, reader.block))


def test_tellor_gives_the_report_before_a_time(world: ChainWorld, client: Client) -> None:
    contract, query = world.canned(), b"\x01" * 32
    block = LiveReader.open(client).block
    answer = [True, (5 * 10**18).to_bytes(32, "big"), block.timestamp - 1200]
    world.rpc("evm_setAutomine", True)
    teach(world, contract, tellor.GET_DATA_BEFORE, answer, query, block.timestamp - 900)
    reader = LiveReader.open(client)
    delay = 900 + reader.block.timestamp - block.timestamp
    reports = run_plan(reader, stores.read_tellor("t", contract, "0x" + query.hex(), delay, reader.block))
    assert reports.reports == ((block.timestamp - 1200, 5 * 10**18),)


def test_sequencer_feed_guards_a_price(
    world: ChainWorld, client: Client, record_property: Callable[[str, object], None]
) -> None:
    feed, now = world.canned(), world.now
    for answer, started, fine in (
        (0, now - 10_000, True),
        (1, now - 5, False),
        (0, now - 5, False),
        (0, 0, False),
    ):
        teach(world, feed, chainlink_proxy.LATEST_ROUND_DATA, [1, answer, started, now, 1])
        reader = LiveReader.open(client)
        live = read_view(reader, sources_of(1, "ETH/USD")[:1])
        uptime = run_plan(reader, stores.read_sequencer("L2", feed))
        view = type(live.view)(
            live.view.time, live.view.block, feeds=live.view.feeds, memory={**live.view.memory, "up": uptime}
        )
        guarded = SequencerUp(uptime="up", grace=3600, parents=(live.nodes["chainlink ETH/USD"],))
        assert read(guarded, view).ok is fine
        record_property("chain fault", "right" if fine else "refused")
    teach(world, feed, chainlink_proxy.LATEST_ROUND_DATA, [1, 2, now, now, 1])
    with pytest.raises(UnusableStateError):
        run_plan(LiveReader.open(client), stores.read_sequencer("L2", feed))
    silent = world.canned()
    assert not run_plan(LiveReader.open(client), stores.read_sequencer("L2", silent)).initialised


def test_all_known_sources_of_a_pair(world: ChainWorld, client: Client) -> None:
    pyth = addresses(1, "pyth")[""]
    place(world.rpc, world.account, pyth, code_of("MockPyth") + encode(["uint256", "uint256"], [60, 0]))
    question = call_data(
        "createPriceFeedUpdateData(bytes32,int64,uint64,int32,int64,uint64,uint64,uint64)",
        *(bytes.fromhex(PYTH_FEED[2:]), 10_050_000_000, 5_000_000, -8, 1, 1, world.now, world.now - 1),
    )
    (update,) = decode(["bytes"], world.call(pyth, question))
    world.send(pyth, call_data("updatePriceFeeds(bytes[])", [update]))
    live = read_view(LiveReader.open(client), sources_of(1, "ETH/USD"))
    prices = {name: read(node, live.view).price for name, node in live.nodes.items()}
    assert prices == {"chainlink ETH/USD": 100, "pyth ETH/USD": 100.5}
    assert all(name.startswith("chainlink") and "SVR" in name for name in live.failures)


BAD_QUOTES = [
    *("uniswap-v3-twap:0x12:60", f"uniswap-v3-twap:{USER}", f"uniswap-v3-twap:{USER}:0"),
    *(f"uniswap-v3-twap:{USER}:4294967296", f"curve-ema:{USER}:8", f"curve-ema:{USER}:-1"),
    *(f"euler:{USER}:{OTHER}", f"capo:{USER}:1", "capo:0x" + "zz" * 20),
]


@pytest.mark.parametrize(
    "text",
    ["NO/PAIR", "nothing:0x" + "1" * 40, "chainlink:0x12", "rate:DOGE", "pyth:0x11", "vault:", *BAD_QUOTES],
)
def test_unknown_sources_are_named(text: str) -> None:
    with pytest.raises(ChainError) as caught:
        sources_of(1, text)
    assert caught.value.exit_code == 2


def test_spot_prices_of_pools(world: ChainWorld, client: Client) -> None:
    pool = PoolTwins(AnvilChain(world.node))
    pool.apply(Operation("initialise", (3 << 96,)))  # the square root of 9
    manager, pool_id = world.canned(), b"\x21" * 32
    teach(world, manager, uniswap_v4.GET_SLOT0, [3 << 96, 0, 0, 0], pool_id)
    teach(world, manager, uniswap_v4.GET_LIQUIDITY, [10**18], pool_id)
    sources = [
        *sources_of(1, f"uniswap-v3:{pool.pool}"),
        uniswap_v4_spot("v4", manager, parse_pool(f"0x{pool_id.hex()}:18:6")),
    ]
    live = read_view(LiveReader.open(client), sources)
    assert not live.failures
    assert [read(node, live.view).price for node in live.nodes.values()] == [9, 9 * 10**12]
    teach(world, manager, uniswap_v4.GET_SLOT0, [0, 0, 0, 0], pool_id)
    empty = read_view(LiveReader.open(client), sources[1:])
    assert isinstance(empty.failures["v4"], UnusableStateError)


def test_a_mean_price_is_the_pools_own(world: ChainWorld, client: Client) -> None:
    twins = PoolTwins(AnvilChain(world.node))
    for operation in (
        Operation("initialise", (3 << 96,)),
        Operation("grow", (20,)),
        Operation("mint", (0, 18_000, 24_000, 10**20, 0, 0)),
        Operation("wait", (60,)),
        Operation("swap", (1, 10**19, (1 << 96) * 28 // 10, 0)),
        Operation("wait", (300,)),
        Operation("swap", (0, 10**18, (1 << 96) * 9, 0)),
        Operation("wait", (60,)),
        Operation("swap", (0, 10**18, (1 << 96) * 9, 0)),
    ):
        twins.apply(operation)
    reader = LiveReader.open(client)
    for window in (1, 59, 301, 400):
        (source,) = sources_of(1, f"uniswap-v3-twap:{twins.pool}:{window}")
        live = read_view(reader, [source])
        assert not live.failures, live.failures
        kinds = ["int56[]", "uint160[]"]
        answer = world.call(twins.pool, call_data("observe(uint32[])", [window, 0]))
        before, now = decode(kinds, answer)[0]
        tick, _ = consult(twins.model, window, time=reader.block.timestamp)
        assert tick == (now - before) // window
        price = float(read(live.nodes[source.name], live.view).price)
        assert price == pytest.approx(1.0001**tick, rel=1e-9)
    live = read_view(reader, sources_of(1, f"uniswap-v3-twap:{twins.pool}:100000"))
    assert "OLD" in str(next(iter(live.failures.values())))


def test_quotes_of_adapters(world: ChainWorld, client: Client) -> None:
    contract, base, quote = world.canned(), world.token(18), world.token(6)
    teach(world, contract, euler_oracle.GET_QUOTE, [2_500_123_456], 10**18, base, quote)
    teach(world, contract, chainlink_proxy.LATEST_ANSWER, [99_990_000])
    teach(world, contract, chainlink_proxy.DECIMALS, [8])
    teach(world, contract, curve_stableswap_ng.PRICE_ORACLE, [1_001 * 10**15], 0)
    teach(world, contract, curve_stableswap_ng.PRICE_ORACLE, [0], 1)
    names = {
        f"euler:{contract}:{base}:{quote}": Fraction("2500.123456"),
        f"capo:{contract}": Fraction("0.9999"),
        f"curve-ema:{contract}": Fraction("1.001"),
    }
    live = read_view(LiveReader.open(client), [s for name in names for s in sources_of(1, name)])
    assert {name: read(node, live.view).price for name, node in live.nodes.items()} == names
    empty = read_view(LiveReader.open(client), sources_of(1, f"curve-ema:{contract}:1"))
    assert isinstance(next(iter(empty.failures.values())), UnusableStateError)


def test_aave_market_and_positions(world: ChainWorld, client: Client) -> None:
    pool, data, oracle, asset = world.canned(), world.canned(), world.canned(), world.canned()
    teach(world, pool, aave_v3.GET_RESERVES_LIST, [[asset]])
    teach(world, oracle, aave_v3.BASE_CURRENCY_UNIT, [10**8])
    teach(world, oracle, aave_v3.GET_ASSETS_PRICES, [[2000 * 10**8]], [asset])
    teach(world, oracle, aave_v3.GET_SOURCE_OF_ASSET, [OTHER], asset)
    settings = [18, 8000, 8250, 10500, 1500, True, True, False, True, False]
    teach(world, data, aave_v3.GET_RESERVE_CONFIGURATION_DATA, settings, asset)
    teach(world, data, aave_v3.GET_RESERVE_CAPS, [100, 200], asset)
    teach(world, asset, erc20.SYMBOL, ["WETH"])
    claims, debts = world.canned(), world.canned()
    teach(world, data, aave_v3.GET_RESERVE_TOKENS_ADDRESSES, [claims, OTHER, debts], asset)
    teach(world, asset, erc20.BALANCE_OF, [70], claims)
    teach(world, claims, erc20.TOTAL_SUPPLY, [80])
    teach(world, debts, erc20.TOTAL_SUPPLY, [10])
    account = [10**12, 5 * 10**11, 1, 8250, 8000, 1_650_000_000_000_000_000]
    teach(world, pool, aave_v3.GET_USER_ACCOUNT_DATA, account, USER)
    teach(world, pool, aave_v3.GET_USER_EMODE, [1], USER)
    teach(world, data, aave_v3.GET_USER_RESERVE_DATA, [10**18, 0, 5, 0, 4, 0, 3, 0, True], asset, USER)
    state: Any = run_plan(LiveReader.open(client), protocols.read_aave_v3(pool, data, oracle, [USER]))
    reserve = state["reserves"][asset]
    assert (reserve["symbol"], reserve["price"], reserve["price_source"]) == ("WETH", 2000 * 10**8, OTHER)
    assert (reserve["liquidationThreshold"], reserve["supplyCap"]) == (8250, 200)
    assert (reserve["cash"], reserve["supplied"], reserve["borrowed"]) == (70, 80, 10)
    position = state["positions"][USER]
    assert position["healthFactor"] == 1_650_000_000_000_000_000
    assert position["reserves"][asset]["currentVariableDebt"] == 5


def test_a_real_aave_pool(world: ChainWorld, client: Client) -> None:
    aave = AaveWorld(world)
    aave.price(0, 2000 * 10**8)
    aave.price(1, 10**8)
    aave.supply(1, 100_000 * 10**6)
    aave.supply(0, 5 * 10**18)
    aave.borrow(1, 7_000 * 10**6)
    plan = protocols.read_aave_v3(aave.pool, aave.data_provider, aave.oracle, [world.account])
    state: Any = run_plan(LiveReader.open(client), plan)
    names = ("totalCollateralBase", "totalDebtBase", "availableBorrowsBase")
    figures = (*names, "currentLiquidationThreshold", "ltv", "healthFactor")
    question = call_data("getUserAccountData(address)", world.account)
    direct = decode(["uint256"] * 6, world.call(aave.pool, question))
    position = state["positions"][world.account.lower()]
    assert tuple(position[name] for name in figures) == direct
    assert position["totalDebtBase"] >= 7_000 * 10**8
    collateral, borrowed = aave.assets
    assert set(position["reserves"]) == {collateral, borrowed}
    assert position["reserves"][borrowed]["currentVariableDebt"] >= 7_000 * 10**6
    reserve = state["reserves"][collateral]
    assert (reserve["decimals"], reserve["price"], reserve["liquidationThreshold"]) == (
        18,
        2000 * 10**8,
        8250,
    )
    assert (reserve["supplyCap"], reserve["price_source"]) == (10**6, aave.sources[0])
    assert state["reserves"][borrowed]["decimals"] == 6
    lent = state["reserves"][borrowed]
    assert lent["cash"] == 93_000 * 10**6
    assert lent["supplied"] >= 100_000 * 10**6
    assert lent["borrowed"] == position["reserves"][borrowed]["currentVariableDebt"]
    source = sampled("aave", lambda block: stores.read_aave_price("aave", aave.oracle, collateral, block))
    live = read_view(LiveReader.open(client), [source])
    assert read(live.nodes["aave"], live.view).price == 2000


def test_a_proven_health_factor(world: ChainWorld, client: Client) -> None:
    aave = AaveWorld(world)
    aave.price(0, 2000 * 10**8)
    aave.price(1, 10**8)
    aave.supply(1, 100_000 * 10**6)
    aave.supply(0, 5 * 10**18)
    aave.borrow(1, 7_000 * 10**6)
    world.mine()
    reader = ProvenReader(LiveReader.open(client))
    asked = call(aave.pool, aave_v3.GET_USER_ACCOUNT_DATA, world.account)
    outcome = reader.call_many([asked])[0]
    assert asked.values(outcome)[5] == asked.values(Outcome(True, world.call(aave.pool, asked.data)))[5]
    assert len(reader.state.proofs) >= 10


def test_compound_market_and_positions(world: ChainWorld, client: Client) -> None:
    comet = world.canned()
    teach(world, comet, compound_comet.NUM_ASSETS, [1])
    teach(world, comet, compound_comet.BASE_TOKEN_PRICE_FEED, [OTHER])
    teach(world, comet, compound_comet.BASE_SCALE, [10**6])
    teach(world, comet, compound_comet.GET_UTILIZATION, [9 * 10**17])
    teach(world, comet, compound_comet.GET_RESERVES, [-5])
    teach(world, comet, compound_comet.GET_PRICE, [10**8], OTHER)
    teach(world, comet, compound_comet.GET_PRICE, [2000 * 10**8], THIRD)
    info = (0, "0x" + "44" * 20, THIRD, 10**18, 82 * 10**16, 85 * 10**16, 93 * 10**16, 10**24)
    teach(world, comet, compound_comet.GET_ASSET_INFO, [info], 0)
    base = world.canned()
    teach(world, comet, compound_comet.BASE_TOKEN, [base])
    teach(world, base, erc20.SYMBOL, ["USDC"])
    teach(world, base, erc20.BALANCE_OF, [123], comet)
    teach(world, comet, erc20.BALANCE_OF, [5], USER)
    teach(world, comet, compound_comet.BORROW_BALANCE_OF, [77], USER)
    teach(world, comet, compound_comet.IS_LIQUIDATABLE, [False], USER)
    teach(world, comet, compound_comet.COLLATERAL_BALANCE_OF, [10**18], USER, info[1])
    state: Any = run_plan(LiveReader.open(client), protocols.read_compound_v3(comet, [USER]))
    assert (state["base_price"], state["reserves"], state["utilization"]) == (10**8, -5, 9 * 10**17)
    assert (state["base_token"], state["base_symbol"], state["cash"]) == (base, "USDC", 123)
    assert state["assets"][0]["price"] == 2000 * 10**8
    assert state["assets"][0]["liquidateCollateralFactor"] == 85 * 10**16
    assert state["positions"][USER] == {
        "borrow_balance": 77,
        "supply_balance": 5,
        "liquidatable": False,
        "collateral": {info[1]: 10**18},
    }


def test_synthetix_markets_and_positions(world: ChainWorld, client: Client) -> None:
    market = world.canned()
    teach(world, market, synthetix_perps.GET_MARKETS, [[100]])
    teach(world, market, synthetix_perps.GET_MARKET_SUMMARY, [(-5, 10, 1000, 7, 8, 2000 * 10**18)], 100)
    teach(world, market, synthetix_perps.GET_FUNDING_PARAMETERS, [10**24, 9 * 10**18], 100)
    teach(world, market, synthetix_perps.GET_LIQUIDATION_PARAMETERS, [1, 2, 3, 4, 5], 100)
    teach(world, market, synthetix_perps.GET_MAX_LIQUIDATION_PARAMETERS, [1, 2, 3, OTHER], 100)
    teach(world, market, synthetix_perps.GET_AVAILABLE_MARGIN, [50], 1)
    teach(world, market, synthetix_perps.GET_REQUIRED_MARGINS, [10, 5, 1], 1)
    teach(world, market, synthetix_perps.TOTAL_COLLATERAL_VALUE, [60], 1)
    teach(world, market, synthetix_perps.CAN_LIQUIDATE, [False], 1)
    teach(world, market, synthetix_perps.GET_OPEN_POSITION, [-3, 1, -4, 0], 1, 100)
    state: Any = run_plan(LiveReader.open(client), protocols.read_synthetix_perps(market, [1]))
    assert state["markets"]["100"]["skew"] == -5
    assert state["markets"]["100"]["skewScale"] == 10**24
    assert state["positions"]["1"]["requiredMaintenanceMargin"] == 5
    assert state["positions"]["1"]["positions"]["100"]["positionSize"] == -4


def test_derive_and_gmx(world: ChainWorld, client: Client) -> None:
    contract, token = world.canned(), world.token()
    teach(world, contract, derive_v2.GET_SPOT, [2000 * 10**18, 10**18])
    teach(world, contract, derive_v2.GET_ACCOUNT_BALANCES, [[(token, 0, -7)]], 5)
    teach(world, contract, derive_v2.GET_MARGIN, [-1], 5, True)
    teach(world, contract, derive_v2.GET_MARGIN, [3], 5, False)
    teach(world, contract, gmx_v2.GET_MARKETS, [[(token, USER, OTHER, THIRD)]], contract, 0, 1000)
    row = ((USER, token, OTHER), (10**34, 2, 3, -4, 5, 6, 7, 8, 9, 10), (True,))
    teach(world, contract, gmx_v2.GET_ACCOUNT_POSITIONS, [[row]], contract, USER, 0, 1000)
    reader = LiveReader.open(client)
    state: Any = run_plan(reader, protocols.read_derive(contract, contract, contract, [5]))
    assert (state["spot"], state["confidence"]) == (2000 * 10**18, 10**18)
    assert state["positions"]["5"] == {
        "balances": [{"asset": token, "subId": 0, "balance": -7}],
        "initial_margin": -1,
        "maintenance_margin": 3,
    }
    markets: Any = run_plan(reader, protocols.read_gmx(contract, contract, [USER]))
    assert markets["markets"][token]["indexToken"] == USER
    (position,) = markets["positions"][USER]
    assert (position["market"], position["sizeInUsd"], position["isLong"]) == (token, 10**34, True)
    assert (position["pendingImpactAmount"], position["decreasedAtTime"]) == (-4, 10)
