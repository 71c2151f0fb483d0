"""Venues priced by a formula: Kyber's exponential reserve and Bancor's bonding curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from protocol.errors import RuleError
from protocol.venues.bancor_formula import power_down, purchase_return_down, sale_return_down
from protocol.venues.exponential_reserve import ExponentialReserve
from scenarios.verify.tally import Checker, Document, Tally, integer

Row = Sequence[object]
PARAMETERS = (
    "rate_fp",
    "minimum_price_fp",
    "buy_cap",
    "sell_cap",
    "fee_bps",
    "maximum_price",
    "minimum_rate_price",
    "token_decimals",
)


def check_exponential_reserve(document: Document) -> Tally:
    """Compare average rates; the contract's rate of 0 and its reverts are one refusal here."""
    tally = Tally()
    for number, case in enumerate(cast("Sequence[Mapping[str, Row]]", document["cases"])):
        state = {"token": "token", "token_reserve": 0}
        state |= dict(zip(PARAMETERS, map(integer, case["params"]), strict=True))
        for at, (buy, amount, held, expected) in enumerate(cast("Sequence[Row]", case["rows"])):
            reserve = ExponentialReserve.from_state({**state, "ether_reserve": integer(held)})
            call = reserve.buy_rate if buy else reserve.sell_rate
            want: object = "revert" if expected in {"revert", 0} else integer(expected)
            try:
                got: object = call(integer(amount))
            except RuleError:
                got = "revert"
            tally.check("buy" if buy else "sell", f"cases[{number}].rows[{at}]", want, got)
    return tally


def check_bonding_curve(document: Document) -> Tally:
    """Compare powers with their precision, purchase returns and sale returns."""
    tally = Tally()
    for at, row in enumerate(cast("Sequence[Row]", document["power"])):
        *arguments, expected = row
        want = "revert" if expected == "revert" else tuple(map(integer, cast("Row", expected)))
        base_n, base_d, exponent_n, exponent_d = map(integer, arguments)
        try:
            got: object = power_down(base_n, base_d, exponent_n, exponent_d)
        except RuleError:
            got = "revert"
        tally.check("power", f"power[{at}]", want, got)
    for group, rule in (("purchase", purchase_return_down), ("sale", sale_return_down)):
        for at, row in enumerate(cast("Sequence[Row]", document[group])):
            *arguments, expected = row
            supply, reserve, ratio, amount = map(integer, arguments)
            try:
                got = rule(supply, reserve, ratio, amount)
            except RuleError:
                got = "revert"
            tally.check(group, f"{group}[{at}]", expected if expected == "revert" else integer(expected), got)
    return tally


CHECKERS: dict[str, Checker] = {
    "kyber-exponential-reserve/1": check_exponential_reserve,
    "bancor-bonding-curve/1": check_bonding_curve,
}
