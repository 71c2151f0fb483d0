"""The oracle graph drawn in layers, sources at the top and the output at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from scenarios.report.measure import Weight, fit, wrap
from scenarios.report.svg import FAINT, INK, MUTED, REFUSED, REFUSED_FILL, SURFACE, drawing, inline
from scenarios.result import NodeRecord

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

    Directed: TypeAlias = nx.DiGraph[tuple[str, ...]]
    Place: TypeAlias = dict[tuple[str, ...], tuple[float, float]]

_COLUMN, _ROW = 156.0, 118.0
_BOX_WIDTH, _BOX_HEIGHT = 142.0, 84.0
_ROOM = 132.0
_LEADING = 1.5
_SWEEPS = 4


def graph_svg(nodes: Sequence[NodeRecord], salt: str) -> str:
    """Return the graph as inline SVG; nodes that refused are dashed and filled."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

    with drawing(salt):
        layered = _layered(nodes)
        place = _places(layered)
        width = max(x for x, _ in place.values()) + _COLUMN / 2
        left = min(x for x, _ in place.values()) - _COLUMN / 2
        height = max(-y for _, y in place.values()) + _ROW * 0.84
        figure = Figure(figsize=((width - left) / 72, height / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(left, width)
        axes.set_ylim(-height + _ROW * 0.42, _ROW * 0.42)
        axes.set_axis_off()
        _edges(axes, layered, place)
        for node in nodes:
            _node(axes, node, *place[(node.id,)])
        return inline(figure, salt, f"Oracle graph of {len(nodes)} nodes, sources at the top", enlarge=1.35)


def _layered(nodes: Sequence[NodeRecord]) -> Directed:
    """Return the graph with each node's layer, edges over several layers cut by way points."""
    import networkx as nx  # noqa: PLC0415

    known = {node.id for node in nodes}
    graph: Directed = nx.DiGraph()
    graph.add_nodes_from((node.id,) for node in nodes)
    graph.add_edges_from(((p,), (node.id,)) for node in nodes for p in node.parents if p in known)
    for depth, generation in enumerate(nx.topological_generations(graph)):
        for member in generation:
            graph.nodes[member]["layer"] = depth
    for source, target in list(graph.edges):
        first, last = graph.nodes[source]["layer"], graph.nodes[target]["layer"]
        if last - first > 1:
            graph.remove_edge(source, target)
            path = [source, *(("way", *source, *target, str(n)) for n in range(first + 1, last)), target]
            for offset, point in enumerate(path[1:-1], start=1):
                graph.add_node(point, layer=first + offset)
            nx.add_path(graph, path)
    return graph


def _places(graph: Directed) -> Place:
    """Return positions: layers top-down, within a layer by the mean place of the neighbours.

    networkx lays out layers too, but in the order given, which lets edges cross.
    """
    layers: list[list[tuple[str, ...]]] = []
    for member in graph:
        depth = graph.nodes[member]["layer"]
        layers += [[] for _ in range(depth + 1 - len(layers))]
        layers[depth].append(member)
    rank = {member: float(n) for layer in layers for n, member in enumerate(layer)}
    for sweep in range(_SWEEPS):
        look = graph.predecessors if sweep % 2 == 0 else graph.successors
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            mean = {m: _mean([rank[n] for n in look(m)], rank[m]) for m in layer}
            layer.sort(key=mean.__getitem__)
            rank.update((m, n - (len(layer) - 1) / 2) for n, m in enumerate(layer))
    return {m: (rank[m] * _COLUMN, -depth * _ROW) for depth, layer in enumerate(layers) for m in layer}


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _edges(axes: Axes, graph: Directed, place: Place) -> None:
    for source, target in graph.edges:
        (x0, y0), (x1, y1) = place[source], place[target]
        start = y0 if len(source) > 1 else y0 - _BOX_HEIGHT / 2
        end = y1 if len(target) > 1 else y1 + _BOX_HEIGHT / 2
        axes.annotate(
            "",
            xy=(x1, end),
            xytext=(x0, start),
            arrowprops={
                "arrowstyle": "-" if len(target) > 1 else "-|>",
                "color": MUTED,
                "linewidth": 1.2,
                "shrinkA": 0,
                "shrinkB": 0 if len(target) > 1 else 1,
            },
        )


def _node(axes: Axes, node: NodeRecord, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415

    refused = node.status != "ok"
    axes.add_patch(
        FancyBboxPatch(
            (x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2),
            _BOX_WIDTH,
            _BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=7",
            facecolor=REFUSED_FILL if refused else SURFACE,
            edgecolor=REFUSED if refused else FAINT,
            linewidth=1.8 if refused else 1.2,
            linestyle=(0, (4, 2)) if refused else "-",
        )
    )
    reading = ": ".join(part for part in (node.status if refused else "", node.reading) if part)
    lines: list[tuple[float, str, Weight, str]] = [
        (8.0, MUTED, "normal", fit(node.kind, _ROOM, 8)),
        *((9.5, INK, "bold", line) for line in wrap(node.label or node.id, _ROOM, 9.5, "bold")),
        *((8.5, REFUSED if refused else INK, "normal", line) for line in wrap(reading, _ROOM, 8.5)),
    ]
    top = y + sum(size for size, *_ in lines) * _LEADING / 2
    for size, colour, weight, text in lines:
        axes.text(
            x,
            top - size * _LEADING / 2,
            text,
            size=size,
            color=colour,
            weight=weight,
            ha="center",
            va="center",
        )
        top -= size * _LEADING
