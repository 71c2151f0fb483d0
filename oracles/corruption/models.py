"""What one source costs to corrupt: the interface, and the simplest models.

A source declares its own cost by giving a `CostModel`: formulas over what must be bought to make it say
another price, to make it fall silent, or to make it refuse. The graph search knows nothing else about a
source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from oracles.corruption.formula import FREE, IMPOSSIBLE, Buy, Cost, Formula, any_of, inside


class CostModel(ABC):
    """Prices of corrupting one source."""

    @abstractmethod
    def move(self, factor: float) -> Formula:
        """Return what makes the source say ``factor`` times its honest value, or beyond."""

    def quiet(self, seconds: int) -> Formula:
        """Return what keeps the source from publishing until its last value is ``seconds`` old."""
        del seconds
        return IMPOSSIBLE

    def refuse(self) -> Formula:
        """Return what makes the source give no value at all."""
        return IMPOSSIBLE

    def upstreams(self) -> tuple[str, ...]:
        """Return the names of all that could be bought, each once."""
        every = (self.move(2.0), self.move(0.5), self.quiet(1), self.refuse())
        found = (part.upstream for formula in every for part in inside(formula) if isinstance(part, Buy))
        return tuple(dict.fromkeys(found))


def direction(factor: float) -> str:
    """Return ``up`` or ``down``."""
    return "up" if factor >= 1 else "down"


@dataclass(frozen=True)
class Incorruptible(CostModel):
    """A constant, or a source that the analysis takes as given."""

    def move(self, factor: float) -> Formula:
        """Return that it cannot be moved."""
        return FREE if factor == 1 else IMPOSSIBLE


@dataclass(frozen=True)
class Fixed(CostModel):
    """One price whatever the distance: a stolen key, a bribe, a slashed stake, a reporter's bond.

    Parameters
    ----------
    upstream
        Whom or what.
    to_move, to_silence, to_refuse
        None where it cannot be done.
    """

    upstream: str
    to_move: Cost | None = None
    to_silence: Cost | None = None
    to_refuse: Cost | None = None

    def move(self, factor: float) -> Formula:
        """Return the one price."""
        return self._buy(direction(factor), self.to_move)

    def quiet(self, seconds: int) -> Formula:
        """Return the price of silence, taken to be the same for any time."""
        del seconds
        return self._buy("quiet", self.to_silence)

    def refuse(self) -> Formula:
        """Return the price of a refusal."""
        return self._buy("refuse", self.to_refuse)

    def _buy(self, action: str, cost: Cost | None) -> Formula:
        return IMPOSSIBLE if cost is None else Buy(self.upstream, action, cost)


@dataclass(frozen=True)
class WithFreeMove(CostModel):
    """A source that lets its submitter choose within a range at no cost (a pull oracle's window).

    Parameters
    ----------
    inner
        What a larger move costs.
    free
        Relative move that is free in either direction, e.g. `lookback.one_leg_advantage`.
    """

    inner: CostModel
    free: float

    def move(self, factor: float) -> Formula:
        """Return nothing to buy within the range."""
        if 1 / (1 + self.free) <= factor <= 1 + self.free:
            return FREE
        return self.inner.move(factor)

    def quiet(self, seconds: int) -> Formula:
        """Return the inner price."""
        return self.inner.quiet(seconds)

    def refuse(self) -> Formula:
        """Return the inner price."""
        return self.inner.refuse()


@dataclass(frozen=True)
class Through(CostModel):
    """A source that can be corrupted at itself or at what it reads: a data vendor, a bridge, a common leg.

    Parameters
    ----------
    own
        The source itself.
    shared
        Models of what it reads. Two sources that are given the same model (the same upstream names) fall
        together at one price.
    """

    own: CostModel
    shared: tuple[CostModel, ...]

    def move(self, factor: float) -> Formula:
        """Return the choice."""
        return any_of(self.own.move(factor), *(model.move(factor) for model in self.shared))

    def quiet(self, seconds: int) -> Formula:
        """Return the choice."""
        return any_of(self.own.quiet(seconds), *(model.quiet(seconds) for model in self.shared))

    def refuse(self) -> Formula:
        """Return the choice."""
        return any_of(self.own.refuse(), *(model.refuse() for model in self.shared))
