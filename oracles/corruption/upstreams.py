"""What the sources of a graph have in common: sources with one upstream are one source.

The graph of upstreams, sources and nodes is built with networkx, which is imported when it is asked for and
never while an oracle is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from oracles.corruption.models import CostModel
from oracles.node import Node, walk

if TYPE_CHECKING:
    import networkx as nx

    Influence: TypeAlias = nx.DiGraph[str]


@dataclass(frozen=True, slots=True)
class SharedUpstream:
    """One upstream and the sources that read it.

    Parameters
    ----------
    upstream
        Its name.
    sources
        Ids of the sources, in the order of the graph; at least two.
    """

    upstream: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Independence:
    """How many sources there are, and how many there really are.

    Parameters
    ----------
    sources
        Ids of the sources that can be corrupted.
    groups
        Sources that hang together through common upstreams; one group is one source at worst.
    shared
        Every common upstream.
    bottlenecks
        Nodes below the sources, other than the output, that every path from a source to the output passes.
    """

    sources: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    shared: tuple[SharedUpstream, ...]
    bottlenecks: tuple[str, ...]


def influence(output: Node, models: Mapping[str, CostModel]) -> Influence:
    """Return the graph upstream -> source -> node; nodes carry ``role`` and ``label``."""
    import networkx as nx  # noqa: PLC0415 - analysis only

    graph: Influence = nx.DiGraph()
    for node in walk(output):
        role = "source" if node.id in models else "output" if node is output else "node"
        graph.add_node(node.id, role=role, label=node.label, kind=node.kind)
        graph.add_edges_from((parent.id, node.id) for parent in node.parents)
        if node.id in models:
            for upstream in models[node.id].upstreams():
                name = upstream_key(upstream)
                graph.add_node(name, role="upstream", label=upstream, kind="upstream")
                graph.add_edge(name, node.id)
    return graph


def upstream_key(upstream: str) -> str:
    """Return the id of an upstream in the influence graph; node ids are hashes and hold no colon."""
    return f"upstream:{upstream}"


def independence(output: Node, models: Mapping[str, CostModel]) -> Independence:
    """Return what the sources share."""
    import networkx as nx  # noqa: PLC0415

    graph = influence(output, models)
    sources = tuple(
        node.id
        for node in walk(output)
        if node.id in models and graph.in_degree(node.id) and _corruptible(graph, node.id)
    )
    ties: nx.Graph[str] = nx.Graph()
    ties.add_nodes_from(sources)
    shared = []
    for name, data in graph.nodes(data=True):
        if data["role"] != "upstream":
            continue
        readers = tuple(source for source in sources if graph.has_edge(name, source))
        if len(readers) > 1:
            shared.append(SharedUpstream(data["label"], readers))
            nx.add_path(ties, readers)
    place = {source: n for n, source in enumerate(sources)}
    groups = sorted(
        (tuple(sorted(group, key=place.__getitem__)) for group in nx.connected_components(ties)),
        key=lambda group: place[group[0]],
    )
    return Independence(sources, tuple(groups), tuple(shared), _bottlenecks(graph, output.id))


def _corruptible(graph: Influence, source: str) -> bool:
    return any(graph.nodes[before]["role"] == "upstream" for before in graph.predecessors(source))


def _bottlenecks(graph: Influence, output: str) -> tuple[str, ...]:
    """Return the dominators of the output seen from one root above all upstreams."""
    import networkx as nx  # noqa: PLC0415

    root = "root"
    rooted = graph.copy()
    rooted.add_edges_from((root, name) for name, data in graph.nodes(data=True) if data["role"] == "upstream")
    if root not in rooted or output not in nx.descendants(rooted, root):
        return ()
    above = nx.immediate_dominators(rooted, root)
    chain = []
    at = above[output]
    while at not in {root, None}:
        chain.append(at)
        at = above[at]
    return tuple(reversed(chain))
