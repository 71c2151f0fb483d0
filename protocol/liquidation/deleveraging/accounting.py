"""What a deleveraging took, what it had to take, and the difference; always with the basis.

Definitions of Chitra, "Autodeleveraging: Impossibilities and Optimization" (arXiv 2512.01112): *needed* is
the sum over fills of |mark - execution| x size; *removed* the sum over winners of what their equity lost
against the same path without deleveraging; *overshoot* is removed - needed. Severity is the part of the
losers' deficit that was taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.liquidation.deleveraging.policy import Candidate
from protocol.liquidation.waterfall import Basis


@dataclass(frozen=True, slots=True)
class Wave:
    """One burst of deleveraging; amounts in one unit, floats or integers alike.

    Parameters
    ----------
    needed, removed, deficit
        See the module; ``deficit`` is the losers' negative equity.
    capacity
        What all winners together could give.
    basis
        What the amounts count.
    """

    needed: float
    removed: float
    deficit: float
    capacity: float
    basis: Basis = Basis.EQUITY

    @property
    def overshoot(self) -> float:
        """Removed minus needed; negative where too little was taken."""
        return self.removed - self.needed

    @property
    def severity(self) -> float:
        """Part of the deficit that was taken, at most 1."""
        return min(1.0, self.removed / self.deficit) if self.deficit else 0.0

    @property
    def severity_needed(self) -> float:
        """Part of the deficit that had to be taken, at most 1."""
        return min(1.0, self.needed / self.deficit) if self.deficit else 0.0

    @property
    def residual(self) -> float:
        """Deficit that was not covered."""
        return max(0.0, self.deficit - self.removed)


def total(waves: Iterable[Wave]) -> Wave:
    """Return the sums over several waves."""
    every = list(waves)
    return Wave(
        sum(wave.needed for wave in every),
        sum(wave.removed for wave in every),
        sum(wave.deficit for wave in every),
        sum(wave.capacity for wave in every),
        every[0].basis if every else Basis.EQUITY,
    )


def greatest_share(candidates: Iterable[Candidate], taken: dict[str, int]) -> float:
    """Return the greatest part of his capacity that anyone lost."""
    return max((taken.get(c.account, 0) / c.capacity for c in candidates if c.capacity > 0), default=0.0)
