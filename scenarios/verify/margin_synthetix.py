"""Check the Synthetix Perps V3 preset against vectors of the real contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocol.errors import (
    AccountLiquidatableError,
    BorrowRefusedError,
    NotLiquidatableError,
    OpenInterestError,
    RuleError,
)
from protocol.fixed_point.context import EXACT
from protocol.margin.presets.synthetix_liquidation import LiquidationState, liquidate
from protocol.margin.presets.synthetix_orders import check_order, fill_price, order_fee
from protocol.margin.presets.synthetix_perps import (
    Collateral,
    KeeperTerms,
    MarketParameters,
    PerpAccount,
    PerpMarket,
    PerpPosition,
    accrued_interest,
    liquidatable,
    withdrawable,
)
from scenarios.verify.tally import Checker, Document, Tally


def _market(row: list[Any]) -> PerpMarket[int]:
    price, skew, size, rate, value, seconds, configuration = row
    return PerpMarket(price, skew, size, rate, value, seconds, MarketParameters(*configuration))


def read_account(case: Mapping[str, Any]) -> PerpAccount[int]:
    """Read a case's account in its markets."""
    markets = tuple((str(index), _market(row)) for index, row in enumerate(case["m"]))
    positions = tuple(PerpPosition(str(row[0]), *row[1:]) for row in case["pos"])
    collaterals = tuple(
        Collateral(row[1], *row[2:]) if row[0] else Collateral(row[1], 0, 0, 0, 0, 0, dollar=True)
        for row in case["col"]
    )
    keeper = KeeperTerms(*[*case["g"][:5], *case["cost"]])
    return PerpAccount(markets, positions, collaterals, case["debt"], keeper, accrued_interest(*case["int"]))


def account_figures(account: PerpAccount[int]) -> dict[str, object]:
    """Return the account's figures under the names of the file."""
    figures = account.figures(EXACT)
    return {
        "avail": figures.available,
        "collD": figures.discounted,
        "coll": figures.collateral,
        "im": figures.initial,
        "mm": figures.maintenance,
        "reward": figures.reward,
        "elig": liquidatable(account),
        "withdrawable": withdrawable(account),
        "pnl": figures.gain,
        "oi": figures.open_interest,
        "marginElig": figures.margin_available < 0 and account.debt > 0,
        "marginAvail": figures.margin_available,
    }


def position_figures(account: PerpAccount[int], position: PerpPosition[int]) -> dict[str, object]:
    """Return a position's figures under the names of the file."""
    market = account.market(position.market)
    figures = account.position(EXACT, position)
    return {
        "notional": figures.notional,
        "total": figures.total,
        "price": figures.price_gain,
        "interest": figures.interest,
        "funding": figures.funding,
        "next": market.funding.current_value(EXACT, market.price),
        "imr": figures.initial_rate,
        "mmr": figures.maintenance_rate,
        "im": figures.initial,
        "mm": figures.maintenance,
        "frate": market.funding.current_rate(EXACT),
        "fvel": market.funding.velocity(EXACT),
        "windows": market.parameters.windows(EXACT, position.size),
        "maxLiq": market.parameters.window_amount(EXACT),
    }


def _order(account: PerpAccount[int], name: str, size: int, price: int) -> list[object]:
    """Return what an order stores, or its refusal with the contract's arguments."""
    market_id = 100 + int(name)
    try:
        filled = check_order(account, name, size, price)
    except AccountLiquidatableError:
        return ["AccountLiquidatable(uint128)", 1]
    except BorrowRefusedError as error:
        return ["InsufficientMargin(int256,uint256)", error.details["available"], error.details["needed"]]
    except OpenInterestError as error:
        at = [market_id, error.details["limit"], error.details["side"]]
        if error.details["what"] == "size":
            return ["MaxOpenInterestReached(uint128,uint256,int256)", *at]
        return ["MaxUSDOpenInterestReached(uint128,uint256,int256,uint256)", *at, price]
    return [filled.size, filled.fees, filled.price, filled.price, filled.funding]


def _check_order(tally: Tally, where: str, account: PerpAccount[int], order: Mapping[str, Any]) -> None:
    name, size, price = str(order["m"]), order["d"], order["px"]
    market = account.market(name)
    parameters = market.parameters
    fill = fill_price(EXACT, market.skew, parameters.skew_scale, size, price)
    if "fill" not in order:
        return
    tally.check("order", f"{where}.fill", order["fill"], fill)
    fee = order_fee(size, fill, market.skew, parameters.maker_fee, parameters.taker_fee)
    tally.check("order", f"{where}.fee", order["fee"], fee)
    expected = order.get("ok") or order["err"]
    tally.check("order", f"{where}.result", expected, _order(account, name, size, price))


def _check_liquidation(tally: Tally, where: str, case: Mapping[str, Any], account: PerpAccount[int]) -> None:
    prices = dict(enumerate(case["o"]["liq_px"]))
    markets = tuple((name, replace(m, price=prices[int(name)])) for name, m in account.markets)
    state = LiquidationState(replace(account, markets=markets))
    before = 0
    for index, step in enumerate(case["o"]["liq"]):
        at = f"{where}[{index}]"
        try:
            reward, state = liquidate(state, step["t"], step["t"] - before)
            before = step["t"]
            tally.check("liquidation", f"{at}.r", step.get("r", step.get("err")), reward)
        except NotLiquidatableError:
            expected = step.get("err", step.get("r"))
            tally.check("liquidation", f"{at}.r", expected, ["NotEligibleForLiquidation(uint128)", 1])
        except RuleError as error:
            tally.check("liquidation", f"{at}.r", step.get("err", step.get("r")), error.message)
        held = {p.market: p.size for p in state.account.positions}
        rows = [
            [held.get(str(row[0]), 0), m.skew, m.size, m.funding_rate, m.funding_value]
            for row in case["pos"]
            for m in [state.account.market(str(row[0]))]
        ]
        tally.check("liquidation", f"{at}.m", step["m"], rows)
        tally.check("liquidation", f"{at}.f", step["f"], int(state.flagged))
        tally.check("liquidation", f"{at}.debt", step["debt"], state.account.debt)
        tally.check("liquidation", f"{at}.ncol", step["ncol"], len(state.account.collaterals))


def check_synthetix(document: Document) -> Tally:
    """Check a ``synthetix_perps`` file: margins, positions, order checks, windowed liquidation."""
    tally = Tally()
    keys: Any = document
    for index, case in enumerate(keys["cases"]):
        where = f"cases[{index}]"
        account = read_account(case)
        got = account_figures(account)
        for key, value in zip(keys["acct_keys"], case["o"]["acct"], strict=True):
            tally.check("account", f"{where}.{key}", value, got[key])
        for row, position in zip(case["o"]["pos"], account.positions, strict=True):
            figures = position_figures(account, position)
            for key, value in zip(keys["pos_keys"], row, strict=True):
                tally.check("position", f"{where}.{position.market}.{key}", value, figures[key])
        _check_order(tally, f"{where}.order", account, case["o"]["order"])
        if case["o"]["liq"]:
            _check_liquidation(tally, f"{where}.liq", case, account)
    return tally


CHECKERS: dict[str, Checker] = {"synthetix-perps-v3/1": check_synthetix}
