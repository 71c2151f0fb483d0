"""One local chain for the session, rolled back after every test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from chain_world import ChainWorld
from fault_proxy import Fault, FaultProxy, honest
from oracles.chain.client import Client


@pytest.fixture(scope="session")
def _world() -> Iterator[ChainWorld]:
    world = ChainWorld()
    yield world
    world.close()


@pytest.fixture
def world(_world: ChainWorld) -> Iterator[ChainWorld]:
    snapshot, answers, aggregators = _world.snapshot(), dict(_world.answers), dict(_world.aggregators)
    yield _world
    _world.revert(snapshot, answers)
    _world.aggregators = aggregators


@pytest.fixture
def client(world: ChainWorld) -> Iterator[Client]:
    with Client([world.node.url], chain_id=1) as made:
        yield made


@pytest.fixture
def proxy_of() -> Iterator[Callable[..., FaultProxy]]:
    made: list[FaultProxy] = []

    def make(url: str, fault: Fault = honest, delay: float = 0.0) -> FaultProxy:
        made.append(FaultProxy(url, fault, delay))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = Counter(
        value[1]
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for value in report.user_properties
        if value[0] == "chain fault"
    )
    if counts:
        terminalreporter.section("faults between reader and node")
        terminalreporter.line(
            f"faults tried {counts.total()}, right in spite of it {counts['right']}, "
            f"refused with a typed error {counts['refused']}, wrong answers {counts['wrong']}"
        )
