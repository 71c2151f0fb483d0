"""GMX V2's auto-deleveraging: a flag, a keeper's choice of position, and bounds on what it may do.

Source of the rule: gmx-io/gmx-synthetics ``contracts/exchange/AdlHandler.sol`` and ``adl/AdlUtils.sol``.
Ratios are those of the traders' pending profit to the pool's value, 30 decimals as in the contracts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.errors import DeleveragingError

PRECISION = 10**30


@dataclass(frozen=True, slots=True)
class AdlSwitch:
    """Whether deleveraging of one side of a market is on.

    Parameters
    ----------
    most
        Ratio above which it is switched on.
    least_after
        Ratio below which no execution may bring it.
    on
        State of the flag.
    updated_at
        Second of the last update; prices older than that do not count.
    """

    most: int
    least_after: int
    on: bool = False
    updated_at: int = 0

    def update(self, ratio: int, now: int) -> AdlSwitch:
        """Set the flag by the ratio at ``now``.

        Raises
        ------
        DeleveragingError
            If ``now`` is before the last update.
        """
        if now < self.updated_at:
            raise DeleveragingError("OracleTimestampsAreSmallerThanRequired", now=now, last=self.updated_at)
        return replace(self, on=ratio > self.most, updated_at=now)

    def require_execution(self, before: int, after: int, size: int, position: int, now: int) -> None:
        """Check one execution: of a position of ``position``, ``size`` is closed.

        Raises
        ------
        DeleveragingError
            Named as the contract's errors: not enabled, not required, too large a size, no improvement, or an
            improvement beyond the bound.
        """
        if not self.on:
            raise DeleveragingError("AdlNotEnabled")
        if now < self.updated_at:
            raise DeleveragingError("OracleTimestampsAreSmallerThanRequired", now=now, last=self.updated_at)
        if before <= self.most:
            raise DeleveragingError("AdlNotRequired", ratio=before, most=self.most)
        if size > position:
            raise DeleveragingError("InvalidSizeDeltaForAdl", size=size, position=position)
        if after >= before:
            raise DeleveragingError("InvalidAdl", after=after, before=before)
        if after < self.least_after:
            raise DeleveragingError("PnlOvercorrected", after=after, least=self.least_after)


def profit_ratio_down(profit: int, pool_value: int) -> int:
    """Return profit over pool value, 30 decimals, toward zero; 0 for an empty pool."""
    if pool_value == 0:
        return 0
    quotient = abs(profit) * PRECISION // pool_value
    return quotient if profit >= 0 else -quotient


def largest_size(profit: int, position: int, position_profit: int, pool_value: int, switch: AdlSwitch) -> int:
    """Return the most of a position that a keeper may close at its own profit without overcorrecting.

    Closing pays the profit in proportion out of the pool: ratio = (profit - part) / (pool - part). The answer
    is found by bisection and is 0 where even one unit overcorrects.
    """
    if position_profit <= 0:
        return 0

    def ratio(size: int) -> int:
        paid = position_profit * size // position
        return profit_ratio_down(profit - paid, pool_value - paid)

    low, high = 0, position
    if ratio(high) >= switch.least_after:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if ratio(middle) >= switch.least_after:
            low = middle
        else:
            high = middle
    return low
