"""Settlement by an average: close to expiry part of the settlement price is known already.

Source of the rule: derivexyz/v2-core 7736900d ``LyraForwardFeed.sol``: the last thirty minutes are averaged,
so the forward is the known part plus what may still move, and only the latter is shocked.
"""

from __future__ import annotations

from protocol.fixed_point.context import Context, N

DERIVE_WINDOW = 30 * 60


def split_forward(
    context: Context[N], forward: N, average: N, seconds: N, window: int = DERIVE_WINDOW
) -> tuple[N, N]:
    """Return the fixed and the variable part of the settlement price.

    Parameters
    ----------
    context
        The number context.
    forward
        Forward price now.
    average
        Mean price of the part of the window that has passed.
    seconds
        To expiry.
    window
        Length of the averaging window in seconds.
    """
    length = context.count(window)
    left = context.minimum(context.maximum(seconds, context.zero), length)
    fixed = context.quotient_down(average * (length - left), length)
    return fixed, context.quotient_down(forward * left, length)
