"""Stableswap pools (Curve): flat near balance, so a small move costs far more than in a constant product.

Source of the invariant: Curve's stableswap contracts, Ann * sum(x) + D = Ann * D + D**(n+1) / (n**n *
prod(x)) with Ann = A * n. Here in floats, because a cost is an estimate; the exact pool is a venue.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, prod, sqrt

from oracles.corruption.pools.curve import Reach

_STEPS = 200


@dataclass(frozen=True, slots=True)
class Stableswap:
    """Two assets of a stableswap pool.

    Parameters
    ----------
    quote_balance, base_balance
        In the invariant's own units, i.e. whole tokens times their rates.
    amplification
        A as the contract's ``A()`` gives it.
    other_balances
        Of the pool's further assets, which do not move.
    fee
        Part of the output in the contract; counted on the input here, which differs in second order only.
    """

    quote_balance: float
    base_balance: float
    amplification: float
    other_balances: tuple[float, ...] = ()
    fee: float = 0.0
    fees_join_reserves: bool = True

    def invariant(self, quote: float, base: float) -> float:
        """Return D, by Newton's method as the contract does it."""
        balances = (quote, base, *self.other_balances)
        count, ann, total = len(balances), self.amplification * len(balances), sum(balances)
        d = total
        for _ in range(_STEPS):
            product = d ** (count + 1) / (count**count * prod(balances))
            following = (ann * total + product * count) * d / ((ann - 1) * d + (count + 1) * product)
            if abs(following - d) <= 1e-15 * d:
                break
            d = following
        return d

    def quote_at(self, base: float, d: float) -> float:
        """Return the quote balance that keeps ``d`` when the base balance is ``base``."""
        others = (base, *self.other_balances)
        count = len(others) + 1
        ann = self.amplification * count
        constant = d / ann
        for balance in others:
            constant *= d / (count * balance)
        constant *= d / count
        linear = sum(others) + d / ann - d
        root = sqrt(linear * linear + 4 * constant)
        return 2 * constant / (linear + root) if linear > 0 else (root - linear) / 2

    def price(self, quote: float, base: float, d: float) -> float:
        """Return quote per base at the margin."""
        balances = (quote, base, *self.other_balances)
        count = len(balances)
        product = d
        for balance in balances:
            product *= d / (count * balance)
        ann = self.amplification * count
        return (ann + product / base) / (ann + product / quote)

    def reach(self, factor: float) -> Reach:
        """Return the trade, found by bisection over the base balance."""
        d = self.invariant(self.quote_balance, self.base_balance)
        fair = self.price(self.quote_balance, self.base_balance, d)
        low, high = log(self.base_balance) - 60, log(self.base_balance) + 60
        for _ in range(_STEPS):
            middle = (low + high) / 2
            base = exp(middle)
            if self.price(self.quote_at(base, d), base, d) > factor * fair:
                low = middle
            else:
                high = middle
        base = exp((low + high) / 2)
        quote_change = self.quote_at(base, d) - self.quote_balance
        base_change = fair * (self.base_balance - base)
        return Reach(quote_change, base_change) if factor >= 1 else Reach(-base_change, -quote_change)
