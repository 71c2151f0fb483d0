"""Liquidation ticks with feedback, one moving price, and cascades, against our own best full mark.

Goals: 50 times the full mark in a calm hour and 10 times in a crash; 5,000 times where one price moves; a
cascade 50 times where under 1 % of the book is liquidated, and never below 0.9 of it. Liquidations must be
identical, account by account and tick by tick. The book is synthetic: lognormal leverage decides the gain.
A million accounts on two cores, over several runs: ticks 40 to 91 and 9 to 19 times, one price 5,700 to
12,000. Cascades under 1 % of the book 82 to 160 times where one price moves by up to 1 %, 35 to 68 after
5 %, 55 to 115 where all move by 0.2 %, 42 to 86 after 1 %; 0.84 to 1.24 where 60 % of it is liquidated. So
goals are missed in some runs: a full mark streams memory, a list reads far apart, and hosts differ in which
they do well, from one hour to the next.

Run: ``python -m benchmarks.margin_ticks`` from the project's root.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.margin_common import Goals
from protocol.margin.book.cascade import Finder, FullMark, cascade, positions_sold
from protocol.margin.book.decision import Marker
from protocol.margin.book.liquidation_price import Line, ThresholdIndex
from protocol.margin.book.safe_radius import LinearSubject, SafeRadiusList

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from random_books import ArrayCase, array_case, price_path

TICKS, VOLATILITY = 300, 4e-4


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds and the result."""
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def walk(finder: Finder, path: Any) -> list[Any]:
    """Liquidate whoever fails at every tick and return the accounts by tick."""
    found = []
    for prices in path:
        accounts = finder.failing(prices)
        finder.close(accounts)
        found.append(accounts)
    return found


def equal(a: list[Any], b: list[Any]) -> bool:
    """Return whether two runs liquidated the same accounts at the same ticks."""
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def ticks(case: ArrayCase, subject: LinearSubject, rounds: int, goals: Goals) -> None:
    """Measure an hour of ticks of 4 basis points, calm and with a crash of 10 % inside."""
    for regime, crash, goal in (("calm hour", 0.0, 50.0), ("crash of 10 % in 30 ticks", 0.1, 10.0)):
        path = price_path(case, TICKS, VOLATILITY, seed=3, crash=crash)
        lazy = full = np.inf
        for _ in range(rounds):
            seconds, expected = timed(lambda path=path: walk(FullMark(subject), path))
            full = min(full, seconds)
            one = SafeRadiusList(subject, case.still)
            seconds, found = timed(lambda one=one, path=path: walk(one, path))
            lazy = min(lazy, seconds)
        # A full mark finds the closed accounts again; without any it is a little faster, and that counts.
        plain = [timed(lambda: subject.failing(case.prices))[0] for _ in range(20)]
        full = min(full, min(plain) * TICKS)
        move = float(np.abs(path / case.prices - 1).max())
        print(f"\n{regime}: {sum(map(len, expected))} liquidated, largest move {move:.3f}")
        goals.check("liquidations by tick", equal(expected, found))
        looked = one.looked_at / TICKS
        print(f"  full mark {full / TICKS * 1e6:.0f} us a tick, list {lazy / TICKS * 1e6:.0f} us a tick,")
        print(f"  {one.rebuilds} lists made, {one.full_marks} full marks, {looked:.0f} accounts a tick")
        goals.at_least(f"ticks, {regime}", full / lazy, goal)


def attack(case: ArrayCase, subject: LinearSubject, rounds: int, goals: Goals) -> None:
    """Measure a thousand steps of one price."""
    assets, number, steps = case.book.assets, 3, 1000
    moving = np.zeros(len(case.prices), dtype=np.bool_)
    moving[[number, assets + number]] = True
    line = Line.of_price(case.prices, moving)
    points = (case.prices[number] * np.exp(-5e-4 * np.arange(1, steps + 1))).tolist()
    build = move = full = np.inf
    for _ in range(rounds):
        seconds, index = timed(lambda: ThresholdIndex(subject.marker, case.weights, line))
        build = min(build, seconds)

        def run(index: ThresholdIndex = index) -> list[Any]:
            before, found = case.prices[number], []
            for after in points:
                found.append(index.newly(before, after))
                before = after
            return found

        seconds, found = timed(run)
        move = min(move, seconds / steps)
        some = points[:: steps // 20]
        seconds, marks = timed(lambda some=some: [subject.failing(line.at(t)) for t in some])
        full = min(full, seconds / len(some))
    start = subject.failing(line.at(float(case.prices[number])))
    reached = [np.sort(np.concatenate((start, *found[: k + 1]))) for k in range(0, steps, steps // 20)]
    print(f"\none moving price, {steps} steps of 5 bp, {sum(map(len, found))} liquidated")
    goals.check("accounts at every fiftieth step", equal(reached, marks))
    print(f"  index made in {build * 1e3:.0f} ms, then {move * 1e6:.2f} us a step, mark {full * 1e6:.0f} us")
    goals.at_least("one moving price", full / move, 5000)
    print(f"  with making the index, over {steps} steps: {full * steps / (build + move * steps):.0f} x")


def reaction(case: ArrayCase, reserve: Any, start: Any, finder: Finder) -> Any:
    """Return what sells liquidated positions into constant products of these reserves."""
    assets, book = case.book.assets, case.book
    sold = np.zeros(book.instruments)

    def react(accounts: Any, _: Any) -> Any:
        sold[:] += positions_sold(book, accounts, finder=finder)
        marks = start[assets:] * (reserve / (reserve + np.maximum(sold, -0.5 * reserve))) ** 2
        return np.concatenate(([1.0], marks[1:assets], marks))

    return react


def cascades(case: ArrayCase, subject: LinearSubject, rounds: int, goals: Goals) -> None:
    """Measure cascades after shocks of one price and of all; the list has been in use for a few ticks."""
    assets = case.book.assets
    one = np.zeros(len(case.prices), dtype=np.bool_)
    one[[3, assets + 3]] = True
    book = case.book
    interest = np.bincount(book.held, np.abs(book.sizes), minlength=book.instruments)
    print("\ncascades to the fixed point")
    for what, moving, shock, depth in (
        ("one price", one, 0.002, 2.0),
        ("one price", one, 0.01, 2.0),
        ("one price", one, 0.05, 2.0),
        ("all prices", ~case.still, 0.002, 2.0),
        ("all prices", ~case.still, 0.01, 2.0),
        ("all prices", ~case.still, 0.1, 0.05),
        ("all prices", ~case.still, 0.3, 0.02),
    ):
        start = np.where(moving, case.prices * (1 - shock), case.prices)
        lazy = full = np.inf
        for _ in range(rounds):
            results = []
            for kind in ("full", "lazy"):
                finder: Any = (
                    FullMark(subject) if kind == "full" else SafeRadiusList(subject, case.still, skin=0.1)
                )
                finder.close(finder.failing(case.prices))
                for basis_points in (2, 5, 10, 20):  # a simulation under way, its list in use
                    calm = case.prices * np.where(case.still, 1.0, 1 + basis_points * 1e-4)
                    finder.close(finder.failing(calm))
                react = reaction(case, depth * interest, start, finder)
                seconds, result = timed(
                    lambda finder=finder, start=start, react=react: cascade(finder, start, react)
                )
                results.append(result)
                full, lazy = (min(full, seconds), lazy) if kind == "full" else (full, min(lazy, seconds))
        share = results[0].liquidated / case.book.accounts
        print(
            f"  {what} {shock:.1%}: {len(results[0].rounds)} rounds, {results[0].liquidated} liquidated"
            f" ({share:.2%}), full {full * 1e3:.2f} ms, list {lazy * 1e3:.3f} ms"
        )
        goals.check(
            "every round and the prices",
            equal(list(results[0].rounds), list(results[1].rounds))
            and np.array_equal(results[0].prices, results[1].prices),
        )
        goals.at_least(f"cascade, {what} {shock:.1%}", full / lazy, 50 if share < 0.01 else 0.9)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    goals = Goals()
    case = array_case(3, options.accounts)
    subject = LinearSubject(Marker(case.book, fast=True), case.weights, case.still)
    subject.failing(case.prices)
    ticks(case, subject, options.rounds, goals)
    attack(case, subject, options.rounds, goals)
    cascades(case, subject, 3 * options.rounds, goals)  # so short that others disturb it
    return goals.finish()


if __name__ == "__main__":
    raise SystemExit(main())
