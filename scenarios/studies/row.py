"""One figure of a paper beside the simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.runs.statistics import mean


@dataclass(frozen=True, slots=True)
class Row:
    """A figure.

    Parameters
    ----------
    quantity, unit
        What it is.
    published
        As printed; None where the paper prints none.
    simulated, low, high
        Mean over the runs with its 95 % interval; without one where runs cannot differ.
    runs
        Independent paths.
    within
        Relative deviation that is claimed, beside the interval; None where nothing was published.
    note
        What the reader should know: where the deviation comes from, or what was printed instead.
    """

    quantity: str
    unit: str
    published: float | None
    simulated: float
    low: float | None
    high: float | None
    runs: int
    within: float | None = None
    note: str = ""

    @property
    def deviation(self) -> float | None:
        """Simulated over published, less one."""
        return None if not self.published else self.simulated / self.published - 1.0

    @property
    def agrees(self) -> bool:
        """Whether the deviation is within what is claimed, the half-width of the interval added."""
        if self.published is None or self.within is None:
            return True
        half = 0.0 if self.low is None or self.high is None else (self.high - self.low) / 2
        return abs(self.simulated - self.published) <= self.within * abs(self.published) + half


def row_of(
    quantity: str,
    unit: str,
    published: float | None,
    values: Sequence[float],
    *,
    within: float | None = None,
    note: str = "",
) -> Row:
    """Return the row of a mean over runs."""
    found = mean(quantity, values)
    return Row(quantity, unit, published, found.value, found.low, found.high, len(values), within, note)


def exact_row(
    quantity: str, unit: str, published: float | None, value: float, *, within: float, note: str = ""
) -> Row:
    """Return the row of a run that has nothing random in it."""
    return Row(quantity, unit, published, value, None, None, 1, within, note)
