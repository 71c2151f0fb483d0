"""Drift v2: how much may be liquidated by now, and how a bankruptcy is shared out.

Source of the rules: drift-labs/protocol-v2 ``programs/drift/src/math/liquidation.rs``, held to the figures of
its authors' tests at f01db28d (tests/vectors/liquidation). Shares have four decimals (10,000 = all), quote
amounts six; all divisions truncate unless said.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import DivisionByZeroError

SHARE = 10_000
BASE = 10**9
QUOTE = 10**6
FUNDING_BUFFER = 1_000
"""Ratio of the funding rate's precision to that of price."""
SMALL_SHORTAGE = 50 * QUOTE


@dataclass(frozen=True, slots=True)
class Ramp:
    """The share that may be freed, growing with slots.

    Parameters
    ----------
    initial
        Share at once.
    duration
        Slots until the whole may be freed.
    """

    initial: int
    duration: int

    def share_down(self, shortage: int, freed: int, elapsed: int) -> int:
        """Return the share of the present shortage that may be liquidated now.

        Parameters
        ----------
        shortage
            Margin that is missing now.
        freed
            Margin that this liquidation has freed so far.
        elapsed
            Slots since it began.
        """
        if shortage < SMALL_SHORTAGE:
            return SHARE
        grown = elapsed * SHARE // self.duration if self.duration else SHARE
        allowed = min(SHARE, grown + self.initial)
        most = (shortage + freed) * allowed // SHARE
        return min(SHARE, max(0, most - freed) * SHARE // shortage)


def funding_deltas_for_loss(loss: int, base_long: int, base_short: int) -> tuple[int, int]:
    """Return what is added to the cumulative funding of longs and of shorts so that both bear ``loss``.

    Parameters
    ----------
    loss
        Quote lost beyond the insurance fund, six decimals, above zero.
    base_long, base_short
        Open interest of each side, nine decimals, the short one negative.

    Returns
    -------
    (long, short)
        Nine decimals per unit of base; whole millionths of a quote, rounded up for the protocol, come first.
        Shorts pay by a fall of their rate.

    Raises
    ------
    DivisionByZeroError
        If nobody holds a position.
    """
    base = abs(base_long) + abs(base_short)
    if base == 0:
        raise DivisionByZeroError("open interest")
    delta = -(-loss * BASE // base) * FUNDING_BUFFER
    return delta, -delta


def deposit_index_delta_for_loss(loss: int, deposits: int, index: int) -> int:
    """Return how much the cumulative deposit interest falls so that depositors bear a spot loss.

    Rounded up, and never to an index below one unit; 0 where there are no deposits.
    """
    if deposits == 0:
        return 0
    return min(-(-loss * index // deposits), max(0, index - 1))
