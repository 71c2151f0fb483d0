"""A feed of published samples: recorded rounds, or a path that a scenario scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse


@dataclass(frozen=True)
class FeedSample(Node):
    """The ``back``-th newest sample of a feed at the reader's time (0 = newest).

    Parameters
    ----------
    feed
        Name of the feed in the view.
    back
        How many samples to go back.
    """

    kind: ClassVar[str] = "feed-sample"
    feed: str
    back: int = 0

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the sample, or refuse where the feed does not reach back so far."""
        del readings
        published = [sample for sample in view.feeds.get(self.feed, ()) if sample.time <= view.time]
        if len(published) <= self.back:
            return refuse(
                self.id,
                Reason.NO_DATA,
                f"feed {self.feed!r} has {len(published)} samples, number {self.back + 1} from the end asked",
                published=len(published),
            )
        sample = published[-1 - self.back]
        return Reading(self.id, sample.value, sample.decimals, sample.time, round=sample.round)

    @property
    def label(self) -> str:
        """The feed and how far back."""
        return self.feed if self.back == 0 else f"{self.feed}, {self.back} back"


@dataclass(frozen=True)
class DelayedSample(Node):
    """The newest sample that was published at least ``delay`` seconds ago.

    Parameters
    ----------
    feed
        Name of the feed in the view.
    delay
        Seconds in which somebody may object, or an informed trader may act first.
    """

    kind: ClassVar[str] = "delayed-sample"
    feed: str
    delay: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the sample, or refuse where none is old enough."""
        del readings
        for sample in reversed(view.feeds.get(self.feed, ())):
            if sample.time <= view.time - self.delay:
                return Reading(self.id, sample.value, sample.decimals, sample.time, round=sample.round)
        return refuse(self.id, Reason.NO_DATA, f"feed {self.feed!r} has no sample {self.delay} s old")

    @property
    def label(self) -> str:
        """The feed and the delay."""
        return f"{self.feed}, {self.delay} s ago"
