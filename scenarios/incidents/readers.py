"""Other readers for the same attack: a node in place of the protocol's own, or a limit that it lacked.

The figures of the standard readers are those of protocols that are known to use them: an hour as in Maker's
delayed feed, ten per cent for a guard or a cap. A delayed reader assumes that the price stood still for the
delay before the first step; the files print no earlier one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from oracles.guards import Bounds, DeviationLimit
from oracles.node import Node, Sample, read
from oracles.sources.feed import DelayedSample
from oracles.sources.pool import CumulativeTwap, Observation
from scenarios.world import Feed, World

DELAY_SECONDS = 3600
WINDOW_SECONDS = 1800
LIMIT = Fraction(1, 10)
WINDOW_NOTE = "the pair is taken to have stood still through the window before the first step"
AVERAGE, FAIR, MEDIAN, DEVIATION, CAP, STALENESS, BOUNDS, DELAY, POSITION, ACCOUNTING, SOURCE = (
    "time-weighted average",
    "fair LP price",
    "median",
    "deviation guard",
    "cap",
    "staleness limit",
    "bounds",
    "delayed feed",
    "position limit",
    "own accounting",
    "other source",
)


class Attacked(Protocol):
    """What a reader is made for: a replay's world, and the graph that its protocol reads (None without)."""

    world: World
    oracle: Node | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Something to put in place of what the protocol used.

    Parameters
    ----------
    name, kind
        For the table.
    change
        Called after the state before is built: returns the node to read with, or changes a limit of the
        replay and returns None.
    note
        What it assumes.
    """

    name: str
    kind: str
    change: Callable[[], Node | None]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stake:
    """What attacker and protocol have gained or lost.

    Parameters
    ----------
    profit, loss
        In ``unit``; None where the facts do not pin them.
    basis
        What is counted, or which facts are missing.
    """

    profit: Decimal | None
    loss: Decimal | None
    unit: str
    basis: str


def percent(share: Fraction) -> str:
    """Return a share in words for names."""
    return f"{float(share * 100):.4g} %"


def before(replay: Attacked, node: Node, seconds: int = DELAY_SECONDS) -> DelayedSample:
    """Return a feed of what ``node`` says now, to be read once it is ``seconds`` old.

    It is published as if ``seconds`` ago, so that the delayed feed has an answer from the first step on.
    """
    name = f"{node.label}, recorded"
    reading = read(node, replay.world.view())
    time = replay.world.time - seconds
    samples = () if reading.value is None else (Sample(time, reading.value, reading.decimals),)
    replay.world.state.values[name] = Feed(samples)
    return DelayedSample(name, seconds)


def used(replay: Attacked) -> Node:
    """Return the graph that the protocol used."""
    assert replay.oracle is not None
    return replay.oracle


def delayed(replay: Attacked, seconds: int = DELAY_SECONDS) -> Reader:
    """Return the reader that says what the protocol's own said ``seconds`` ago."""
    return Reader(
        f"the same, {seconds} s late",
        DELAY,
        lambda: before(replay, used(replay), seconds),
        "the price is taken to have stood still for as long before the first step",
    )


def deviation(replay: Attacked, limit: Fraction = LIMIT, seconds: int = DELAY_SECONDS) -> Reader:
    """Return the guard that refuses an answer further than ``limit`` from the delayed one."""
    return Reader(
        f"refused beyond {percent(limit)} of the answer {seconds} s ago",
        DEVIATION,
        lambda: DeviationLimit(
            limit, "second", parents=(used(replay), before(replay, used(replay), seconds))
        ),
    )


def capped(replay: Attacked, limit: Fraction = LIMIT) -> Reader:
    """Return the cap that lets the answer move by ``limit`` from where it stood, either way."""

    def change() -> Node | None:
        node = used(replay)
        reading = read(node, replay.world.view())
        if not reading.ok:
            return node
        price = reading.price
        return Bounds(price / (1 + limit), price * (1 + limit), "clamp", parents=(node,))

    return Reader(f"held within {percent(limit)} of the answer before", CAP, change)


def standard(replay: Attacked) -> list[Reader]:
    """Return the readers that fit every graph: delayed, guarded and capped."""
    return [delayed(replay), deviation(replay), capped(replay)]


def average(
    replay: Attacked, venue: str, base: str, quote: str, seconds: int = WINDOW_SECONDS
) -> CumulativeTwap:
    """Return the pair's average over a window that began ``seconds`` before the first step.

    The pair is taken to have stood still through the window; the clock is moved on so that it has one.
    """
    world, memory = replay.world, f"observation of {venue}"
    pair = replace(world.pair(venue), time_last=world.time)
    world.state.values[memory] = Observation(world.time, pair.price0_cumulative, pair.price1_cumulative)
    world.state.values[venue] = pair
    world.time += seconds
    return CumulativeTwap(venue, base, memory, world.decimals[base], world.decimals[quote])
