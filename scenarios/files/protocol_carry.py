"""Interest, funding and marks in a protocol file; what is left out is not charged."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from scenarios.files.protocol_parts import Count, Part
from scenarios.files.quantities import Fraction, NotNegative, Number, Positive


class InterestFile(Part):
    """What debt in an asset costs, by how much of its supply is lent out.

    ``kinked``: base and slope up to the kink, steep beyond it (Compound, Aave). ``morpho``: the adaptive
    curve with its published constants, target utilisation 0.9. ``hyperliquid``: 5 % up to a utilisation of
    0.8, then 4.75 per unit, as its portfolio margin. Rates are per year of 365 days.
    """

    model: Literal["kinked", "morpho", "hyperliquid"] = "kinked"
    base: NotNegative = Field(Decimal(0), description="Yearly rate at utilisation 0 (kinked).")
    slope: NotNegative = Field(
        Decimal(0), description="Rise per unit of utilisation up to the kink (kinked)."
    )
    kink: Fraction = Field(Decimal("0.8"), description="Utilisation (kinked).")
    steep: NotNegative = Field(Decimal(0), description="Rise per unit beyond the kink (kinked).")
    reserve_factor: Fraction = Field(Decimal(0), description="Part of the interest that the reserves keep.")


class FundingFile(Part):
    """What one side of a perpetual pays the other, at the index price.

    ``clamped``: premium + clamp(interest - premium) per interval, within the cap; the defaults are those of
    Hyperliquid's documentation (0.01 % and 0.05 % per eight hours, cap 4 % an hour), charged as time passes.
    ``velocity``: the rate per day moves with the skew (Synthetix Perps).
    """

    rule: Literal["clamped", "velocity"] = "clamped"
    interval_seconds: Count = Field(28_800, description="To which rates refer (clamped).")
    interest: Number = Field(Decimal("0.0001"), description="Per interval (clamped).")
    clamp: NotNegative = Field(Decimal("0.0005"), description="Most by which interest pulls (clamped).")
    cap: NotNegative = Field(Decimal("0.32"), description="Largest rate per interval, either way (clamped).")
    skew_scale: Positive = Field(Decimal(1_000_000), description="Base at which velocity is full (velocity).")
    greatest_velocity: NotNegative = Field(
        Decimal(9), description="Change of the daily rate per day at full skew (velocity)."
    )


class VirtualAmmFile(Part):
    """A virtual constant product: traders face the protocol, no tokens lie in it; its price is the mark."""

    type: Literal["virtual-amm"]
    depth: Positive = Field(
        description="Virtual base reserve; the quote reserve puts it at the index at first."
    )


class SkewFile(Part):
    """Index price with an impact of the skew, against the protocol (Synthetix Perps); that is the mark."""

    type: Literal["skew"]
    skew_scale: Positive = Field(description="Base by which the price doubles.")


MarkVenueFile: TypeAlias = Annotated[VirtualAmmFile | SkewFile, Field(discriminator="type")]
