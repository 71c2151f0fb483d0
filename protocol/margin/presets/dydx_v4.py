"""dYdX v4: perpetuals against one quote balance; the initial fraction grows with open interest.

Source of the rule: dydxprotocol/v4-chain 84d4664b ``protocol/x/perpetuals``, ``protocol/x/subaccounts``,
``protocol/x/clob`` (liquidations). Big integers: quote quantums of 1e-6 dollars, fractions in millionths;
requirements are rounded up. Exact plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import DivisionByZeroError
from protocol.fixed_point import div_up
from protocol.margin.judgement import Check, Judgement, Level

MILLION = 10**6
QUOTE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Tier:
    """A liquidity tier.

    Parameters
    ----------
    initial
        Initial fraction, millionths.
    maintenance
        Maintenance as a share of the initial requirement, millionths.
    lower_cap, upper_cap
        Open interest in quote quantums between which the initial fraction rises to one; zero for never.
    """

    initial: int
    maintenance: int
    lower_cap: int = 0
    upper_cap: int = 0

    def fraction_down(self, open_interest: int) -> int:
        """Return the initial fraction at an open interest in quote quantums."""
        if self.upper_cap == 0 or open_interest <= self.lower_cap:
            return self.initial
        if open_interest >= self.upper_cap:
            return MILLION
        risen = (MILLION - self.initial) * (open_interest - self.lower_cap)
        return min(self.initial + risen // (self.upper_cap - self.lower_cap), MILLION)

    def initial_up(self, notional: int, open_interest: int) -> int:
        """Return the initial requirement of a notional."""
        return div_up(notional * self.fraction_down(open_interest), MILLION)

    def maintenance_up(self, notional: int) -> int:
        """Return the maintenance requirement; it ignores open interest."""
        return div_up(div_up(notional * self.initial, MILLION) * self.maintenance, MILLION)


LARGE = Tier(50_000, 600_000)
MID = Tier(100_000, 500_000, 20_000_000 * MILLION, 50_000_000 * MILLION)
LONG_TAIL = Tier(200_000, 500_000, 5_000_000 * MILLION, 10_000_000 * MILLION)
"""Tiers of the genesis file and of upgrade v5 (research of the named commit)."""


@dataclass(frozen=True, slots=True)
class Position:
    """A perpetual: signed base quantums, price with its exponent, and the open interest in base quantums."""

    market: str
    quantums: int
    price: int
    exponent: int
    atomic_resolution: int
    tier: Tier
    open_interest: int = 0

    def notional(self, quantums: int) -> int:
        """Return quote quantums, truncated toward zero."""
        places = self.exponent + self.atomic_resolution + QUOTE_DECIMALS
        value = abs(quantums) * self.price
        value = value * int(10**places) if places >= 0 else value // int(10**-places)
        return value if quantums >= 0 else -value

    def requirements(self, quantums: int) -> tuple[int, int]:
        """Return initial and maintenance requirement of ``quantums`` in quote quantums."""
        notional = abs(self.notional(quantums))
        interest = self.notional(self.open_interest)
        return self.tier.initial_up(notional, interest), self.tier.maintenance_up(notional)


@dataclass(frozen=True, slots=True)
class SubAccount:
    """A quote balance in quantums and its positions."""

    quote: int
    positions: tuple[Position, ...]

    def net_collateral(self) -> int:
        """Return the balance plus all notionals."""
        return self.quote + sum(p.notional(p.quantums) for p in self.positions)

    def requirement(self, level: Level) -> int:
        """Return the sum of requirements."""
        index = 0 if level is Level.INITIAL else 1
        return sum(p.requirements(p.quantums)[index] for p in self.positions)

    def judge(self, check: Check) -> Judgement[int]:
        """Return excess over the requirement."""
        equity = self.net_collateral()
        return Judgement(check, equity - self.requirement(check.level), equity)

    def liquidatable(self) -> bool:
        """Return whether maintenance is asked for and not met."""
        needed = self.requirement(Level.MAINTENANCE)
        return needed > 0 and needed > self.net_collateral()

    def position(self, market: str) -> Position:
        """Return the position in ``market``."""
        return next(p for p in self.positions if p.market == market)

    def bankruptcy_quote(self, market: str, change: int) -> int:
        """Return the quote quantums at which trading ``change`` leaves the rest as bankrupt as before.

        The share of net collateral that belongs to the change is rounded toward negative infinity.
        """
        position = self.position(market)
        after = position.quantums + change
        moved = position.notional(after) - position.notional(position.quantums)
        released = abs(position.requirements(after)[1] - position.requirements(position.quantums)[1])
        total = self.requirement(Level.MAINTENANCE)
        if total == 0:
            raise DivisionByZeroError("maintenance requirement")
        return -moved - self.net_collateral() * released // total

    def fillable_price(self, market: str, adjustment: int, spread: int) -> Fraction:
        """Return quote per base quantums at which a liquidation order is placed, a rational number.

        Parameters
        ----------
        market
            Which position.
        adjustment, spread
            Bankruptcy adjustment and spread to maintenance ratio, millionths.
        """
        position = self.position(market)
        total = self.requirement(Level.MAINTENANCE)
        if position.quantums == 0 or total == 0:
            raise DivisionByZeroError("position or maintenance requirement")
        bankrupt = Fraction(adjustment, MILLION) * (1 - Fraction(self.net_collateral(), total))
        bankrupt = max(min(bankrupt, Fraction(1)), Fraction(0))
        distance = bankrupt * Fraction(spread, MILLION) * position.requirements(position.quantums)[1]
        return (position.notional(position.quantums) - distance) / position.quantums

    def insurance_delta(self, market: str, change: int, quote: int, greatest_fee: int) -> int:
        """Return what the insurance fund gains (or pays, negative) from a fill.

        Parameters
        ----------
        market, change
            Position and signed base quantums filled.
        quote
            Quote quantums received (negative if paid).
        greatest_fee
            Share of the fill that the fund may take, millionths.
        """
        gained = quote - self.bankruptcy_quote(market, change)
        return min(gained, abs(quote) * greatest_fee // MILLION) if gained > 0 else gained
