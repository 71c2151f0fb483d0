"""Credit: an exposure is secured only beyond a threshold, and only when the call is worth moving.

The terms are those of a credit support annex: threshold, minimum transfer amount, independent amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N


@dataclass(frozen=True, slots=True)
class CreditLine(Generic[N]):
    """Terms between two parties.

    Parameters
    ----------
    threshold
        Exposure that stays unsecured.
    minimum_transfer
        Smaller calls are not made.
    independent
        Amount held whatever the exposure.
    """

    threshold: N
    minimum_transfer: N
    independent: N

    def required(self, context: Context[N], exposure: N) -> N:
        """Return the collateral that the exposure asks for, at least zero."""
        return context.maximum(exposure - self.threshold, context.zero) + self.independent

    def call(self, context: Context[N], exposure: N, held: N) -> N:
        """Return what must be delivered (returned, negative); zero below the minimum transfer amount."""
        needed = self.required(context, exposure) - held
        small = context.absolute(needed) < self.minimum_transfer
        return context.where(small, context.zero, needed)

    def excess(self, context: Context[N], equity: N, requirement: N) -> N:
        """Return the excess of an account that may lean on the line for its requirement."""
        return equity + self.threshold - requirement - self.independent
