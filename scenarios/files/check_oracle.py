"""The optional graph form of ``oracle``: parents exist, and no node reads itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenarios.files.errors import closest
from scenarios.files.findings import Finding, mapping_at


def check_oracle(data: Mapping[str, object]) -> Iterator[Finding]:
    """Yield the problems of an oracle that is given as ``nodes`` and ``output``."""
    oracle = mapping_at(data, "oracle")
    nodes = mapping_at(oracle, "nodes")
    if not nodes:
        return
    parents: dict[str, list[str]] = {}
    for name, node in nodes.items():
        listed = node.get("parents") if isinstance(node, Mapping) else None
        parents[name] = [str(parent) for parent in listed] if isinstance(listed, list) else []
        for index, parent in enumerate(parents[name]):
            if parent not in nodes:
                path = ("oracle", "nodes", name, "parents", index)
                yield _unknown_node(path, parent, nodes)
    cycle = find_cycle(parents)
    if cycle:
        yield Finding(
            "cycle",
            ("oracle", "nodes", cycle[0], "parents"),
            "the oracle graph has a cycle: " + " -> ".join(cycle),
            "nodes that read only nodes which do not read them",
        )
    output = oracle.get("output")
    if output is None:
        yield Finding(
            "missing-field", ("oracle", "output"), "the field 'output' is missing", "the name of a node"
        )
    elif str(output) not in nodes:
        yield _unknown_node(("oracle", "output"), str(output), nodes)


def _unknown_node(path: tuple[str | int, ...], name: str, nodes: Mapping[str, object]) -> Finding:
    return Finding(
        "unknown-node",
        path,
        f"there is no node {name!r}",
        "one of " + ", ".join(nodes),
        closest(name, nodes),
    )


def find_cycle(parents: Mapping[str, list[str]]) -> list[str]:
    """Return the first cycle as node names, first and last equal; empty if there is none."""
    done: set[str] = set()
    for start in parents:
        trail: list[str] = []
        pending: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            trail.append(start)
            pending.append((start, iter(parents[start])))
        while pending:
            name, rest = pending[-1]
            parent = next(rest, None)
            if parent is None:
                pending.pop()
                trail.pop()
                done.add(name)
            elif parent in trail:
                return [*trail[trail.index(parent) :], parent]
            elif parent in parents and parent not in done:
                trail.append(parent)
                pending.append((parent, iter(parents[parent])))
    return []
