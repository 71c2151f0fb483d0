"""All that a margin rule may read of the market: prices as plain values, and how assets count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from protocol.errors import MissingPriceError, UnsafeValueError
from protocol.fixed_point import mul_div_down, mul_div_up


@dataclass(frozen=True, slots=True)
class Price:
    """Quote units per whole token, as an integer with ``decimals``."""

    value: int
    decimals: int = 18

    def __post_init__(self) -> None:
        if self.value < 0:
            raise UnsafeValueError("price", self.value, 0, 1 << 256)

    @classmethod
    def of(cls, amount: Decimal | int | str, decimals: int = 18) -> Price:
        """Return the price nearest below ``amount`` at ``decimals``."""
        return cls(int(Fraction(Decimal(amount)) * 10**decimals), decimals)

    @property
    def exact(self) -> Fraction:
        """The price as a fraction."""
        return Fraction(self.value, 10**self.decimals)


@dataclass(frozen=True, slots=True)
class MarketState:
    """Prices and decimals by asset; ``scale`` is the number of decimals in which values are counted."""

    prices: Mapping[str, Price]
    decimals: Mapping[str, int]
    scale: int = 18

    def price(self, asset: str) -> Price:
        """Return the price of ``asset``.

        Raises
        ------
        MissingPriceError
            With the assets that have one.
        """
        try:
            return self.prices[asset]
        except KeyError:
            raise MissingPriceError(asset, tuple(self.prices)) from None

    def _parts(self, asset: str, units: int) -> tuple[int, int, int]:
        price = self.price(asset)
        return units, price.value * 10**self.scale, 10 ** (self.decimals[asset] + price.decimals)

    def value_down(self, asset: str, units: int) -> int:
        """Return the value of ``units`` rounded toward negative infinity, at ``scale`` decimals."""
        return mul_div_down(*self._parts(asset, units))

    def value_up(self, asset: str, units: int) -> int:
        """Return the value of ``units`` rounded toward positive infinity, at ``scale`` decimals."""
        return mul_div_up(*self._parts(asset, units))
