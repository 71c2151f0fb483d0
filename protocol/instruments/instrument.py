"""The one small interface of every instrument, and what a position in it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias

from protocol.errors import MissingPriceError
from protocol.fixed_point.context import Context, N

PriceOf: TypeAlias = Mapping[str, N]
"""Prices in the account's unit, by asset; a derivative's own mark stands under its name."""


@dataclass(frozen=True, slots=True)
class Position(Generic[N]):
    """A signed size and the price at which it was entered (for what has one)."""

    size: N
    entry: N


class Instrument(Protocol[N]):
    """What can be held."""

    @property
    def name(self) -> str:
        """Unique name."""
        ...

    @property
    def underlying(self) -> str:
        """The asset whose price moves it."""
        ...

    @property
    def settlement(self) -> str:
        """The asset in which it pays."""
        ...

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return what the position is worth, in units of the settlement asset."""
        ...


def price(prices: PriceOf[N], name: str, otherwise: str = "") -> N:
    """Return the price called ``name``, or that of ``otherwise``.

    Raises
    ------
    MissingPriceError
        If there is neither.
    """
    if name in prices:
        return prices[name]
    if otherwise in prices:
        return prices[otherwise]
    raise MissingPriceError(name, tuple(prices))


def equity(
    context: Context[N], holdings: Iterable[tuple[Instrument[N], Position[N]]], prices: PriceOf[N]
) -> N:
    """Return the value of all positions in the account's unit; the settlement asset moves with the rest."""
    total = context.zero
    for instrument, position in holdings:
        value = instrument.value(context, position, prices)
        total = total + context.mul_to_zero(value, price(prices, instrument.settlement))
    return total
