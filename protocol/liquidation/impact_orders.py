"""Liquidation against an impact model: the price moves in proportion to the size, and stays moved.

The linear model of the literature (Kyle; Chitra, arXiv 2512.01112, section on greedy sizes): selling a size
moves the price by a fixed part per unit and is filled, on average, half-way. Beside pools and order books it
is the third way to say what a sale costs, for markets of which only the depth is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import UnsafeValueError
from protocol.liquidation.exchange import Offer
from protocol.liquidation.view import Part, View, floor
from protocol.market_state import Price
from protocol.transaction import State

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class ImpactMarket:
    """A market's impact and how liquidations trade with it.

    Parameters
    ----------
    state
        Where the moved price is kept, so that a transaction can undo a move.
    instrument
        What is traded.
    per_unit
        Part of the mark by which one raw unit moves it, above 0.
    most
        Greatest move of one trade; a larger size is cut and the rest waits.
    """

    state: State
    instrument: str
    per_unit: Fraction
    most: Fraction = Fraction(1, 2)

    def __post_init__(self) -> None:
        if self.per_unit <= 0 or not 0 < self.most < 1:
            raise UnsafeValueError("impact in parts of a million", int(self.most * 10**6), 1, 10**6 - 1)

    @property
    def key(self) -> str:
        """Name of the moved price among the state's values."""
        return f"impact:{self.instrument}"

    def factor(self) -> Fraction:
        """Return the mark over the price outside."""
        value = self.state.values.get(self.key, ONE)
        assert isinstance(value, Fraction)
        return value

    def mark(self, outside: Price) -> Price:
        """Return the outside price, moved by all trades so far; rounded down."""
        return Price(floor(outside.value * self.factor()), outside.decimals)

    def concession(self, view: View, part: Part) -> Fraction:
        """Return what the whole position, or as much of it as is done at once, would lose on average."""
        return self.fit(view, part, abs(view.balances.get(part.gives, 0)))[1]

    def fit(self, view: View, part: Part, size: int) -> tuple[int, Fraction]:
        """Return the size within the greatest move, and its mean concession: half of its move."""
        if part.gives != self.instrument:
            return size, Fraction(0)
        done = min(size, floor(self.most / self.per_unit))
        return done, self.per_unit * done / 2

    def record(self, view: View, part: Part, size: int, moved: Offer, taker: str) -> None:
        """Move the price, down for a long that was sold; to be given to the machine as ``on_trade``."""
        if part.gives != self.instrument or size == 0:
            return
        move = self.per_unit * size
        sold = view.balances.get(part.gives, 0) > 0
        self.state.values[self.key] = self.factor() * (ONE - move if sold else ONE + move)
