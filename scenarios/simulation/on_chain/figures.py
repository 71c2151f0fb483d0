"""The chain's measures over many runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

from scenarios.runs.statistics import Estimate, mean
from scenarios.simulation.on_chain.metrics import ChainMetrics

CHAIN = "chain "
"""Before the names of a chain's measures in a record."""


def read_chain_rows(results: Path) -> Iterator[ChainMetrics]:
    """Yield the chain's measures of a study's results; none where the file has no chain."""
    decimals = {field.name for field in fields(ChainMetrics) if field.type == "Decimal"}
    with results.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            found = {n.removeprefix(CHAIN): v for n, v in record.items() if n.startswith(CHAIN)}
            if found:
                yield ChainMetrics(**found | {name: Decimal(found[name]) for name in decimals})


def chain_estimates(rows: Sequence[ChainMetrics], money: str) -> Iterator[tuple[Estimate, str, str]]:
    """Yield estimate, name and unit of every measure; nothing without a chain."""
    if not rows:
        return
    for name, unit, values in (
        ("longest wait of an oracle update", "s", [row.oracle_wait_longest for row in rows]),
        ("mean wait of oracle updates", "s", [row.oracle_wait_mean for row in rows]),
        ("longest wait of a liquidation", "s", [row.keeper_wait_longest for row in rows]),
        ("mean wait of liquidations", "s", [row.keeper_wait_mean for row in rows]),
        ("fees paid by agents", money, [row.fees for row in rows]),
        ("transactions reverted", "", [row.reverted for row in rows]),
        ("blocks missed", "", [row.missed_blocks for row in rows]),
    ):
        yield mean("", [float(value) for value in values], least=0.0), name, unit
