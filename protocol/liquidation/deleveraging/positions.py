"""Deleveraging as venues do it: a loser's position is closed against winners at a set price.

Positions and their costs move between accounts on the ledger; nothing is paid in cash. At the loser's
bankruptcy price he is left with nothing and the winners with less than the mark would have given them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import DeleveragingError
from protocol.ledger import Ledger, quote_of
from protocol.liquidation.deleveraging.policy import Candidate, Policy


@dataclass(frozen=True, slots=True)
class Fill:
    """One counterparty: units closed, the cost moved, and what he gave up against the mark.

    Parameters
    ----------
    account
        The winner.
    units
        Signed units that he took from the loser: they have the sign of the loser's position.
    cost
        Units of the instrument's quote that moved the other way.
    given_up
        Value lost against the mark, in units of the quote; negative if the price was better.
    """

    account: str
    units: int
    cost: int
    given_up: Fraction


def deleverage(
    book: Ledger,
    loser: str,
    instrument: str,
    price: Fraction,
    mark: Fraction,
    candidates: Sequence[Candidate],
    policy: Policy,
) -> tuple[Fill, ...]:
    """Close the loser's whole position in ``instrument`` against the opposite positions.

    Parameters
    ----------
    book
        Positions before and after.
    price, mark
        Quote units per unit of position: the execution price and the fair one.
    candidates
        Holders of the opposite side, capacity in units of position.
    policy
        The ranking.

    Raises
    ------
    DeleveragingError
        If a candidate's capacity exceeds his opposite position, or all together are too few.
    """
    position = book.balance(loser, instrument)
    for candidate in candidates:
        held = book.balance(candidate.account, instrument)
        if held * position > 0 or candidate.capacity > abs(held):
            raise DeleveragingError(
                "no opposite position", account=candidate.account, held=held, capacity=candidate.capacity
            )
    parts = policy.allocate(candidates, abs(position))
    if sum(parts.values()) < abs(position):
        raise DeleveragingError("too few counterparties", position=position, found=sum(parts.values()))
    start = book.mark()
    fills = []
    for account, units in _by_size(parts):
        signed = units if position > 0 else -units
        exact = signed * price
        # Rounded so that the loser, who is left with nothing, does not end a unit below it.
        cost = -(-exact.numerator // exact.denominator)
        _move(book, loser, account, instrument, signed)
        _move(book, account, loser, quote_of(instrument), cost)
        fills.append(Fill(account, signed, cost, cost - signed * mark))
    if book.balance(loser, instrument):
        book.roll_back(start)
        raise DeleveragingError("position not closed", left=book.balance(loser, instrument))
    return tuple(fills)


def _by_size(parts: Mapping[str, int]) -> list[tuple[str, int]]:
    return list(parts.items())


def _move(book: Ledger, source: str, target: str, asset: str, units: int) -> None:
    giver, taker = (source, target) if units > 0 else (target, source)
    book.post(giver, taker, asset, abs(units), "auto-deleveraging")
