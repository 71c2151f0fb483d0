"""The loan-to-value rule and Mango v3's weights health, against arithmetic on fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import BorrowRefusedError, MissingPriceError
from protocol.margin.loan_to_value import LoanToValue
from protocol.margin.mango_v3 import (
    ONE,
    MangoAccount,
    MangoHealth,
    PerpPosition,
    Weights,
    i80f48_down,
)
from protocol.market_state import MarketState, Price

MARKET = MarketState({"ETH": Price.of("2000.5"), "USD": Price.of(1)}, {"ETH": 18, "USD": 6})
MAX_TOKENS = 10**9
MAX_BASE = 10**10


def test_the_limit_rounds_down_and_the_debt_up() -> None:
    rule = LoanToValue({"ETH": Fraction(2, 3)})
    one_wei_short = {"ETH": 10**18 - 1, "USD": -1}
    value_down = Fraction("2000.5") * (10**18 - 1) // 1
    assert rule.borrow_limit_down(one_wei_short, MARKET) == value_down * 2 // 3
    assert rule.debt_up(one_wei_short, MARKET) == 10**12


def test_a_borrow_of_exactly_the_limit_passes_and_one_unit_more_does_not() -> None:
    rule = LoanToValue({"ETH": Fraction(1, 2)})
    limit = 1000_250000
    rule.require("a", {"ETH": 10**18, "USD": -limit}, MARKET)
    with pytest.raises(BorrowRefusedError):
        rule.require("a", {"ETH": 10**18, "USD": -limit - 1}, MARKET)


def test_an_asset_without_factor_backs_nothing_and_without_price_is_an_error() -> None:
    rule = LoanToValue({"ETH": Fraction(1, 2)})
    assert rule.borrow_limit_down({"USD": 10**12}, MARKET) == 0
    with pytest.raises(MissingPriceError):
        rule.debt_up({"DOGE": -1}, MARKET)


MANGO = MangoHealth({}, {"P": Weights.from_leverage(4, 8)})


def by_fractions(account: MangoAccount, price: Fraction, leverage: int | None) -> Fraction:
    """The rule in fractions: an independent form of the published sentence."""
    total = Fraction(sum(account.tokens.values()))
    perp = account.perps["P"]
    cases = []
    for base, quote in (
        (perp.base + perp.bids, perp.quote - perp.bids_cost),
        (perp.base - perp.asks, perp.quote + perp.asks_cost),
    ):
        step = Fraction(1, leverage) if leverage else Fraction(0)
        weight = 1 - step if base > 0 else 1 + step
        cases.append(base * price * weight + quote)
    if leverage is None:
        return total + perp.base * price + perp.quote
    return total + min(cases)


@given(
    usdc=st.integers(-MAX_TOKENS, MAX_TOKENS),
    base=st.integers(-MAX_BASE, MAX_BASE),
    quote=st.integers(-MAX_TOKENS, MAX_TOKENS),
    bids=st.integers(0, MAX_BASE),
    asks=st.integers(0, MAX_BASE),
    price=st.fractions(min_value=Fraction(1, 1000), max_value=100, max_denominator=10**6),
)
def test_health_is_the_published_sentence(
    usdc: int, base: int, quote: int, bids: int, asks: int, price: Fraction
) -> None:
    perp = PerpPosition(base, quote, bids, asks, int(bids * price), int(asks * price))
    account = MangoAccount({"USDC": usdc}, {"P": perp})
    prices = {"USDC": ONE, "P": i80f48_down(price)}
    for level, leverage in (("init", 4), ("maint", 8), ("equity", None)):
        got = Fraction(MANGO.health(account, prices, level), ONE)  # type: ignore[arg-type]
        # The price is cut to 48 fractional bits, which the position multiplies.
        bound = Fraction(2 * (abs(base) + bids + asks) + 4, ONE)
        assert abs(got - by_fractions(account, price, leverage)) <= bound


def test_the_least_price_is_the_least() -> None:
    account = MangoAccount(
        {"USDC": -45_000_000_000000}, {"P": PerpPosition(488_302_109_000000, -18_653_140_563800)}
    )
    prices = {"USDC": ONE, "P": 0}
    least = MANGO.least_price(account, prices, ("P",), 10 * ONE)
    assert least is not None
    assert MANGO.health(account, {**prices, "P": least}, "init") >= 0
    assert MANGO.health(account, {**prices, "P": least - 1}, "init") < 0
    # By hand: (45,000,000 + 488,302,109 * 0.0382) / (488,302,109 * 0.75).
    by_hand = (45_000_000 + 488_302_109 * Fraction("0.0382")) / (488_302_109 * Fraction(3, 4))
    assert abs(Fraction(least, ONE) - by_hand) < Fraction(1, 10**12)
    assert MANGO.least_price(account, prices, ("P",), ONE // 100) is None
