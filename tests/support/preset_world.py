"""One account, lenders, a keeper, a fund and a vault on a ledger, for designs worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from protocol.ledger import Account, Kind, quote_of
from protocol.liquidation.machine import Machine
from protocol.liquidation.policy import LiquidationPolicy
from protocol.liquidation.view import Judgement, floor, value
from protocol.liquidation.waterfall import Deficit, Fund, Waterfall
from protocol.market_state import MarketState, Price
from protocol.transaction import State

USD, ETH, PERP = "USD", "ETH", "PERP"
E6, E18 = 10**6, 10**18
DECIMALS = {USD: 6, ETH: 18, PERP: 18, quote_of(PERP): 6}


def market(price: int) -> MarketState:
    dollar = Price.of(1)
    return MarketState(
        {USD: dollar, quote_of(PERP): dollar, ETH: Price.of(price), PERP: Price.of(price)}, DECIMALS
    )


def judge(balances: Mapping[str, int], at: MarketState) -> Judgement:
    """80 % of collateral in ether, 5 % of a position's notional; release at 78 % and 6 %."""
    equity = sum((value(at, a, n) for a, n in balances.items()), Fraction(0))
    ether, position = (
        value(at, ETH, max(0, balances.get(ETH, 0))),
        abs(value(at, PERP, balances.get(PERP, 0))),
    )
    excess = equity - ether * Fraction(20, 100) - position * Fraction(5, 100)
    release = equity - ether * Fraction(22, 100) - position * Fraction(6, 100)
    return Judgement(floor(equity), floor(excess), floor(release))


WATERFALL = Waterfall((Fund("p:fund"), Deficit("p:deficit")))


def setup(policy: LiquidationPolicy, **balances: int) -> Machine:
    state = State()
    book = state.ledger
    for name in ("p:a", "p:lenders", "p:keeper", "p:fund", "p:deficit", "p:house", "p:vault"):
        book.open(Account(name, Kind.MARGIN, "p"))
    book.open(Account("world", Kind.ISSUER))
    book.list_instrument(PERP)
    for name in ("p:lenders", "p:keeper", "p:vault"):
        book.post("world", name, USD, 10**9 * E6)
        book.post("world", name, ETH, 10**6 * E18)
    for asset, units in balances.items():
        giver, taker = ("world", "p:a") if units > 0 else ("p:a", "world")
        if asset == PERP:
            giver, taker = ("p:lenders", "p:a") if units > 0 else ("p:a", "p:lenders")
        book.post(giver, taker, asset, abs(units))
    return Machine(state, policy, judge, USD, "p:house", frozenset({PERP}))


def long(machine: Machine, size: int, price: int) -> None:
    """Open a long of ``size`` whole units at ``price`` against the lenders."""
    machine.book.post("p:lenders", "p:a", PERP, size * E18)
    machine.book.post("p:a", "p:lenders", quote_of(PERP), size * price * E6)


def held(machine: Machine, account: str, asset: str) -> Fraction:
    return Fraction(machine.book.balance(account, asset), 10 ** DECIMALS[asset])
