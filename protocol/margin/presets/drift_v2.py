"""Drift v2: weighted deposits and borrows with perpetuals; weights worsen with the square root of size.

Source of the rule: drift-labs/protocol-v2 0ae3e3b1 ``programs/drift/src/math/{margin,liquidation}.rs``.
Integers truncate: weights 1e4, fees 1e6, prices 1e6, base 1e9, quote 1e6. Margin runs in both number
contexts, the sizes of liquidations in the exact one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.errors import DivisionByZeroError
from protocol.fixed_point import WAD, div_up
from protocol.fixed_point.context import Context, N
from protocol.fixed_point.scales import constant, one
from protocol.margin.judgement import Check, Judgement, Level

WEIGHT = 10**4
FEE = 10**6
PRICE = 10**6
BASE = 10**9
IMF = 10**6
UINT128_MAX = (1 << 128) - 1
OPEN_ORDER_REQUIREMENT = WAD // 100
"""One cent of margin per open order."""
GREATEST_PROFIT = 100 * WAD
"""Unrealised profit counts towards initial margin up to this much."""


def _root_of_size(context: Context[N], size: N) -> N:
    """Return isqrt(size * 10 + 1): the square root of whole base units with 5 decimals."""
    return context.root_of_square(context.scaled_down(size, context.unit, 10**17) + context.of(1))


def size_premium(context: Context[N], size: N, factor: N, weight: N, precision: int = WEIGHT) -> N:
    """Return a liability weight after the size premium, never below ``weight``.

    Parameters
    ----------
    context
        The number context.
    size
        Base units of 1e-9.
    factor
        The market's size factor, 1e6.
    weight
        Liability weight or margin ratio.
    precision
        Scale of ``weight``.
    """
    root = context.scaled_down(_root_of_size(context, size), factor, 10**5 * IMF // precision)
    grown = weight - context.quotient_down(weight, context.count(5)) + root
    return context.where(factor == 0, weight, context.maximum(weight, grown))


def size_discount(context: Context[N], size: N, factor: N, weight: N) -> N:
    """Return an asset weight after the size discount, never above ``weight``."""
    root = context.scaled_down(_root_of_size(context, size), factor, 10**5)
    shrunk = context.quotient_down(constant(context, WAD * 11 // 10, 10), one(context, 6) + root)
    return context.where(factor == 0, weight, context.minimum(weight, shrunk))


def scaled_asset_weight(context: Context[N], weight: N, deposits: N, start: N) -> N:
    """Return the initial asset weight of a market whose deposits' value exceeds ``start`` (zero: never)."""
    crowded = context.quotient_or(weight * start, deposits, weight)
    return context.where((start > 0) & (deposits > start), crowded, weight)


@dataclass(frozen=True, slots=True)
class StrictPrice(Generic[N]):
    """Oracle price and its five-minute average, 1e6; initial margin reads the worse one."""

    DECIMALS: ClassVar = {"current": 6, "average": 6}

    current: N
    average: N

    def lower(self, context: Context[N], *, strict: bool) -> N:
        """Return the price for what is owned."""
        return context.minimum(self.current, self.average) if strict else self.current

    def upper(self, context: Context[N], *, strict: bool) -> N:
        """Return the price for what is owed."""
        return context.maximum(self.current, self.average) if strict else self.current


@dataclass(frozen=True, slots=True)
class SpotHolding(Generic[N]):
    """A deposit or (negative) borrow in token units.

    ``start`` and ``deposits`` are the market's deposit value from which the asset weight is scaled, and its
    deposits' value, both 1e6.
    """

    amount: N
    decimals: int
    price: StrictPrice[N]
    initial_asset: N
    maintenance_asset: N
    initial_liability: N
    maintenance_liability: N
    imf: N
    start: N
    deposits: N

    @property
    def DECIMALS(self) -> Mapping[str, int | None]:  # noqa: N802 - what the number contexts read
        """Decimals by field."""
        weights = ("initial_asset", "maintenance_asset", "initial_liability", "maintenance_liability")
        sixes = dict.fromkeys(("imf", "start", "deposits"), 6)
        return {**dict.fromkeys(weights, 4), **sixes, "amount": self.decimals, "decimals": None}

    def weighted(self, context: Context[N], level: Level) -> tuple[N, N]:
        """Return weighted collateral and weighted liability, quote units of 1e-6."""
        initial = level is not Level.MAINTENANCE
        unit = 10**self.decimals
        size = context.scaled_down(context.absolute(self.amount), context.unit, 10 ** (self.decimals + 9))
        owned = context.maximum(self.amount, context.zero)
        value = context.scaled_down(owned, self.price.lower(context, strict=initial), unit)
        weight = self.initial_asset if initial else self.maintenance_asset
        if initial:
            weight = scaled_asset_weight(context, weight, self.deposits, self.start)
        asset = context.scaled_down(value, size_discount(context, size, self.imf, weight), WEIGHT)
        owed = context.maximum(-self.amount, context.zero)
        value = context.scaled_down(owed, self.price.upper(context, strict=initial), unit)
        weight = self.initial_liability if initial else self.maintenance_liability
        return asset, context.scaled_down(value, size_premium(context, size, self.imf, weight), WEIGHT)


@dataclass(frozen=True, slots=True)
class PerpHolding(Generic[N]):
    """A perpetual: base 1e9, unrealised profit 1e6, ratios 1e4; ``bids`` and ``asks`` rest in the book."""

    DECIMALS: ClassVar = {
        **dict.fromkeys(("base", "bids", "asks"), 9),
        **dict.fromkeys(("profit", "price", "imf"), 6),
        **dict.fromkeys(("initial_ratio", "maintenance_ratio", "profit_weight"), 4),
        "orders": 0,
    }

    base: N
    profit: N
    price: N
    quote_price: StrictPrice[N]
    initial_ratio: N
    maintenance_ratio: N
    imf: N
    profit_weight: N
    bids: N
    asks: N
    orders: N

    def ratio(self, context: Context[N], level: Level, size: N) -> N:
        """Return the margin ratio of a level; a fill reads the mean of both."""
        if level is Level.FILL:
            both = self.initial_ratio + self.maintenance_ratio
            base = context.quotient_down(both, context.count(2))
        else:
            base = self.maintenance_ratio if level is Level.MAINTENANCE else self.initial_ratio
        return size_premium(context, size, self.imf, base)

    def requirement(self, context: Context[N], level: Level) -> N:
        """Return the requirement of the worse side with its orders filled."""
        strict = level is not Level.MAINTENANCE
        long, short = context.absolute(self.base + self.bids), context.absolute(self.base - self.asks)
        size = context.maximum(long, short)
        notional = context.scaled_down(size, self.price, BASE)
        notional = context.scaled_down(notional, self.quote_price.upper(context, strict=strict), PRICE)
        needed = context.scaled_down(notional, self.ratio(context, level, size), WEIGHT)
        return needed + self.orders * constant(context, OPEN_ORDER_REQUIREMENT, 6)

    def weighted_profit(self, context: Context[N], level: Level) -> N:
        """Return the profit that counts: losses in full, gains weighted and capped at initial margin."""
        strict = level is not Level.MAINTENANCE
        lost = context.maximum(-self.profit, context.zero)
        lost = context.scaled_down(lost, self.quote_price.upper(context, strict=strict), PRICE)
        gain = context.maximum(self.profit, context.zero)
        gain = context.scaled_down(gain, self.quote_price.lower(context, strict=strict), PRICE)
        if strict:
            gain = context.scaled_down(gain, self.profit_weight, WEIGHT)
            gain = context.minimum(gain, constant(context, GREATEST_PROFIT, 6))
        return gain - lost


@dataclass(frozen=True, slots=True)
class DriftAccount(Generic[N]):
    """Deposits, borrows and perpetuals of one user."""

    spots: tuple[SpotHolding[N], ...]
    perps: tuple[PerpHolding[N], ...]

    def judge(self, context: Context[N], check: Check) -> Judgement[N]:
        """Return weighted collateral minus weighted requirements, quote units of 1e-6."""
        collateral = needed = context.zero
        for spot in self.spots:
            asset, liability = spot.weighted(context, check.level)
            collateral = collateral + asset
            needed = needed + liability
        for perp in self.perps:
            collateral = collateral + perp.weighted_profit(context, check.level)
            needed = needed + perp.requirement(context, check.level)
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
