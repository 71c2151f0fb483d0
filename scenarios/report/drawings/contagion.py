"""The contagion graph in columns: sources, prices, accounts, then keepers and payers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.report.heat_map import short
from scenarios.report.measure import fit
from scenarios.report.svg import FAINT, INK, LINES, MUTED, REFUSED, SURFACE, drawing, inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scenarios.simulation.contagion import Kind, Link, Place

MOST_ACCOUNTS = 10
_COLUMNS: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("venues and feeds", ("source",)),
    ("prices", ("price",)),
    ("accounts", ("account",)),
    ("keepers and payers", ("keeper", "payer")),
)
_COLUMN, _ROW, _BOX_WIDTH, _BOX_HEIGHT, _HEAD = 178.0, 34.0, 118.0, 24.0, 26.0
_WIDEST = 6.0
_SWEEPS = 6
_COLOURS = {
    "priced from": MUTED,
    "exposed to": LINES[0],
    "liquidated by": LINES[1],
    "sold on": LINES[3],
    "lost by": REFUSED,
}


@dataclass(frozen=True, slots=True)
class ContagionGraph:
    """Who passes a shock to whom.

    Parameters
    ----------
    links
        The whole graph; small accounts are drawn as one.
    """

    links: Sequence[Link]

    def svg(self, salt: str) -> str:
        """Return the picture as inline SVG."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only a report needs it

        links = merge_small(self.links)
        columns = _columns(links)
        rows = max(len(column) for column in columns)
        place = {
            node: (
                (number + 0.5) * _COLUMN,
                _HEAD + (row + 0.5 + (rows - len(column)) / 2) * _ROW,
            )
            for number, column in enumerate(columns)
            for row, node in enumerate(column)
        }
        loops = any(link.relation == "sold on" for link in links)
        width, height = len(columns) * _COLUMN, _HEAD + rows * _ROW + (40 if loops else 8)
        with drawing(salt):
            figure = Figure(figsize=(width / 72, height / 72))
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_xlim(0, width)
            axes.set_ylim(height, 0)
            axes.set_axis_off()
            for number, (title, _) in enumerate(_COLUMNS):
                axes.text((number + 0.5) * _COLUMN, 12, title, size=9, color=MUTED, ha="center", va="center")
            for link in sorted(links, key=lambda link: link.amount):
                heaviest = max(k.amount for k in links if k.relation == link.relation) or Decimal(1)
                thick = max(0.8, _WIDEST * float(link.amount / heaviest) ** 0.5)
                _arrow(axes, place[link.source], place[link.target], _COLOURS[link.relation], thick, height)
            for node, (x, y) in place.items():
                _box(axes, node, x, y)
            kinds = ", ".join(dict.fromkeys(link.relation for link in links))
            return inline(figure, salt, f"Contagion graph of {len(place)} nodes: {kinds}", enlarge=1.5)


def merge_small(links: Sequence[Link]) -> list[Link]:
    """Return the links with all accounts but the largest drawn as one, their amounts summed."""
    size: dict[Place, Decimal] = {}
    for link in links:
        for end in (link.source, link.target):
            if end.kind == "account":
                size[end] = size.get(end, Decimal(0)) + link.amount
    touched = {link.source for link in links if link.relation in {"liquidated by", "lost by"}}
    ranked = sorted(size, key=lambda node: (node not in touched, -size[node], node.name))
    small = ranked[MOST_ACCOUNTS:] if len(ranked) > MOST_ACCOUNTS + 1 else []
    merged: dict[tuple[Place, Place, str], Link] = {}
    for link in links:
        ends = [
            replace(end, name=f"{len(small)} other accounts") if end in small else end
            for end in (link.source, link.target)
        ]
        key = ends[0], ends[1], link.relation
        before = merged[key].amount if key in merged else Decimal(0)
        merged[key] = replace(link, source=ends[0], target=ends[1], amount=before + link.amount)
    return list(merged.values())


def _columns(links: Sequence[Link]) -> list[list[Place]]:
    """Return the nodes by column, each ordered by the mean place of its neighbours to cross few arrows."""
    nodes = dict.fromkeys(end for link in links for end in (link.source, link.target))
    columns = [[node for node in nodes if node.kind in kinds] for _, kinds in _COLUMNS]
    rank = {node: float(n) for column in columns for n, node in enumerate(column)}
    around: dict[Place, list[Place]] = {node: [] for node in nodes}
    for link in links:
        if link.relation != "sold on":
            around[link.source].append(link.target)
            around[link.target].append(link.source)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            mean = {
                node: sum(rank[other] for other in around[node]) / len(around[node])
                if around[node]
                else rank[node]
                for node in column
            }
            column.sort(key=lambda node: (mean[node], node.name))
            rank.update((node, n - (len(column) - 1) / 2) for n, node in enumerate(column))
    return columns


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    thick: float,
    height: float,
) -> None:
    """Draw from the right of one box to the left of another; back to an earlier column around below."""
    from matplotlib.patches import FancyArrowPatch  # noqa: PLC0415
    from matplotlib.path import Path  # noqa: PLC0415

    (x0, y0), (x1, y1) = start, end
    half = _BOX_WIDTH / 2
    if x1 > x0:
        first, last = (x0 + half, y0), (x1 - half - 2, y1)
        bend = (last[0] - first[0]) / 2
        path = Path(
            [first, (first[0] + bend, y0), (last[0] - bend, y1), last],
            [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
        )
    else:
        under, out = height - 10, (_COLUMN - _BOX_WIDTH) / 2 - 8
        first, last = (x0 + half, y0), (x1 - half - 2, y1)
        right, left = first[0] + out, last[0] - out
        path = Path(
            [
                first,
                *((right, y0), (right, y0 + 20)),
                (right, under - 14),
                *((right, under), (right - 14, under)),
                (left + 14, under),
                *((left, under), (left, under - 14)),
                (left, y1 + 20),
                *((left, y1), last),
            ],
            [Path.MOVETO, *[Path.CURVE3, Path.CURVE3, Path.LINETO] * 3, Path.CURVE3, Path.CURVE3],
        )
    axes.add_patch(
        FancyArrowPatch(
            path=path, arrowstyle="-|>", mutation_scale=8, color=colour, linewidth=thick, alpha=0.55
        )
    )


def _box(axes: Axes, node: Place, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415

    axes.add_patch(
        FancyBboxPatch(
            (x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2),
            _BOX_WIDTH,
            _BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor=SURFACE,
            edgecolor=REFUSED if node.kind == "payer" else FAINT,
            linewidth=1.2,
        )
    )
    text = fit(node.name, _BOX_WIDTH - 10, 9)
    axes.text(x, y, text, size=9, color=INK, ha="center", va="center")


def link_rows(links: Sequence[Link], most: int) -> tuple[tuple[str, ...], ...]:
    """Return the heaviest links as rows of a table, small accounts as one."""
    merged = merge_small(links)
    return tuple(
        (link.source.name, link.relation, link.target.name, short(link.amount)) for link in merged[:most]
    )
