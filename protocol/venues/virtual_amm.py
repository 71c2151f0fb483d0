"""A virtual automated market maker: a constant product that prices positions and holds nothing.

The form of Perpetual Protocol v1 (``Amm.sol``): traders face the protocol, virtual reserves move, and every
division is rounded against the trader.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import InsufficientLiquidityError, NegativeAmountError


@dataclass(frozen=True, slots=True)
class VirtualAmm:
    """Virtual reserves in raw units, both above zero.

    Parameters
    ----------
    base, quote
        Of the perpetual and of what it is priced in.
    """

    base: int
    quote: int

    @property
    def price(self) -> Fraction:
        """Return raw quote per raw base at the margin."""
        return Fraction(self.quote, self.base)

    def cost_up(self, units: int) -> int:
        """Return the quote that buying ``units`` of base costs.

        Raises
        ------
        InsufficientLiquidityError
            If the reserve is not larger.
        """
        _require_not_negative(units)
        if units >= self.base:
            raise InsufficientLiquidityError("virtual base", units, self.base)
        return -(-self.quote * units // (self.base - units))

    def proceeds_down(self, units: int) -> int:
        """Return the quote that selling ``units`` of base brings."""
        _require_not_negative(units)
        return self.quote * units // (self.base + units)

    def buy(self, units: int) -> tuple[int, VirtualAmm]:
        """Return the cost of ``units`` of base and the reserves after it."""
        cost = self.cost_up(units)
        return cost, VirtualAmm(self.base - units, self.quote + cost)

    def sell(self, units: int) -> tuple[int, VirtualAmm]:
        """Return the proceeds of ``units`` of base and the reserves after it."""
        proceeds = self.proceeds_down(units)
        return proceeds, VirtualAmm(self.base + units, self.quote - proceeds)


def _require_not_negative(units: int) -> None:
    if units < 0:
        raise NegativeAmountError("trade on a virtual market", units)
