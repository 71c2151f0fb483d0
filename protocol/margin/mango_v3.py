"""Mango v3's weights health: tokens and perpetuals in one account, unrealised gain counting at once.

Source of the rule: blockworks-foundation/mango-v3 ``program/src/state.rs`` (health computation). All numbers
are I80F48: signed, 48 fractional bits; a product is shifted right, that is rounded toward negative infinity.

health = sum(token value x weight) + worse of (all bids executed, all asks executed) over each perpetual of
base x price x weight + quote, where weight is the asset weight 1 - 1/leverage of a positive amount and the
liability weight 1 + 1/leverage of a negative one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from protocol.errors import BorrowRefusedError, MissingPriceError, UnsafeValueError

FRACTION_BITS = 48
ONE = 1 << FRACTION_BITS

Level = Literal["init", "maint", "equity"]


def i80f48_down(value: Fraction | Decimal | int) -> int:
    """Return ``value`` in I80F48, rounded toward negative infinity."""
    exact = Fraction(value) * ONE
    return exact.numerator // exact.denominator


def multiply_down(a: int, b: int) -> int:
    """Return the product of two I80F48 numbers."""
    return (a * b) >> FRACTION_BITS


@dataclass(frozen=True, slots=True)
class Weights:
    """Asset and liability weights of one token or market at both levels, I80F48."""

    init_asset: int
    init_liability: int
    maint_asset: int
    maint_liability: int

    @classmethod
    def from_leverage(cls, init: Fraction | int, maint: Fraction | int) -> Weights:
        """Return 1 -+ 1/leverage at each level."""
        if init <= 0 or maint <= 0:
            raise UnsafeValueError("leverage", int(min(init, maint)), 1, 1 << 16)
        return cls(
            i80f48_down(1 - 1 / Fraction(init)),
            i80f48_down(1 + 1 / Fraction(init)),
            i80f48_down(1 - 1 / Fraction(maint)),
            i80f48_down(1 + 1 / Fraction(maint)),
        )

    def of(self, level: Level, *, asset: bool) -> int:
        """Return the weight at ``level`` for an asset or a liability."""
        if level == "init":
            return self.init_asset if asset else self.init_liability
        if level == "maint":
            return self.maint_asset if asset else self.maint_liability
        return ONE


UNWEIGHTED = Weights(ONE, ONE, ONE, ONE)
"""The quote token counts in full in both directions."""


@dataclass(frozen=True, slots=True)
class PerpPosition:
    """A perpetual position with its resting orders, in native units.

    Parameters
    ----------
    base
        Signed size.
    quote
        Signed quote position: minus what the base has cost.
    bids, asks
        Base units resting on each side.
    bids_cost, asks_cost
        Quote units that executing each side whole would cost or bring.
    """

    base: int
    quote: int
    bids: int = 0
    asks: int = 0
    bids_cost: int = 0
    asks_cost: int = 0

    def gain(self, price: int) -> int:
        """Return the unrealised gain at ``price`` (I80F48 quote per base unit), I80F48."""
        return self.base * price + (self.quote << FRACTION_BITS)


@dataclass(frozen=True, slots=True)
class MangoAccount:
    """Token balances (native units, negative for a borrow) and perpetuals by market."""

    tokens: Mapping[str, int]
    perps: Mapping[str, PerpPosition]


@dataclass(frozen=True, slots=True)
class MangoHealth:
    """The rule with its weights.

    Parameters
    ----------
    token_weights, perp_weights
        By token and by perpetual market. A token without weights counts in full both ways, which is right
        for the quote token only.
    """

    token_weights: Mapping[str, Weights]
    perp_weights: Mapping[str, Weights]

    def health(self, account: MangoAccount, prices: Mapping[str, int], level: Level) -> int:
        """Return the health in quote native units, I80F48.

        Parameters
        ----------
        account
            What is judged.
        prices
            I80F48 quote native units per native unit, by token and perpetual market.
        level
            ``equity`` uses weights of one.
        """
        total = 0
        for token, units in account.tokens.items():
            if units:
                weight = self.token_weights.get(token, UNWEIGHTED).of(level, asset=units > 0)
                total += multiply_down(multiply_down(units << FRACTION_BITS, _price(prices, token)), weight)
        for market, perp in account.perps.items():
            total += self._perp(perp, _price(prices, market), self.perp_weights[market], level)
        return total

    @staticmethod
    def _perp(perp: PerpPosition, price: int, weights: Weights, level: Level) -> int:
        def weighted(base: int, quote: int) -> int:
            value = multiply_down(base << FRACTION_BITS, price)
            return multiply_down(value, weights.of(level, asset=base > 0)) + (quote << FRACTION_BITS)

        if level == "equity":
            return weighted(perp.base, perp.quote)
        all_bids = weighted(perp.base + perp.bids, perp.quote - perp.bids_cost)
        all_asks = weighted(perp.base - perp.asks, perp.quote + perp.asks_cost)
        return min(all_bids, all_asks)

    def require(self, name: str, account: MangoAccount, prices: Mapping[str, int], decimals: int) -> None:
        """Raise unless initial health is at least zero, as placing an order or withdrawing demands."""
        health = self.health(account, prices, "init")
        if health < 0:
            short = Fraction(-health, ONE * 10**decimals)
            raise BorrowRefusedError(name, "initial health 0", f"-{float(short):,.2f}", "USD")

    def least_price(
        self, account: MangoAccount, prices: Mapping[str, int], of: tuple[str, ...], upper: int
    ) -> int | None:
        """Return the least common price of ``of`` at which initial health is not negative, to the last bit.

        Health must not fall as the price rises between 0 and ``upper`` (a net long account); then the answer
        is found by bisection on the integers. None if even ``upper`` does not reach zero.
        """

        def at(price: int) -> int:
            return self.health(account, {**prices} | dict.fromkeys(of, price), "init")

        if at(upper) < 0:
            return None
        low, high = -1, upper
        while high - low > 1:
            middle = (low + high) // 2
            if at(middle) >= 0:
                high = middle
            else:
                low = middle
        return high


def _price(prices: Mapping[str, int], name: str) -> int:
    try:
        return prices[name]
    except KeyError:
        raise MissingPriceError(name, tuple(prices)) from None
