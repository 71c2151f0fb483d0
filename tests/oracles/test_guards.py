"""Guards over sources: what each refuses, clamps or counts once."""

from __future__ import annotations

from fractions import Fraction

from oracles.guards import (
    Bounds,
    ConfidenceLimit,
    DeviationLimit,
    Freeze,
    MinimumSources,
    Positive,
    RateOfChange,
)
from oracles.node import Node, Sample, View, read
from oracles.reading import Reason
from oracles.sources.feed import DelayedSample, FeedSample
from oracles.sources.pyth import PythFeed, PythPrice

E18 = 10**18


def reason(node: Node, view: View) -> Reason | None:
    refusal = read(node, view).refusal
    return refusal.reason if refusal else None


def feed(**values: tuple[int, int]) -> View:
    """Feeds with 18 decimals at time 1,000: name = (whole price, age)."""
    return View(1000, feeds={name: (Sample(1000 - age, v * E18),) for name, (v, age) in values.items()})


def test_deviation_is_relative_to_the_named_price() -> None:
    view = feed(a=(100, 0), b=(150, 0), c=(7, 0))
    a, b, c = (FeedSample(name) for name in "abc")
    limit = Fraction(2, 5)
    assert reason(DeviationLimit(limit, "first", parents=(a, b)), view) is Reason.DEVIATED
    assert reason(DeviationLimit(limit, "second", parents=(a, b)), view) is None
    assert read(DeviationLimit(limit, parents=(a, b, c)), view).price == 7
    assert reason(DeviationLimit(Fraction(1, 2), parents=(a, b)), view) is None, "exactly the limit passes"


def test_bounds_refuse_or_clamp() -> None:
    low, high = Fraction(1, 10), Fraction(5)
    view = feed(a=(7, 0), b=(0, 0), c=(5, 0))
    assert reason(Bounds(low, high, parents=(FeedSample("a"),)), view) is Reason.OUT_OF_BOUNDS
    assert read(Bounds(low, high, parents=(FeedSample("c"),)), view).price == 5
    assert read(Bounds(low, high, "clamp", parents=(FeedSample("a"),)), view).price == 5
    assert read(Bounds(low, high, "clamp", parents=(FeedSample("b"),)), view).price == low
    assert reason(Positive(parents=(FeedSample("b"),)), view) is Reason.NOT_POSITIVE


def test_confidence_limit() -> None:
    node = ConfidenceLimit(Fraction(1, 100), parents=(PythFeed("m"),))
    assert reason(node, View(1, memory={"m": PythPrice(1000, 10, -8, 1)})) is None
    assert reason(node, View(1, memory={"m": PythPrice(1000, 11, -8, 1)})) is Reason.UNCERTAIN
    assert (
        reason(ConfidenceLimit(Fraction(1), parents=(FeedSample("a"),)), feed(a=(1, 0))) is Reason.UNCERTAIN
    )


def test_rate_of_change() -> None:
    node = RateOfChange(Fraction(1, 1000), parents=(FeedSample("a"), FeedSample("b")))
    assert reason(node, feed(a=(110, 0), b=(100, 100))) is None
    assert reason(node, feed(a=(111, 0), b=(100, 100))) is Reason.MOVED_TOO_FAST
    assert reason(node, feed(a=(110, 0), b=(100, 99))) is Reason.MOVED_TOO_FAST
    assert reason(node, feed(a=(110, 0))) is None, "nothing earlier is known"


def test_common_causes_count_once() -> None:
    parents = tuple(FeedSample(name) for name in "aabc")
    view = feed(a=(1, 0), b=(1, 0), c=(1, 0))
    assert reason(MinimumSources(3, parents=parents), view) is None
    shared = MinimumSources(3, ("usdt", "usdt", "usd"), parents=parents)
    assert reason(shared, view) is Reason.TOO_FEW_SOURCES


def test_freeze_and_delay() -> None:
    view = feed(a=(1, 0), b=(2, 0))
    frozen = View(view.time, feeds=view.feeds, memory={"off": True})
    a, b = FeedSample("a"), FeedSample("b")
    assert reason(Freeze("off", parents=(a,)), frozen) is Reason.FROZEN
    assert read(Freeze("off", parents=(a, b)), frozen).price == 2
    assert read(Freeze("off", parents=(a, b)), view).price == 1
    samples = (Sample(100, E18), Sample(200, 2 * E18))
    delayed = DelayedSample("a", 50)
    assert read(delayed, View(249, feeds={"a": samples})).price == 1
    assert read(delayed, View(250, feeds={"a": samples})).price == 2
    assert reason(delayed, View(149, feeds={"a": samples})) is Reason.NO_DATA
