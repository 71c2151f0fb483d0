"""What Curve's newer pools keep without a getter: pairs of averages, found in storage by what they answer."""

from __future__ import annotations

from collections.abc import Callable

from oracles.chain.errors import UnusableStateError
from oracles.chain.reader import Reader

LOW = (1 << 128) - 1
LAST_SLOT = 64


def unpack_pair(word: int) -> tuple[int, int]:
    """Return the low and the high 128 bits."""
    return word & LOW, word >> 128


def unpack_triple(word: int) -> tuple[int, int, int]:
    """Return three 64-bit numbers, the highest first (``_unpack``)."""
    low = (1 << 64) - 1
    return word >> 128 & low, word >> 64 & low, word & low


def find_pair(
    reader: Reader, pool: str, first: int, fits: Callable[[tuple[int, int]], bool], what: str
) -> tuple[int, int]:
    """Return the stored pair that explains what the pool answers; the compiler's layout differs by version.

    Parameters
    ----------
    first
        The slot of the published source; those beside it are tried next.
    fits
        Whether a pair gives the pool's own answers.

    Raises
    ------
    UnusableStateError
        If no slot below ``LAST_SLOT`` does.
    """
    for slot in sorted(range(LAST_SLOT), key=lambda slot: abs(slot - first)):
        pair = unpack_pair(reader.storage(pool, slot))
        if fits(pair):
            return pair
    raise UnusableStateError(
        f"pool {pool}: none of its first {LAST_SLOT} storage slots holds the {what} that gives its answers",
        pool=pool,
    )
