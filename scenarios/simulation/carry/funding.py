"""Funding between the sides of a perpetual, as balanced entries in the settlement asset.

All positions add up to zero, so what one side owes is owed to the other. Payments are rounded up, receipts
down, and what rounding leaves goes to the insurance fund: what is paid is received, to the unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.pricing.funding import SECONDS_PER_DAY, VelocityFunding, clamped_premium_rate, premium
from scenarios.files.protocol_carry import FundingFile
from scenarios.simulation.names import FUND
from scenarios.world import World

YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Funded:
    """Funding of one market over some seconds.

    Parameters
    ----------
    rate
        Part of the notional that longs paid, below zero what they received, exact.
    paid
        Raw settlement units that changed sides.
    rounding
        Of these, what went to the insurance fund.
    """

    market: str
    rate: Fraction
    paid: int
    rounding: int


def wad_down(value: Fraction) -> int:
    """Return a figure with 18 decimals, rounded down."""
    return (value * WAD).numerator // (value * WAD).denominator


def clamped_rate(entry: FundingFile, mark: Fraction, index: Fraction, seconds: int) -> Fraction:
    """Return the part of the notional that longs pay over ``seconds``."""
    figures = (int(figure * WAD) for figure in (entry.interest, entry.clamp, entry.cap))
    above = premium(EXACT, wad_down(mark), wad_down(index))
    rate = clamped_premium_rate(EXACT, above, *figures)
    return Fraction(rate * seconds, WAD * entry.interval_seconds)


def velocity_rate(entry: FundingFile, skew: Fraction, daily: int, seconds: int) -> tuple[Fraction, int]:
    """Return the part of the notional that longs pay over ``seconds``, and the daily rate after them."""
    state = VelocityFunding(
        wad_down(skew),
        int(entry.skew_scale * WAD),
        int(entry.greatest_velocity * WAD),
        daily,
        0,
        seconds,
    )
    after = state.current_rate(EXACT)
    return Fraction((daily + after) * seconds, 2 * WAD * SECONDS_PER_DAY), after


def yearly_funding(
    world: World, name: str, entry: FundingFile | None, mark: Fraction, index: Fraction
) -> Fraction:
    """Return the part of the notional that longs would pay in a year at this mark; 0 without funding."""
    if entry is None:
        return Fraction(0)
    if entry.rule == "velocity":
        daily = world.state.values.get(rate_memory(name), 0)
        assert isinstance(daily, int)
        return Fraction(daily * 365, WAD)
    return clamped_rate(entry, mark, index, YEAR)


def rate_memory(name: str) -> str:
    """Return under which name the daily rate of a market is kept."""
    return f"funding rate of {name}"


def settle_funding(
    world: World,
    market: str,
    settlement: str,
    positions: Mapping[str, int],
    unit: Fraction,
    rate: Fraction,
) -> Funded:
    """Post what positions pay and receive.

    Parameters
    ----------
    positions
        Signed raw base by account; all together zero.
    unit
        Raw settlement units per raw base at the index price.
    rate
        Part of the notional that longs pay.
    """
    exact = {account: size * unit * rate for account, size in positions.items()}
    paid = 0
    for account, owed in exact.items():
        if owed > 0:
            units = -(-owed.numerator // owed.denominator)
            world.move(account, FUND, settlement, units, "funding")
            paid += units
    left = paid
    for account, owed in exact.items():
        if owed < 0:
            units = -owed.numerator // owed.denominator
            world.move(FUND, account, settlement, units, "funding")
            left -= units
    return Funded(market, rate, paid, left)
