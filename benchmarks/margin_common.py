"""What the margin benchmarks share: interleaved best-of-N timing, and goals said beside what was measured.

Ratios come from one run on one machine; the variants take turns, so that other work on the machine meets
all of them. CPU time of the process counts, not the clock, which on a busy machine measures the others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def best_of(runs: Mapping[str, Callable[[], object]], rounds: int, least: float = 0.0) -> dict[str, float]:
    """Return the least CPU seconds of each run; a run shorter than ``least`` is repeated within a round."""
    repeats: dict[str, int] = {}
    for name, run in runs.items():
        run()
        start = time.process_time()
        run()
        once = time.process_time() - start
        repeats[name] = max(1, int(least / max(once, 1e-7)))
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            for _ in range(repeats[name]):
                run()
            best[name] = min(best[name], (time.process_time() - start) / repeats[name])
    return best


def show(title: str, best: Mapping[str, float], unit: float = 1.0, of: str = "ns") -> None:
    """Print seconds divided by ``unit`` things."""
    scale = {"ns": 1e9, "us": 1e6, "ms": 1e3}[of]
    print(f"\n{title}")
    for name, seconds in best.items():
        print(f"  {name:58s} {seconds / unit * scale:12.3f} {of}")


@dataclass
class Goals:
    """Goals met and missed, and answers that must agree for any of them to count."""

    missed: list[str] = field(default_factory=list)

    def check(self, what: str, agrees: bool) -> None:
        """Print whether answers agree; nothing counts if they do not."""
        print(f"  answers: {what}: {'agree' if agrees else 'DIFFER'}")
        if not agrees:
            raise SystemExit(f"answers differ: {what}")

    def at_least(self, what: str, ratio: float, goal: float) -> None:
        """Print a ratio that should not fall below its goal."""
        self._say(what, f"{ratio:.2f} x, goal at least {goal:g} x", ratio >= goal)

    def at_most(self, what: str, value: float, goal: float) -> None:
        """Print a value that should not exceed its goal."""
        self._say(what, f"{value:.3g}, goal at most {goal:g}", value <= goal)

    def _say(self, what: str, figures: str, reached: bool) -> None:
        print(f"  {'reached' if reached else 'MISSED '}  {what}: {figures}")
        if not reached:
            self.missed.append(what)

    def finish(self) -> int:
        """Print the machine's load and return the exit code."""
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"\nload average {load} on {os.cpu_count()} cores; {len(self.missed)} goals missed")
        return 1 if self.missed else 0
