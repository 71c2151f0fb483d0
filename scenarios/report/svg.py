"""A matplotlib figure as inline SVG: the same bytes every time, the page's fonts and colours."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Drawn in these colours; on the page each is a CSS variable, so one picture serves light, dark and print.
INK, MUTED, FAINT, SURFACE, REFUSED, REFUSED_FILL = (
    "#010203",
    "#010204",
    "#010205",
    "#010206",
    "#010207",
    "#010208",
)
LINES = ("#010211", "#010212", "#010213", "#010214", "#010215", "#010216")
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    FAINT: "var(--line)",
    SURFACE: "var(--surface)",
    REFUSED: "var(--bad)",
    REFUSED_FILL: "var(--bad-fill)",
    **{colour: f"var(--series-{n})" for n, colour in enumerate(LINES, start=1)},
}
_FONT = "DejaVu Sans"
_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"


@contextmanager
def drawing(salt: str) -> Iterator[None]:
    """Draw with fixed settings, whatever the user's matplotlibrc says; make and save the figure inside.

    ``salt`` keeps the ids of two pictures on one page apart.
    """
    from matplotlib import style  # noqa: PLC0415 - heavy, and only a report needs it

    settings: dict[str, object] = {
        "svg.hashsalt": salt,
        "svg.fonttype": "none",
        "text.parse_math": False,  # names come out of files: a dollar sign is a dollar sign
        "font.family": _FONT,
        "font.size": 10,
        "text.color": INK,
        "axes.labelsize": 9.5,
        "axes.labelcolor": MUTED,
        "axes.edgecolor": FAINT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlecolor": MUTED,
        "axes.titlesize": 9.5,
        "grid.color": FAINT,
        "grid.linewidth": 0.6,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
        "xtick.labelsize": 9.5,
        "ytick.labelsize": 9.5,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "lines.linewidth": 1.8,
        "lines.markersize": 4.5,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
    }
    with style.context(["default", settings]), warnings.catch_warnings():
        # The browser's fonts have the letters that the measuring font lacks.
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"(?s)Matplotlib currently does not support .* natively")
        yield


def inline(figure: Figure, salt: str, description: str, *, enlarge: float = 2) -> str:
    """Return a figure made under ``drawing(salt)`` as an ``<svg>`` element that scales with its place.

    It grows to at most ``enlarge`` times its own size.
    """
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314 - written one line above
    for child in list(root):
        if child.tag not in {f"{_SVG}g", f"{_SVG}defs"}:
            root.remove(child)
    for element in root.iter():
        _tidy(element, salt)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("style", f"max-width: {figure.get_figwidth() * 72 * enlarge:.0f}px")
    root.set("role", "img")
    root.set("aria-label", description)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _tidy(element: ElementTree.Element, salt: str) -> None:
    """Drop namespaces, generic ids and fixed colours of one element."""
    element.tag = element.tag.removeprefix(_SVG)
    for name in list(element.attrib):
        value = element.attrib.pop(name)
        if name == "id":
            if element.tag == "g":
                continue
            value = f"{salt}-{value}"
        elif name == "style":
            for colour, variable in _VARIABLES.items():
                value = value.replace(colour, variable)
            value = value.replace(f"'{_FONT}'", "var(--sans)")
        if value.startswith("#"):
            value = f"#{salt}-{value[1:]}"
        elif value.startswith("url(#"):
            value = f"url(#{salt}-{value[5:]}"
        element.set(name.removeprefix(_XLINK), value)
    if element.tag not in {"text", "tspan"}:
        element.text = None
    element.tail = "\n" if element.tag in {"g", "path", "text"} else None
