"""Loading a file of ``backstop oracle cost``: its shape and the names across its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath

from pydantic import ValidationError

from scenarios.files.check_oracle import find_cycle
from scenarios.files.document import Document
from scenarios.files.errors import FileError, closest
from scenarios.files.findings import Finding
from scenarios.files.oracle_cost import (
    OracleCostFile,
    PoolGroupFile,
    SpotCost,
    Sweep,
    TwapCost,
    WeightedMedianFile,
)
from scenarios.files.positions import Path
from scenarios.files.shipped import Shipped
from scenarios.files.validate import explain, located

SHIPPED = Shipped("oracle_cost_examples")


def list_examples() -> tuple[str, ...]:
    """Return the names of the shipped example files."""
    return SHIPPED.names()


def is_oracle_cost(document: Document) -> bool:
    """Return whether a document looks like an oracle's cost: sources, nodes and targets, and no steps."""
    return {"sources", "targets"} <= document.data.keys() and "steps" not in document.data


def load_oracle_cost(name_or_path: str | FilePath) -> OracleCostFile:
    """Load a shipped example by its name, or a file by its path.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    return read_oracle_cost(SHIPPED.open(name_or_path))


def read_oracle_cost(document: Document) -> OracleCostFile:
    """Return the model of a document.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    try:
        model = OracleCostFile.model_validate(document.data)
    except ValidationError as error:
        raise FileError(located(document, explain(document.data, error, _model_at))) from None
    findings = list(_check(model))
    if findings:
        raise FileError(located(document, findings))
    return model


def _model_at(path: Path) -> type[OracleCostFile | Sweep] | None:
    return OracleCostFile if not path else Sweep if path == ("sweep",) else None


def _check(model: OracleCostFile) -> Iterator[Finding]:
    """Yield names that point nowhere, cycles, and questions without an answer."""
    places = {**model.sources, **model.nodes}
    for name in model.nodes:
        if name in model.sources:
            yield Finding("duplicate-name", ("nodes", name), f"{name!r} is a source and a node", at_key=True)
    for name, node in model.nodes.items():
        for index, parent in enumerate(node.parents):
            yield from _known(("nodes", name, "parents", index), parent, places, "source or node")
        if isinstance(node, WeightedMedianFile) and len(node.weights) != len(node.parents):
            message = f"{len(node.weights)} weights for {len(node.parents)} parents"
            yield Finding("count", ("nodes", name, "weights"), message, "one weight per parent")
    cycle = find_cycle({name: list(node.parents) for name, node in model.nodes.items()})
    if cycle:
        path = ("nodes", cycle[0], "parents")
        yield Finding("cycle", path, "the oracle graph has a cycle: " + " -> ".join(cycle))
    yield from _known(("output",), model.output, places, "source or node")
    for name, source in model.sources.items():
        for index, upstream in enumerate(source.reads):
            yield from _known(("sources", name, "reads", index), upstream, model.upstreams, "upstream")
        if isinstance(source.cost, SpotCost | TwapCost):
            yield from _known(("sources", name, "cost", "pool"), source.cost.pool, model.pools, "pool")
        if isinstance(source.cost, PoolGroupFile) and source.cost.weights is not None:
            count, needed = len(source.cost.weights), len(source.cost.depths)
            if count != needed:
                weights = ("sources", name, "cost", "weights")
                yield Finding("count", weights, f"{count} weights for {needed} pools", "one weight per pool")
    for index, target in enumerate(model.targets):
        if (target.factor is None) != target.stop or target.factor == 1:
            yield Finding(
                "target",
                ("targets", index),
                "this asks for nothing",
                "a factor other than 1, or `stop: true`",
            )
    if model.sweep is not None and (model.sweep.first - 1) * (model.sweep.last - 1) <= 0:
        yield Finding("sweep", ("sweep",), "the sweep crosses 1", "both factors above 1 or both below")
    if model.profits and model.sweep is None:
        yield Finding("missing-field", ("sweep",), "profits need a sweep", "first and last factor")


def _known(
    path: Path, name: str, known: Mapping[str, object] | Iterable[str], what: str
) -> Iterator[Finding]:
    names = list(known)
    if name not in names:
        expected = "one of " + ", ".join(names) if names else None
        yield Finding("unknown-name", path, f"there is no {what} {name!r}", expected, closest(name, names))
