"""The close factor of the catalogue beside the liquidation call that equals the pool to the last unit."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.errors import DustError
from protocol.fixed_point import RAY
from protocol.liquidation.presets import catalogue
from protocol.liquidation.selectors import LargestLoan
from protocol.liquidation.sizers import CloseFactor
from protocol.liquidation.view import Judgement, View, floor, value
from protocol.liquidation.waterfall import Waterfall
from protocol.margin.presets.aave_v3 import AaveAccount, ReserveHolding
from protocol.margin.presets.aave_v3_liquidation import liquidate
from protocol.market_state import MarketState, Price

ASSETS = ("ETH", "USDC", "DAI")
DECIMALS = {"ETH": 18, "USDC": 6, "DAI": 18}
THRESHOLD, BONUS = Fraction(80, 100), Fraction(5, 100)
CENTS = 10**6  # of the base currency's 8 decimals
MOST = 10**7


def market(price: int) -> MarketState:
    prices = {"ETH": Price(price, 8), "USDC": Price(10**8, 8), "DAI": Price(10**8, 8)}
    return MarketState(prices, DECIMALS)


def judge(balances: Mapping[str, int], at: MarketState) -> Judgement:
    worth = {asset: value(at, asset, units) for asset, units in balances.items()}
    equity = sum(worth.values(), Fraction(0))
    excess = floor(equity - worth.get("ETH", Fraction(0)) * (1 - THRESHOLD))
    return Judgement(floor(equity), excess, excess)


def sized(balances: Mapping[str, int], price: int) -> tuple[str, int]:
    """Return the debt that the catalogue's rule picks and how much of it is repaid."""
    at = market(price)
    view = View("a", balances, at, "USDC", judge(balances, at), judge)
    part = LargestLoan().select(view)
    assert part is not None
    (rule,) = catalogue.aave(Waterfall(())).rules
    return part.owes, rule.sizer.size(view, part, BONUS)


def pool(balances: Mapping[str, int], price: int) -> AaveAccount[int]:
    """Return the same account in the pool."""
    reserves = []
    for asset in ASSETS:
        units = balances.get(asset, 0)
        reserves.append(
            ReserveHolding(
                7500, 8000, 10500, DECIMALS[asset], 0, price if asset == "ETH" else 10**8, RAY, RAY,
                max(0, units), max(0, -units), collateral=units > 0, debt=units < 0,
            )
        )  # fmt: skip
    return AaveAccount(tuple(reserves), None)


@given(st.integers(500, MOST), st.integers(1, MOST), st.integers(0, MOST), st.integers(50, 99))
def test_the_pool_accepts_the_size_and_no_cent_more(ether: int, first: int, second: int, health: int) -> None:
    """Debts and collateral in cents; the price puts health where it is drawn."""
    debts = {"USDC": -first * 10**4, "DAI": -second * 10**16}
    owed = first + second
    balances = {"ETH": ether * 10**16, **{a: n for a, n in debts.items() if n}}
    price = owed * health * CENTS * 100 // (80 * ether)
    assume(price > 0)
    account = pool(balances, price)
    asset, size = sized(balances, price)
    cent = 10 ** (DECIMALS[asset] - 2)
    number = ASSETS.index(asset)
    assert size > 0
    try:
        done = liquidate(account, 0, number, size, receive_shares=False)
    except DustError:
        # Within a cent of the bound the pool's roundings decide.
        done = liquidate(account, 0, number, size - cent, receive_shares=False)
    emptied = done.account.reserves[0].supplied == 0
    assert emptied or abs(done.paid - size) <= cent
    if emptied or size == -balances[asset]:
        return
    try:
        more = liquidate(account, 0, number, size + 2 * cent, receive_shares=False)
    except DustError:
        return
    assert more.paid <= size + cent


@pytest.mark.parametrize(
    ("usdc", "dai", "expected"),
    [
        # Half of 10,000 is 5,000, of whatever debt it is.
        (6_000, 4_000, ("USDC", 5_000)),
        (9_000, 1_000, ("USDC", 5_000)),
        # Half of 4,700 would leave 50: less is repaid, so that 1,000 stay.
        (2_400, 2_300, ("USDC", 1_400)),
        # Below 2,000 all of it goes.
        (1_999, 1_500, ("USDC", 1_999)),
    ],
)
def test_half_of_all_debts_by_hand(usdc: int, dai: int, expected: tuple[str, int]) -> None:
    balances = {"ETH": 10**18, "USDC": -usdc * 10**6, "DAI": -dai * 10**18}
    price = (usdc + dai) * 97 * 10**8 // 80  # health 0.97
    assert sized(balances, price) == (expected[0], expected[1] * 10**6)


def test_a_share_of_a_worthless_debt_is_all_of_it() -> None:
    at = MarketState({"ETH": Price(0), "DAI": Price(1)}, DECIMALS)
    view = View("a", {"DAI": 10, "ETH": -7}, at, "DAI", Judgement(0, -1, -1), judge)
    part = LargestLoan().select(view)
    assert part is not None
    assert CloseFactor(Fraction(1, 2), Fraction(-1)).size(view, part, BONUS) == 7
