"""A page: sections of tables and pictures, one shape for terminal and browser."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from scenarios.report.html import template_environment
from scenarios.report.numbers import human
from scenarios.report.panels import panels
from scenarios.result import Series

if TYPE_CHECKING:
    from scenarios.report.manifest import Manifest


class Drawing(Protocol):
    """A picture that can draw itself."""

    def svg(self, salt: str) -> str:
        """Return inline SVG; ``salt`` keeps the ids of two pictures apart."""
        ...


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading, or pictures; the first column names the row."""

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    series: tuple[Series, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    note: str = ""

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers only."""
        columns = zip(*self.rows, strict=True)
        return tuple(n > 0 and all(_is_number(cell) for cell in column) for n, column in enumerate(columns))


def _is_number(cell: str) -> bool:
    return not cell.strip("0123456789,.e+-") or cell == "too few runs"


@dataclass(frozen=True, slots=True)
class Page:
    """What a command shows."""

    kicker: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    about: str = ""


def number(value: Decimal | Fraction | float | None) -> str:
    """Return a figure for reading."""
    if value is None:
        return "too few runs"
    exact = Decimal(f"{float(value):.10g}")
    if abs(exact) >= 1000:
        return f"{exact:,.0f}"
    return human(exact) if exact else "0"


def shown(value: object) -> str:
    """Return any value of an event or parameter for reading."""
    if isinstance(value, Decimal | float | Fraction):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value)
    return str(value)


def render_page(page: Page, manifest: Manifest | None = None) -> str:
    """Return one offline HTML page; the same arguments give the same bytes."""
    from markupsafe import Markup  # noqa: PLC0415 - jinja2's, heavy at start-up

    from scenarios.report.pictures import panel_svg  # noqa: PLC0415

    engine = template_environment()
    pictures: dict[str, list[Markup]] = {}
    for place, section in enumerate(page.sections):
        drawn = [panel_svg(panel, f"s{place}p{n}") for n, panel in enumerate(panels(section.series))]
        drawn += [each.svg(f"s{place}d{n}") for n, each in enumerate(section.drawings)]
        pictures[section.title] = [Markup(svg) for svg in drawn]  # noqa: S704 - escaped by its writer
    return engine.get_template("simulation.html.j2").render(
        page=page,
        style=Markup(engine.get_template("style.css").render()),  # noqa: S704 - our own file
        pictures=pictures,
        manifest=manifest,
    )
