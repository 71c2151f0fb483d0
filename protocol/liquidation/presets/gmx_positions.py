"""GMX V2's positions in the contract's integers: profit, what a close leaves, when a keeper may close.

Source of the rule: gmx-io/gmx-synthetics 00fc6b2e ``contracts/position/PositionUtils.sol`` and
``contracts/utils/Precision.sol``, equal to the compiled text to the last unit (tests/vectors/liquidation).
Dollars and factors have 30 decimals; a price is dollars per raw unit of token. Price impact and fees are
inputs: the curve of the impact stands in ``margin/presets/gmx_v2.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import DivisionByZeroError
from protocol.fixed_point import div_to_zero
from protocol.liquidation.presets.gmx import PRECISION


@dataclass(frozen=True, slots=True)
class GmxPosition:
    """One position: its cost in dollars, its size in index tokens, its collateral, its side."""

    size: int
    tokens: int
    collateral: int
    long: bool


@dataclass(frozen=True, slots=True)
class SideOfMarket:
    """What the market says of a position's side.

    Parameters
    ----------
    index_price
        That which is worse for the position.
    pool_tokens, pool_price
        Backing of that side's profits, at the lower price.
    profit
        Of all positions of the side.
    greatest_factor
        Share of the pool to which profits of the side are cut.
    """

    index_price: int
    pool_tokens: int
    pool_price: int
    profit: int
    greatest_factor: int

    @property
    def pool(self) -> int:
        """Dollars that back the side."""
        return self.pool_tokens * self.pool_price

    def cut_down(self, profit: int) -> int:
        """Return a position's share of what the side is paid at most."""
        most = self.pool * self.greatest_factor // PRECISION
        if self.profit > most > 0:
            return profit * most // self.profit
        return profit


@dataclass(frozen=True, slots=True)
class ClosingTerms:
    """What a full close costs, and what must be left.

    Parameters
    ----------
    collateral_price
        The lower one.
    impact, greatest_impact
        Dollars, and the share of size to which a harmful impact is cut.
    fees
        In collateral.
    least_collateral
        Dollars; None where they are not checked.
    least_factor
        Share of size.
    """

    collateral_price: int
    impact: int
    greatest_impact: int
    fees: int
    least_collateral: int | None
    least_factor: int


def profit(position: GmxPosition, side: SideOfMarket, size: int | None = None) -> tuple[int, int]:
    """Return profit and index tokens of a part of ``size`` dollars, of all for None.

    A long's tokens are rounded up, a short's down; profit is rounded toward zero.

    Raises
    ------
    DivisionByZeroError
        For a position without tokens.
    """
    if position.tokens == 0 or position.size == 0:
        raise DivisionByZeroError("size of the position")
    worth = position.tokens * side.index_price
    total = worth - position.size if position.long else position.size - worth
    if total > 0:
        total = side.cut_down(total)
    tokens = position.tokens
    if size is not None and size != position.size:
        moved = position.tokens * size
        tokens = (moved + position.size - 1) // position.size if position.long else moved // position.size
    return div_to_zero(total * tokens, position.tokens), tokens


def remaining(position: GmxPosition, side: SideOfMarket, terms: ClosingTerms) -> int:
    """Return the dollars that a full close would leave: helpful impact is not counted, harmful is cut."""
    least = -(position.size * terms.greatest_impact // PRECISION)
    impact = max(min(terms.impact, 0), least)
    held = (position.collateral - terms.fees) * terms.collateral_price
    return held + profit(position, side)[0] + impact


def liquidatable(position: GmxPosition, side: SideOfMarket, terms: ClosingTerms) -> bool:
    """Return whether any keeper may close the position."""
    left = remaining(position, side, terms)
    if terms.least_collateral is not None and left < terms.least_collateral:
        return True
    return left <= 0 or left < position.size * terms.least_factor // PRECISION
