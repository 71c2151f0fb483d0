"""Readers of lending and perpetual protocols: taught contracts, and a real Aave pool."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import decode

from aave_world import AaveWorld
from chain_world import ChainWorld, teach
from contracts_abi.families import aave_v3, compound_comet, derive_v2, erc20, gmx_v2, synthetix_perps
from oracles.chain.calls import Outcome, call
from oracles.chain.client import Client
from oracles.chain.live import sampled
from oracles.chain.live_view import read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers import protocols, stores
from oracles.node import read
from workbench import call_data

pytestmark = pytest.mark.node
USER, OTHER, THIRD = ("0x" + digit * 40 for digit in "123")


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
