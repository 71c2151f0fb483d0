"""Constant product pools: the closed form, and the same attack run on the exact integers of a V2 pair."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from oracles.corruption.pools.curve import Reach
from protocol.venues.uniswap_v2 import UniswapV2Pair


def loss_shape(factor: float) -> float:
    """Return f(r) = sqrt(r) + 1/sqrt(r) - 2, the loss per unit of quote reserve when others arbitrage.

    Symmetric in r and 1/r; convex up to r = 3, concave above (Müller et al. 2026, section 2).
    """
    root = sqrt(factor)
    # (a - 1/a)^2 with a = r^(1/4): the sum above cancels to nothing for r near 1.
    fourth = sqrt(root)
    return (fourth - 1 / fourth) ** 2


@dataclass(frozen=True, slots=True)
class ConstantProduct:
    """x * y = k.

    Parameters
    ----------
    quote_reserve
        Quote units on one side.
    fee
        Part of the input.
    fees_join_reserves
        True for V2 style pools.
    """

    quote_reserve: float
    fee: float = 0.0
    fees_join_reserves: bool = True

    def reach(self, factor: float) -> Reach:
        """Return R(sqrt(r) - 1) in and R(1 - 1/sqrt(r)) out; mirrored for a fall."""
        root = sqrt(factor if factor >= 1 else 1 / factor)
        return Reach(self.quote_reserve * (root - 1), self.quote_reserve * (1 - 1 / root))


@dataclass(frozen=True, slots=True)
class ExactAttack:
    """A push of a real pair and its unwinding, in the quote token's own units.

    Parameters
    ----------
    amount_in
        Smallest input that reaches the target: the capital.
    bought
        Base units received.
    returned
        Quote units from selling them back at once.
    reached
        Price after the push over the price before.
    """

    amount_in: int
    bought: int
    returned: int
    reached: Fraction

    @property
    def loss(self) -> int:
        """What does not come back."""
        return self.amount_in - self.returned


def push_exactly(pair: UniswapV2Pair, base: str, factor: Fraction) -> ExactAttack:
    """Return the smallest purchase of ``base`` that lifts the spot price at least ``factor`` times.

    The spot price is reserve over reserve, as a reader of the pair sees it, the fee included in the reserves.

    Parameters
    ----------
    factor
        Above 1.
    """
    quote = pair.token1 if base == pair.token0 else pair.token0
    before = Fraction(pair.reserves()[quote], pair.reserves()[base])

    def reached(amount: int) -> Fraction:
        _, after = pair.swap(quote, base, amount)
        return Fraction(after.reserves()[quote], after.reserves()[base]) / before

    low, high = 0, 1
    while not _buys(pair, quote, base, high) or reached(high) < factor:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if _buys(pair, quote, base, middle) and reached(middle) >= factor:
            high = middle
        else:
            low = middle
    bought, after = pair.swap(quote, base, high)
    returned, _ = after.swap(base, quote, bought.amount_out)
    return ExactAttack(high, bought.amount_out, returned.amount_out, reached(high))


def _buys(pair: UniswapV2Pair, quote: str, base: str, amount: int) -> bool:
    """Return whether the input buys at least one unit; the pair refuses an empty output."""
    return pair.quote(quote, base, amount) > 0
