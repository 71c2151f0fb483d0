"""Options in a protocol file: European, settled in cash, held as positions beside perpetuals."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from scenarios.files.protocol_parts import Decimals, Part
from scenarios.files.quantities import Positive


def volatility_of(option: OptionFile, market: object) -> Decimal | None:
    """Return the option's own volatility, or the market's of its underlying: of the surface, of the model."""
    if option.volatility is not None:
        return option.volatility
    surface = getattr(market, "surface", None)
    level = None if surface is None else surface.level.get(option.underlying)
    if level is not None:
        return Decimal(level)
    stated = getattr(market, "volatility", None)
    found = stated.get(option.underlying) if isinstance(stated, dict) else None
    return found if isinstance(found, Decimal) and found > 0 else None


class OptionFile(Part):
    """A European option on an asset of the file, marked by Black's formula at the oracle's price.

    The interest rate is zero, so the forward is the price. It must outlive the run: nothing settles in it.
    """

    underlying: str = Field(description="Asset whose price it depends on.")
    type: Literal["call", "put"]
    strike: Positive
    expiry: Annotated[int, Field(ge=1, strict=True)] = Field(description="Seconds from the start.")
    volatility: Positive | None = Field(
        None,
        description="Implied, annualised, constant. Without it that of the market's `surface`, which moves, "
        "or the market's volatility of the underlying.",
    )
    decimals: Decimals = 6
