"""Chunks sized by time: large enough to drown the overhead, small enough to feed every worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scenarios.errors import ParameterError

MAXIMUM_RUNS = 65_536
GROWTH = 4
SHRINKAGE = 4


class ChunkSizer:
    """Hand out ranges of runs whose computing takes about ``seconds`` each.

    Parameters
    ----------
    gaps
        Ranges still to be computed, in order.
    seconds
        Wanted duration of a chunk.
    first
        Runs of the first chunks, before a duration is known.
    workers
        Every worker has a chunk where there are runs enough, and the last shrink to a quarter, so that
        none waits long for another.

    Notes
    -----
    Sizes depend on the clock and on the machine; results do not depend on sizes.
    """

    def __init__(self, gaps: Sequence[range], seconds: float, first: int = 16, workers: int = 1) -> None:
        if not seconds > 0.0 or first < 1:
            raise ParameterError("seconds, first", (seconds, first), "positive")
        self._gaps = [gap for gap in gaps if len(gap)]
        self._seconds = seconds
        self._workers = workers
        self._fair = -(-sum(len(gap) for gap in self._gaps) // workers)
        self.size = min(first, MAXIMUM_RUNS)

    def record(self, runs: int, seconds: float) -> None:
        """Learn from a chunk that came back; sizes grow at most fourfold at a time."""
        wanted = runs * self._seconds / max(seconds, 1e-6)
        limit = min(self.size * GROWTH, MAXIMUM_RUNS)
        self.size = max(1, min(int(wanted), limit))

    def __iter__(self) -> Iterator[range]:
        """Yield ranges until none is left."""
        while self._gaps:
            gap = self._gaps[0]
            left = sum(len(other) for other in self._gaps)
            size = max(1, min(self.size, len(gap), self._share(left)))
            self._gaps[0] = range(gap.start + size, gap.stop)
            if not len(self._gaps[0]):
                self._gaps.pop(0)
            yield range(gap.start, gap.start + size)

    def _share(self, left: int) -> int:
        """Return the most that one worker may take of what is left."""
        if self._workers == 1:
            return left
        return max(-(-left // (2 * self._workers)), min(self.size // SHRINKAGE, self._fair))


def gaps_between(done: Sequence[range], runs: int) -> list[range]:
    """Return what of ``range(runs)`` is in none of ``done``."""
    gaps: list[range] = []
    reached = 0
    for piece in sorted(done, key=lambda r: (r.start, r.stop)):
        if piece.start > reached:
            gaps.append(range(reached, min(piece.start, runs)))
        reached = max(reached, piece.stop)
    if reached < runs:
        gaps.append(range(reached, runs))
    return [gap for gap in gaps if len(gap)]
