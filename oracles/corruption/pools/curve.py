"""What every pool shape must tell about itself, and the two ways a manipulation can end.

All amounts are in quote units and valued at the fair price, which is the pool's price before the attack. They
are floats: a cost is an estimate over a whole range of distortions, not an amount that a contract would pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reach:
    """The trade along a pool's curve that multiplies its price, the pool's fee not yet counted.

    Parameters
    ----------
    paid
        Value that enters the curve.
    received
        Value, at the fair price, of what leaves it.
    """

    paid: float
    received: float


class PoolCurve(Protocol):
    """A pool as an attacker sees it."""

    @property
    def fee(self) -> float:
        """Part of an input that the pool keeps."""
        ...

    @property
    def fees_join_reserves(self) -> bool:
        """Whether the fee stays on the curve (Uniswap V2) or is set aside (Uniswap V3)."""
        ...

    def reach(self, factor: float) -> Reach:
        """Return the trade that multiplies the price by ``factor`` (above or below 1)."""
        ...


def capital(curve: PoolCurve, factor: float) -> float:
    """Return what must be at hand for one push: the input with the fee."""
    return curve.reach(factor).paid / (1 - curve.fee)


def loss_if_arbitraged(curve: PoolCurve, factor: float) -> float:
    """Return the loss when somebody else trades the pool back: value in, minus value out, plus the fee.

    Without a fee, on a constant product, this is R * (sqrt(r) + 1/sqrt(r) - 2) of Angeris et al. 2019,
    appendix E. What the attacker took out he sells at the fair price.
    """
    reach = curve.reach(factor)
    return max(reach.paid / (1 - curve.fee) - reach.received, 0.0)


def loss_if_unwound(curve: PoolCurve, factor: float) -> float:
    """Return the loss when the attacker trades back himself before anybody else can: fees alone.

    Where fees join the reserves he recovers a part of the first fee on the way back, and 2 * fee * received
    is left. Where they are set aside he pays the fee on the whole input, and on the way back loses ``fee`` of
    what he had received, valued at the end of the way, near the fair price. `fees_at_execution_price` is the
    coarser published estimate.
    """
    reach = curve.reach(factor)
    if curve.fees_join_reserves:
        return 2 * curve.fee * reach.received
    return curve.fee * (reach.paid / (1 - curve.fee) + reach.received)


def fees_at_execution_price(curve: PoolCurve, factor: float) -> float:
    """Return 2 * fee * capital: both fees valued at the average execution price.

    The estimate behind Adams et al. 2022 (540 million USD on 539 billion at 5 bp); an upper bound of
    `loss_if_unwound`.
    """
    return 2 * curve.fee * capital(curve, factor)
