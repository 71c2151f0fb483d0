"""Fixtures of every test: a local node, and the count of operations driven through real contracts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from anvil_node import AnvilNode

OPERATIONS = "real contract operations"

# Property tests are bounded by their number of examples, not by the clock of a busy machine. CI repeats one
# and the same set of examples for a commit; developers' machines draw new ones each time.
settings.register_profile("backstop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "backstop")


@pytest.fixture(scope="session")
def anvil_node() -> Iterator[AnvilNode]:
    """Return the node of this test process, ended with the session. Fails where none can be had."""
    from evm_chains import shared_node

    node = shared_node()
    yield node
    node.close()
    shared_node.cache_clear()


@pytest.fixture
def count_operations(request: pytest.FixtureRequest) -> Callable[[str, Counter[str]], None]:
    """Return what adds a run's counts to the figures printed at the end of the session."""

    def add(family: str, counts: Counter[str]) -> None:
        request.node.user_properties.append((OPERATIONS, [family, dict(counts)]))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    totals: dict[str, Counter[str]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, value in report.user_properties:
                    if name == OPERATIONS:
                        totals.setdefault(value[0], Counter()).update(value[1])
    if not totals:
        return
    terminalreporter.section("operations driven through real contracts and our models")
    for family, counts in sorted(totals.items()):
        held = sum(n for name, n in counts.items() if name.endswith(" held"))
        terminalreporter.line(f"{family}: {held} held, {counts.total() - held} refused by both")
        if terminalreporter.verbosity > 0:
            terminalreporter.line("    " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())))
