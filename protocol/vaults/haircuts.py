"""How collateral counts: tiers by size, growth caps on exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocol.errors import UnsafeValueError
from protocol.fixed_point import WAD
from protocol.vaults.interest import YEAR


@dataclass(frozen=True, slots=True)
class Tier:
    """From ``above`` units on, a unit counts ``rate`` (18 decimals), up to the next tier."""

    above: int
    rate: int


@dataclass(frozen=True, slots=True)
class TieredHaircut:
    """Value by slices: the first units count most, what exceeds a tier counts less (OKX, Bybit).

    Parameters
    ----------
    tiers
        In rising order from 0; rates fall and lie between 0 and 1.
    """

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[0].above != 0:
            raise UnsafeValueError("lower bound of the first tier", -1, 0, 0)
        for tier in self.tiers:
            if not 0 <= tier.rate <= WAD:
                raise UnsafeValueError("rate of a tier", tier.rate, 0, WAD)
        for lower, upper in pairwise(self.tiers):
            if upper.above <= lower.above or upper.rate > lower.rate:
                raise UnsafeValueError("tier", upper.above, lower.above, upper.rate)

    @classmethod
    def flat(cls, rate: int) -> TieredHaircut:
        """Return one rate for every size."""
        return cls((Tier(0, rate),))

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int]]) -> TieredHaircut:
        """Return the tiers from (above, rate) rows."""
        return cls(tuple(Tier(above, rate) for above, rate in rows))

    def counted_down(self, units: int) -> int:
        """Return how many units count in full instead of ``units``, rounded down once at the end."""
        return self._weighted(units) // WAD

    def rate_at(self, units: int) -> int:
        """Return the rate of the last unit: the slope of value in size."""
        rate = self.tiers[0].rate
        for tier in self.tiers:
            if units > tier.above:
                rate = tier.rate
        return rate

    def _weighted(self, units: int) -> int:
        total = 0
        for index, tier in enumerate(self.tiers):
            upper = self.tiers[index + 1].above if index + 1 < len(self.tiers) else units
            total += max(0, min(units, upper) - tier.above) * tier.rate
        return total


@dataclass(frozen=True, slots=True)
class GrowthCap:
    """An exchange rate that may grow no faster than a yearly rate from a snapshot (LST, LP, yield bearing).

    Parameters
    ----------
    snapshot_rate, snapshot_at
        Rate and second of the snapshot.
    yearly
        Greatest growth per year, 18 decimals.
    may_fall
        Whether a lower rate is believed at once.
    """

    snapshot_rate: int
    snapshot_at: int
    yearly: int
    may_fall: bool = True

    def __post_init__(self) -> None:
        if self.snapshot_rate <= 0:
            raise UnsafeValueError("snapshot rate", self.snapshot_rate, 1, 1 << 256)

    def ceiling_down(self, now: int) -> int:
        """Return the greatest rate believed at ``now``."""
        grown = self.snapshot_rate * self.yearly * max(0, now - self.snapshot_at) // (WAD * YEAR)
        return self.snapshot_rate + grown

    def believed(self, rate: int, now: int) -> int:
        """Return the rate used when the contract says ``rate``."""
        capped = min(rate, self.ceiling_down(now))
        return capped if self.may_fall else max(capped, self.snapshot_rate)
