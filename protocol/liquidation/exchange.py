"""Turning a choice of part, size and concession into movements of a ledger.

A *concession* is what the buyer gains against the mark, as a fraction of the value taken: a bonus b on seized
collateral, a worse price of a closed position, a discount on a whole account. At 0 he trades at the mark;
above 1 he is paid to take an account over. Whole units are rounded against who chose the moment: in favour of
the account when a liquidator calls, in favour of the taker when the protocol itself takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from protocol.errors import LiquidationSizeError
from protocol.fixed_point import WAD, div_to_zero
from protocol.ledger import Posting, quote_of
from protocol.liquidation.view import Kind, Part, View, ceiling, convert, floor

Rounding: TypeAlias = Callable[[Fraction], int]


@dataclass(frozen=True, slots=True)
class Offer:
    """What moves between the account and its liquidator.

    Parameters
    ----------
    taken
        Signed units from the account to the liquidator; below zero a liability is taken over.
    paid
        Units from the liquidator to the account; below zero he is paid.
    """

    taken: Mapping[str, int]
    paid: Mapping[str, int]

    def change(self) -> dict[str, int]:
        """Return what the account's balances change by."""
        changes = dict(self.paid)
        for asset, units in self.taken.items():
            changes[asset] = changes.get(asset, 0) - units
        return changes

    def postings(self, account: str, liquidator: str, memo: str) -> tuple[Posting, ...]:
        """Return the movements, each above zero."""
        moved = []
        for asset, units in self.change().items():
            giver, taker = (liquidator, account) if units > 0 else (account, liquidator)
            if units:
                moved.append(Posting(giver, taker, asset, abs(units), memo))
        return tuple(moved)


def gain(view: View, moved: Offer) -> Fraction:
    """Return the value that the taker gains at the marks, before his costs; a quote counts as cash."""

    def worth(asset: str, units: int) -> Fraction:
        return view.value(asset if asset in view.market.prices else view.cash, units)

    taken = sum((worth(asset, units) for asset, units in moved.taken.items()), Fraction(0))
    return taken - sum((worth(asset, units) for asset, units in moved.paid.items()), Fraction(0))


def offer(view: View, part: Part, size: int, concession: Fraction, *, for_taker: bool = False) -> Offer:
    """Return what moves for ``size``: units of debt, units of position, or a share in 18 decimals.

    Parameters
    ----------
    for_taker
        Whether whole units are rounded in the taker's favour instead of the account's.

    Raises
    ------
    LiquidationSizeError
        If the size is not above zero or exceeds what there is.
    """
    if size <= 0:
        raise LiquidationSizeError("nothing to liquidate", size=size, part=part.kind.value)
    if part.kind is Kind.LOAN:
        return _repay(view, part, size, concession, ceiling if for_taker else floor)
    if part.kind is Kind.POSITION:
        return _close(view, part, size, concession, floor if for_taker else ceiling)
    return _share(view, size, concession, floor if for_taker else ceiling)


def _repay(view: View, part: Part, repaid: int, concession: Fraction, rounded: Rounding) -> Offer:
    owed, held = -view.balances.get(part.owes, 0), view.balances.get(part.gives, 0)
    if repaid > owed or held <= 0:
        raise LiquidationSizeError("more than is owed", repaid=repaid, owed=owed, held=held)
    seized = rounded(convert(view.market, part.owes, part.gives, repaid) * (1 + concession))
    if seized > held:
        seized = held
        price = convert(view.market, part.gives, part.owes, held) / (1 + concession)
        repaid = min(repaid, floor(price) if rounded is ceiling else ceiling(price))
    return Offer({part.gives: seized}, {part.owes: repaid})


def _close(view: View, part: Part, size: int, concession: Fraction, rounded: Rounding) -> Offer:
    position = view.balances.get(part.gives, 0)
    if size > abs(position):
        raise LiquidationSizeError("more than the position", size=size, position=position)
    units = size if position > 0 else -size
    factor = 1 - concession if position > 0 else 1 + concession
    cost = rounded(convert(view.market, part.gives, view.cash, units) * factor)
    return Offer({part.gives: units}, {quote_of(part.gives): cost})


def _share(view: View, share: int, concession: Fraction, rounded: Rounding) -> Offer:
    if share > WAD:
        raise LiquidationSizeError("more than the account", share=share)
    taken = {asset: div_to_zero(units * share, WAD) for asset, units in view.balances.items()}
    worth = Fraction(view.judgement.equity) / view.value(view.cash, 1)
    paid = rounded(worth * Fraction(share, WAD) * (1 - concession))
    return Offer({asset: units for asset, units in taken.items() if units}, {view.cash: paid} if paid else {})
