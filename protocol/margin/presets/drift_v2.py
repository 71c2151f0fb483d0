"""Drift v2: weighted deposits and borrows with perpetuals; weights worsen with the square root of size.

Source of the rule: drift-labs/protocol-v2 0ae3e3b1 ``programs/drift/src/math/{margin,liquidation}.rs``.
Integers truncate: weights 1e4, fees 1e6, prices 1e6, base 1e9, quote 1e6. Exact plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from protocol.errors import DivisionByZeroError
from protocol.fixed_point import div_up
from protocol.margin.judgement import Check, Judgement, Level

WEIGHT = 10**4
FEE = 10**6
PRICE = 10**6
BASE = 10**9
IMF = 10**6
UINT128_MAX = (1 << 128) - 1
OPEN_ORDER_REQUIREMENT = 10_000
"""One cent of margin per open order, quote units of 1e-6."""
GREATEST_PROFIT_WEIGHT = 100 * PRICE
"""Unrealised profit counts towards initial margin up to this much."""


def size_premium(size: int, factor: int, weight: int, precision: int = WEIGHT) -> int:
    """Return a liability weight after the size premium, never below ``weight``.

    Parameters
    ----------
    size
        Base units of 1e-9.
    factor
        The market's size factor, 1e6.
    weight
        Liability weight or margin ratio.
    precision
        Scale of ``weight``.
    """
    if factor == 0:
        return weight
    root = isqrt(size * 10 + 1)
    grown = weight - weight // 5 + root * factor // (10**5 * IMF // precision)
    return max(weight, grown)


def size_discount(size: int, factor: int, weight: int) -> int:
    """Return an asset weight after the size discount, never above ``weight``."""
    if factor == 0:
        return weight
    root = isqrt(size * 10 + 1)
    return min(weight, IMF * 11 // 10 * WEIGHT // (IMF + root * factor // 10**5))


def scaled_asset_weight(weight: int, deposits: int, start: int) -> int:
    """Return the initial asset weight of a market whose deposits' value exceeds ``start`` (zero: never)."""
    return weight * start // deposits if start and deposits > start else weight


@dataclass(frozen=True, slots=True)
class StrictPrice:
    """Oracle price and its five-minute average, 1e6; initial margin reads the worse one."""

    current: int
    average: int

    def lower(self, *, strict: bool) -> int:
        """Return the price for what is owned."""
        return min(self.current, self.average) if strict else self.current

    def upper(self, *, strict: bool) -> int:
        """Return the price for what is owed."""
        return max(self.current, self.average) if strict else self.current


@dataclass(frozen=True, slots=True)
class SpotHolding:
    """A deposit or (negative) borrow in token units.

    ``start`` and ``deposits`` are the market's deposit value from which the asset weight is scaled, and its
    deposits' value, both 1e6.
    """

    amount: int
    decimals: int
    price: StrictPrice
    initial_asset: int
    maintenance_asset: int
    initial_liability: int
    maintenance_liability: int
    imf: int = 0
    start: int = 0
    deposits: int = 0

    def weighted(self, level: Level) -> tuple[int, int]:
        """Return weighted collateral and weighted liability, quote units of 1e-6."""
        initial = level is not Level.MAINTENANCE
        unit = 10**self.decimals
        size = abs(self.amount) * BASE // unit
        if self.amount >= 0:
            value = self.amount * self.price.lower(strict=initial) // unit
            weight = self.initial_asset if initial else self.maintenance_asset
            if initial:
                weight = scaled_asset_weight(weight, self.deposits, self.start)
            return value * size_discount(size, self.imf, weight) // WEIGHT, 0
        value = -self.amount * self.price.upper(strict=initial) // unit
        weight = self.initial_liability if initial else self.maintenance_liability
        return 0, value * size_premium(size, self.imf, weight) // WEIGHT


@dataclass(frozen=True, slots=True)
class PerpHolding:
    """A perpetual: base 1e9, unrealised profit 1e6, ratios 1e4; ``bids`` and ``asks`` rest in the book."""

    base: int
    profit: int
    price: int
    quote_price: StrictPrice
    initial_ratio: int
    maintenance_ratio: int
    imf: int = 0
    profit_weight: int = WEIGHT
    bids: int = 0
    asks: int = 0
    orders: int = 0

    def ratio(self, level: Level, size: int) -> int:
        """Return the margin ratio of a level; a fill reads the mean of both."""
        if level is Level.FILL:
            base = (self.initial_ratio + self.maintenance_ratio) // 2
        else:
            base = self.maintenance_ratio if level is Level.MAINTENANCE else self.initial_ratio
        return size_premium(size, self.imf, base)

    def requirement(self, level: Level) -> int:
        """Return the requirement of the worse side with its orders filled."""
        size = max(abs(self.base + self.bids), abs(self.base - self.asks))
        notional = size * self.price // BASE * self.quote_price.upper(strict=level is not Level.MAINTENANCE)
        return notional // PRICE * self.ratio(level, size) // WEIGHT + self.orders * OPEN_ORDER_REQUIREMENT

    def weighted_profit(self, level: Level) -> int:
        """Return the profit that counts: losses in full, gains weighted and capped at initial margin."""
        strict = level is not Level.MAINTENANCE
        if self.profit <= 0:
            return -(-self.profit * self.quote_price.upper(strict=strict) // PRICE)
        value = self.profit * self.quote_price.lower(strict=strict) // PRICE
        value = value * (self.profit_weight if strict else WEIGHT) // WEIGHT
        return min(value, GREATEST_PROFIT_WEIGHT) if strict else value


@dataclass(frozen=True, slots=True)
class DriftAccount:
    """Deposits, borrows and perpetuals of one user."""

    spots: tuple[SpotHolding, ...]
    perps: tuple[PerpHolding, ...]

    def judge(self, check: Check) -> Judgement[int]:
        """Return weighted collateral minus weighted requirements, quote units of 1e-6."""
        collateral = needed = 0
        for spot in self.spots:
            asset, liability = spot.weighted(check.level)
            collateral += asset
            needed += liability
        for perp in self.perps:
            collateral += perp.weighted_profit(check.level)
            needed += perp.requirement(check.level)
        return Judgement(check, collateral - needed, collateral)


def base_to_cover_shortage(
    shortage: int, ratio: int, liquidator_fee: int, insurance_fee: int, price: int, quote_price: int
) -> int:
    """Return the base to close so that a shortage disappears, or everything where fees eat the margin."""
    if ratio * 100 <= liquidator_fee:
        return UINT128_MAX
    freed = price * quote_price // PRICE * (ratio * (FEE // WEIGHT) - liquidator_fee) // FEE
    freed -= price * insurance_fee // FEE
    return shortage * BASE // freed if freed > 0 else UINT128_MAX


def liability_to_cover_shortage(
    shortage: int,
    asset_weight: int,
    asset_multiplier: int,
    liability_weight: int,
    liability_multiplier: int,
    decimals: int,
    price: int,
    insurance_fee: int,
) -> int:
    """Return the liability tokens to hand over so that a shortage disappears, at least one.

    The multipliers (1e6) are one plus the asset's and one minus the liability's liquidation fee.
    """
    if asset_weight >= liability_weight:
        return UINT128_MAX
    released = liability_weight * 10 - asset_weight * 10 * asset_multiplier // liability_multiplier
    insurance = insurance_fee * liability_weight * 10 // FEE
    if released <= insurance:
        return UINT128_MAX
    handed: int = shortage * 10**decimals * (WEIGHT * 10) // (price * (released - insurance))
    return max(handed, 1)


def liability_for_asset_up(
    asset: int,
    asset_multiplier: int,
    asset_decimals: int,
    asset_price: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
) -> int:
    """Return the liability tokens that an amount of asset pays for, rounded up."""
    if liability_price == 0 or asset_multiplier == 0:
        raise DivisionByZeroError("liability_for_asset_up")
    numerator = asset * asset_price * liability_multiplier * 10**liability_decimals
    return div_up(numerator, liability_price * asset_multiplier * 10**asset_decimals)


def asset_for_liability_down(
    asset: int,
    asset_multiplier: int,
    asset_decimals: int,
    asset_price: int,
    liability: int,
    liability_multiplier: int,
    liability_decimals: int,
    liability_price: int,
) -> int:
    """Return the asset paid for a liability with both fees, never more than ``asset``."""
    if asset_price == 0 or liability_multiplier == 0:
        raise DivisionByZeroError("asset_for_liability_down")
    numerator = liability * liability_price * asset_multiplier * 10**asset_decimals
    paid: int = numerator // (asset_price * liability_multiplier * 10**liability_decimals)
    return min(paid, asset)
