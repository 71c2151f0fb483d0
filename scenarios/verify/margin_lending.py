"""Check Aave V3 and Compound III against vectors of the real contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocol.errors import DustError, NotLiquidatableError, RuleError, WrongLiquidationError
from protocol.fixed_point.context import EXACT
from protocol.margin.presets.aave_v3 import AaveAccount, EfficiencyMode, ReserveHolding
from protocol.margin.presets.aave_v3_liquidation import liquidate
from protocol.margin.presets.compound_iii import (
    CollateralHolding,
    CometAccount,
    CometMarket,
    liquidatable,
    may_borrow,
    present_value,
)
from scenarios.verify.tally import Checker, Document, Tally

COMET_CASH = 10**9
"""Whole base tokens that the contract of the vectors holds."""


def aave_account(case: Mapping[str, Any]) -> AaveAccount[int]:
    """Read a case's account."""
    reserves = []
    for index, row in enumerate(case["r"]):
        flags = [index in case["col"], index in case["deb"]]
        fields: list[Any] = [*row, case["a"][index], case["v"][index], *flags]
        reserves.append(ReserveHolding(*fields))
    mode = None
    if case["em"]:
        loan_to_value, threshold, bonus, collateral, isolated, zero = case["emc"]
        mode = EfficiencyMode(loan_to_value, threshold, bonus, collateral, bool(isolated), zero)
    return AaveAccount(tuple(reserves), mode)


def aave_data(account: AaveAccount[int]) -> list[int]:
    """Return the pool's account data in the order of the file."""
    data = account.data(EXACT)
    return [
        data.collateral,
        data.debt,
        data.loan_to_value,
        data.threshold,
        data.health,
        int(data.zero_loan_to_value),
        data.available,
    ]


def user_bits(account: AaveAccount[int]) -> int:
    """Return the pool's bit map: two bits a reserve, borrowing below collateral."""
    return sum(
        reserve.debt << 2 * index | reserve.collateral << 2 * index + 1
        for index, reserve in enumerate(account.reserves)
    )


def aave_liquidation(account: AaveAccount[int], call: list[int]) -> tuple[str, object]:
    """Return ``liq`` and the figures of a liquidation, or ``err`` and the contract's error."""
    collateral, debt, amount, shares = call
    try:
        done = liquidate(account, collateral, debt, amount, receive_shares=bool(shares))
    except NotLiquidatableError:
        return "err", "HealthFactorNotBelowThreshold()"
    except DustError:
        return "err", "MustNotLeaveDust()"
    except WrongLiquidationError as error:
        borrowed = error.details["what"] == "debt"
        name = "SpecifiedCurrencyNotBorrowedByUser()" if borrowed else "CollateralCannotBeLiquidated()"
        return "err", name
    after = done.account
    return "liq", {
        "paid": done.paid,
        "seized": done.seized,
        "A": [reserve.supplied for reserve in after.reserves],
        "V": [reserve.borrowed for reserve in after.reserves],
        "treasury": done.treasury_shares,
        "liquidator": done.liquidator_shares,
        "deficit": list(done.deficit),
        "bits": user_bits(after),
        "acct": aave_data(after),
    }


def check_aave(document: Document) -> Tally:
    """Check an ``aave_v3`` file: account data and liquidation calls."""
    tally = Tally()
    cases: Any = document["cases"]
    for index, case in enumerate(cases):
        where = f"cases[{index}]"
        account = aave_account(case)
        expected = case["o"]
        tally.check("account", f"{where}.acct", expected["acct"], aave_data(account))
        tally.check("account", f"{where}.bits", expected["bits"], user_bits(account))
        if case["liq"] is None:
            continue
        kind, got = aave_liquidation(account, case["liq"])
        if isinstance(got, dict) and "liq" in expected:
            for key, value in expected["liq"].items():
                tally.check("liquidation", f"{where}.liq.{key}", value, got[key])
        else:
            tally.check("liquidation", f"{where}.{kind}", expected.get("err", expected.get("liq")), got)
    return tally


def comet_market(case: Mapping[str, Any], parameters: Mapping[str, Any]) -> CometMarket:
    """Read a case's market."""
    decimals = parameters["base_dec"]
    supplied, borrowed = case["tot"]
    return CometMarket(
        decimals,
        case["bp"],
        parameters["spf"],
        case["si"],
        case["bi"],
        supplied,
        borrowed,
        COMET_CASH * 10**decimals,
    )


def comet_collateral(
    case: Mapping[str, Any], parameters: Mapping[str, Any], decimals: list[int], asset: int, amount: int
) -> CollateralHolding[int]:
    """Read one collateral."""
    return CollateralHolding(str(asset), decimals[asset], amount, case["px"][asset], *parameters["A"][asset])


def check_comet(document: Document) -> Tally:
    """Check a ``compound_iii`` file: both solvency tests, reserves, storefront quotes, absorption."""
    tally = Tally()
    data: Any = document
    decimals = data["token_decimals"]
    for index, case in enumerate(data["cases"]):
        where = f"cases[{index}]"
        parameters = data["param_sets"][case["ps"]]
        market = comet_market(case, parameters)
        # The contract reads assets in its own order, not in the order of deposit.
        held = tuple(
            comet_collateral(case, parameters, decimals, asset, amount)
            for asset, amount in sorted(case["col"])
        )
        principal, expected = case["p"], case["o"]
        balance = present_value(principal, market.supply_index, market.borrow_index)
        account = CometAccount(balance, market.base_decimals, market.base_price, held)
        tally.check("solvency", f"{where}.ok", expected["ok"], may_borrow(principal, account))
        tally.check("solvency", f"{where}.liq", expected["liq"], liquidatable(principal, account))
        tally.check("solvency", f"{where}.debt", expected["debt"], max(-balance, 0))
        tally.check("solvency", f"{where}.res", expected["res"], market.reserves)
        for asset, amount, out in expected["quote"]:
            sold = comet_collateral(case, parameters, decimals, asset, 0)
            tally.check("quote", f"{where}.quote[{asset}]", out, market.quote_down(sold, amount))
        try:
            new_principal, after = market.absorb(principal, held)
            got: object = {
                "p": new_principal,
                "tot": [after.total_supply, after.total_borrow],
                "res": after.reserves,
                "cres": [amount for _, amount in case["col"]],
            }
        except NotLiquidatableError:
            got = "NotLiquidatable()"
        except RuleError as error:
            got = error.code
        tally.check("absorb", f"{where}.absorb", expected.get("absorb", expected.get("err")), got)
    return tally


CHECKERS: dict[str, Checker] = {
    "aave-v3-liquidation/1": check_aave,
    "compound-iii/1": check_comet,
}
