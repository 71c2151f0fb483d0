"""Weighted pools (Balancer): the product of balance ** weight stays constant."""

from __future__ import annotations

from dataclasses import dataclass

from oracles.corruption.pools.curve import Reach


@dataclass(frozen=True, slots=True)
class Weighted:
    """One pair of assets of a weighted pool.

    Parameters
    ----------
    quote_balance
        Quote units held.
    quote_weight, base_weight
        Normalised weights of the two; other assets of the pool hold the rest and do not move.
    fee
        Part of the input; set aside from the invariant only in the sense that it joins the balances.
    """

    quote_balance: float
    quote_weight: float
    base_weight: float
    fee: float = 0.0
    fees_join_reserves: bool = True

    def reach(self, factor: float) -> Reach:
        """Return the trade in closed form.

        The price is (quote / quote weight) / (base / base weight). With u = weight share of the quote among
        the two, the quote balance grows by r**(1 - u) and the base balance shrinks by r**u.
        """
        share = self.quote_weight / (self.quote_weight + self.base_weight)
        base_value = self.quote_balance * self.base_weight / self.quote_weight
        quote_change = self.quote_balance * (factor ** (1 - share) - 1)
        base_change = base_value * (1 - factor**-share)
        if factor >= 1:
            return Reach(quote_change, base_change)
        return Reach(-base_change, -quote_change)
