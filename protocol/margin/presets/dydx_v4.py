"""dYdX v4: perpetuals against one quote balance; the initial fraction grows with open interest.

Source of the rule: dydxprotocol/v4-chain 84d4664b ``protocol/x/perpetuals``, ``protocol/x/subaccounts``,
``protocol/x/clob`` (liquidations). Big integers: quote quantums of 1e-6 dollars, fractions in millionths;
requirements are rounded up. Margin runs in both number contexts, liquidation prices in the exact one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Generic

from protocol.errors import DivisionByZeroError
from protocol.fixed_point.context import EXACT, Context, N
from protocol.fixed_point.scales import one
from protocol.margin.judgement import Check, Judgement, Level

MILLION = 10**6
QUOTE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Tier(Generic[N]):
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

    DECIMALS: ClassVar = dict.fromkeys(("initial", "maintenance", "lower_cap", "upper_cap"), 6)

    initial: N
    maintenance: N
    lower_cap: N
    upper_cap: N

    def fraction_down(self, context: Context[N], open_interest: N) -> N:
        """Return the initial fraction at an open interest in quote quantums."""
        whole = one(context, QUOTE_DECIMALS)
        risen = (whole - self.initial) * (open_interest - self.lower_cap)
        steep = self.initial + context.quotient_or(risen, self.upper_cap - self.lower_cap, context.zero)
        grown = context.where(open_interest >= self.upper_cap, whole, context.minimum(steep, whole))
        never = (self.upper_cap == 0) | (open_interest <= self.lower_cap)
        return context.where(never, self.initial, grown)

    def initial_up(self, context: Context[N], notional: N, open_interest: N) -> N:
        """Return the initial requirement of a notional."""
        return context.scaled_up(notional, self.fraction_down(context, open_interest), MILLION)

    def maintenance_up(self, context: Context[N], notional: N) -> N:
        """Return the maintenance requirement; it ignores open interest."""
        return context.scaled_up(
            context.scaled_up(notional, self.initial, MILLION), self.maintenance, MILLION
        )


LARGE: Tier[int] = Tier(50_000, 600_000, 0, 0)
MID: Tier[int] = Tier(100_000, 500_000, 20_000_000 * MILLION, 50_000_000 * MILLION)
LONG_TAIL: Tier[int] = Tier(200_000, 500_000, 5_000_000 * MILLION, 10_000_000 * MILLION)
"""Tiers of the genesis file and of upgrade v5 (research of the named commit)."""


@dataclass(frozen=True, slots=True)
class Position(Generic[N]):
    """A perpetual: signed base quantums, price with its exponent, and the open interest in base quantums."""

    market: str
    quantums: N
    price: N
    exponent: int
    atomic_resolution: int
    tier: Tier[N]
    open_interest: N

    @property
    def DECIMALS(self) -> Mapping[str, int | None]:  # noqa: N802 - what the number contexts read
        """Decimals by field."""
        base = dict.fromkeys(("quantums", "open_interest"), -self.atomic_resolution)
        return {**base, "price": -self.exponent, "exponent": None, "atomic_resolution": None}

    def notional(self, context: Context[N], quantums: N) -> N:
        """Return quote quantums, truncated toward zero."""
        places = self.exponent + self.atomic_resolution + QUOTE_DECIMALS
        product = context.scaled_down(context.absolute(quantums), self.price, 1)
        value = context.scaled_down(product, context.unit, 10 ** (18 - places))
        return context.where(quantums >= 0, value, -value)

    def requirements(self, context: Context[N], quantums: N) -> tuple[N, N]:
        """Return initial and maintenance requirement of ``quantums`` in quote quantums."""
        notional = context.absolute(self.notional(context, quantums))
        interest = self.notional(context, self.open_interest)
        initial = self.tier.initial_up(context, notional, interest)
        return initial, self.tier.maintenance_up(context, notional)


@dataclass(frozen=True, slots=True)
class SubAccount(Generic[N]):
    """A quote balance in quantums and its positions."""

    DECIMALS: ClassVar = {"quote": QUOTE_DECIMALS}

    quote: N
    positions: tuple[Position[N], ...]

    def net_collateral(self, context: Context[N]) -> N:
        """Return the balance plus all notionals."""
        total = self.quote
        for position in self.positions:
            total = total + position.notional(context, position.quantums)
        return total

    def requirement(self, context: Context[N], level: Level) -> N:
        """Return the sum of requirements."""
        index = 0 if level is Level.INITIAL else 1
        total = context.zero
        for position in self.positions:
            total = total + position.requirements(context, position.quantums)[index]
        return total

    def judge(self, context: Context[N], check: Check) -> Judgement[N]:
        """Return excess over the requirement."""
        equity = self.net_collateral(context)
        return Judgement(check, equity - self.requirement(context, check.level), equity)

    def position(self, market: str) -> Position[N]:
        """Return the position in ``market``."""
        return next(p for p in self.positions if p.market == market)


def liquidatable(account: SubAccount[int]) -> bool:
    """Return whether maintenance is asked for and not met."""
    needed = account.requirement(EXACT, Level.MAINTENANCE)
    return needed > 0 and needed > account.net_collateral(EXACT)


def bankruptcy_quote(account: SubAccount[int], market: str, change: int) -> int:
    """Return the quote quantums at which trading ``change`` leaves the rest as bankrupt as before.

    The share of net collateral that belongs to the change is rounded toward negative infinity.
    """
    position = account.position(market)
    after = position.quantums + change
    moved = position.notional(EXACT, after) - position.notional(EXACT, position.quantums)
    before = position.requirements(EXACT, position.quantums)[1]
    released = abs(position.requirements(EXACT, after)[1] - before)
    total = account.requirement(EXACT, Level.MAINTENANCE)
    if total == 0:
        raise DivisionByZeroError("maintenance requirement")
    return -moved - account.net_collateral(EXACT) * released // total


def fillable_price(account: SubAccount[int], market: str, adjustment: int, spread: int) -> Fraction:
    """Return quote per base quantums at which a liquidation order is placed, a rational number.

    Parameters
    ----------
    account
        The sub-account.
    market
        Which position.
    adjustment, spread
        Bankruptcy adjustment and spread to maintenance ratio, millionths.
    """
    position = account.position(market)
    total = account.requirement(EXACT, Level.MAINTENANCE)
    if position.quantums == 0 or total == 0:
        raise DivisionByZeroError("position or maintenance requirement")
    bankrupt = Fraction(adjustment, MILLION) * (1 - Fraction(account.net_collateral(EXACT), total))
    bankrupt = max(min(bankrupt, Fraction(1)), Fraction(0))
    needed = position.requirements(EXACT, position.quantums)[1]
    distance = bankrupt * Fraction(spread, MILLION) * needed
    return (position.notional(EXACT, position.quantums) - distance) / position.quantums


def insurance_delta(account: SubAccount[int], market: str, change: int, quote: int, greatest_fee: int) -> int:
    """Return what the insurance fund gains (or pays, negative) from a fill.

    Parameters
    ----------
    account
        The sub-account.
    market, change
        Position and signed base quantums filled.
    quote
        Quote quantums received (negative if paid).
    greatest_fee
        Share of the fill that the fund may take, millionths.
    """
    gained = quote - bankruptcy_quote(account, market, change)
    return min(gained, abs(quote) * greatest_fee // MILLION) if gained > 0 else gained
