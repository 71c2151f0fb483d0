"""What the full event log of a run costs, and what its pictures cost, beside the bare run of a stress test.

The bare run is the same work with ``Simulation.record`` doing nothing. Goal: the log costs at most 20 %.
The series and health samples of `backstop run` are not the log; they are shown beside it.

Run: ``uv run python -m benchmarks.event_log`` from the project's root.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from unittest.mock import patch

from benchmarks.margin_common import Goals, best_of
from scenarios.files.protocol_checks import list_protocols, load_protocol
from scenarios.simulation.run import run_path
from scenarios.simulation.simulation import Simulation

GOAL = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    goals, totals = Goals(), [0.0, 0.0]
    for name in list_protocols():
        file = load_protocol(name)
        if file.population is not None:
            continue

        def bare() -> object:
            with patch.object(Simulation, "record", lambda *_args, **_details: None):
                return run_path(file, keep_series=False)  # noqa: B023 - run before the next file

        runs: dict[str, Callable[[], object]] = {
            "bare": bare,
            "log": lambda: run_path(file, keep_series=False),  # noqa: B023
            "all": lambda: run_path(file),  # noqa: B023
        }
        best, events = best_of(runs, options.rounds, least=0.02), len(run_path(file).events)
        totals[0], totals[1] = totals[0] + best["bare"], totals[1] + best["log"]
        print(
            f"  {name:18s} {best['bare'] * 1e3:8.2f} ms bare, {events:5d} events cost "
            f"{best['log'] / best['bare'] - 1:6.1%}; with samples for the pictures "
            f"{best['all'] / best['log']:.2f} times that"
        )
    goals.at_most("cost of the log over all files", totals[1] / totals[0] - 1, GOAL)
    return goals.finish()


if __name__ == "__main__":
    raise SystemExit(main())
