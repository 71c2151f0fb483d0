"""Portfolio margin of centralised venues and clearing houses as settings of the grid engine.

Numbers are those of the documentation named beside each; they change often and hold as of the pages read in
2025 and 2026. Where a page leaves something open, the docstring says what was assumed.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.margin.grid_margin import CrossNetting, GridMargin, mirrored
from protocol.margin.scenarios import Move, Scenario, TermStructure


def wad(value: Decimal | Fraction | int | str) -> int:
    """Return a number with 18 decimals, rounded down."""
    exact = Fraction(Decimal(value)) if isinstance(value, str) else Fraction(value)
    return exact.numerator * WAD // exact.denominator


def _grid(percents: tuple[str, ...], moves: tuple[Move, ...]) -> tuple[Scenario[int], ...]:
    return tuple(
        Scenario(WAD + wad(percent) // 100, move.name, WAD) for percent in percents for move in moves
    )


def _tails(rows: tuple[tuple[str, str], ...]) -> tuple[Scenario[int], ...]:
    return tuple(Scenario(WAD + wad(percent) // 100, "UP", wad(weight)) for percent, weight in rows)


ALL_MOVES = (Move.UP, Move.NONE, Move.DOWN)
FOUR_PERCENT_STEPS = ("-16", "-12", "-8", "-4", "0", "4", "8", "12", "16")

PLAIN: GridMargin[int] = GridMargin(
    scenarios=_grid(("-10", "0", "10"), ALL_MOVES),
    term=TermStructure(wad("0.5"), wad("0.3"), wad("0.30"), wad("0.13"), 86_400, 0),
    naked_share=0,
    naked_as_floor=False,
    net_delta_share=0,
    hedged_share=0,
    perp_share=0,
    initial_factor=WAD,
    maintenance_factor=WAD,
)
"""A small grid without add-ons: a starting point for one's own settings."""

PARADEX_TAILS = _tails(
    (
        ("-66", "0.24"),
        ("-33", "0.48"),
        ("50", "0.32"),
        ("100", "0.16"),
        ("200", "0.08"),
        ("300", "0.0533"),
        ("400", "0.04"),
        ("500", "0.032"),
    )
)

PARADEX: GridMargin[int] = GridMargin(
    scenarios=(
        *_grid(tuple(p for p in FOUR_PERCENT_STEPS if p != "0"), (Move.UP, Move.DOWN)),
        *PARADEX_TAILS,
    ),
    term=TermStructure(wad("0.40"), wad("0.22"), wad("0.30"), wad("0.13"), 86_400, 0),
    naked_share=0,
    naked_as_floor=False,
    net_delta_share=wad("0.02"),
    hedged_share=wad("0.01"),
    perp_share=0,
    initial_factor=WAD,
    maintenance_factor=wad("0.5"),
)
"""Paradex (documentation): 24 scenarios. Assumed: eight steps without the middle one, each with both vols."""

DERIBIT: GridMargin[int] = GridMargin(
    scenarios=_grid(FOUR_PERCENT_STEPS, ALL_MOVES),
    term=TermStructure(wad("0.5"), wad("0.25"), wad("0.30"), wad("0.30"), 86_400, 0),
    naked_share=wad("0.01"),
    naked_as_floor=False,
    net_delta_share=0,
    hedged_share=0,
    perp_share=0,
    initial_factor=wad("1.25"),
    maintenance_factor=WAD,
)
"""Deribit portfolio margin: +-16 % in nine steps, three vols by (30 d / t)**0.30, 0.01 per naked short.

Documentation (older text). Assumed: a vol range of +50 % and -25 %, and initial margin at 1.25 of
maintenance; the extended table needs dampening factors that the page read does not give.
"""

AEVO: GridMargin[int] = replace(
    PLAIN,
    scenarios=_grid(("-20", "-10", "0", "10", "20"), ALL_MOVES),
    term=TermStructure(wad("0.50"), wad("0.25"), wad("0.30"), wad("0.13"), 86_400, 0),
)
"""Aevo (documentation): 15 scenarios, +-20 %, implied volatility +50 % and -25 %. Assumed: steps of ten."""


def span(scan_range: str, volatility_range: str, short_minimum: str) -> GridMargin[int]:
    """Return SPAN's sixteen scenarios for one scan range (a share of price), of one volatility range.

    Thirds of the range up and down with volatility up and down, and two moves of twice the range of which
    35 % count. The short option minimum is a floor. Source: published descriptions of SPAN. Ranges by
    underlying, inter-month charges and inter-commodity credits are numbers of each clearing house: give them
    as ``stretches``, ``calendar`` and ``credits`` (in a portfolio file as parts of a rule of one's own).
    """
    scan = Fraction(Decimal(scan_range))
    rows = [
        Scenario(WAD + wad(scan * Fraction(third, 3)), move.name, WAD)
        for third in (0, 1, -1, 2, -2, 3, -3)
        for move in (Move.UP, Move.DOWN)
    ]
    rows += [Scenario(max(WAD + wad(scan * sign * 2), 0), "NONE", wad("0.35")) for sign in (1, -1)]
    flat = TermStructure(wad(volatility_range), wad(volatility_range), 0, 0, 1, 0)
    return replace(
        PLAIN, scenarios=tuple(rows), term=flat, naked_share=wad(short_minimum), naked_as_floor=True
    )


def tims(lower: str, upper: str, points: int = 10, least: str = "0") -> GridMargin[int]:
    """Return OCC's TIMS: equally spaced prices from ``lower`` to ``upper`` (shares, signed), no vol move.

    Source: SEC release 34-46576 for the index ranges (+6 / -8 % broad, +-10 %); the range of +-15 % for
    single shares is unsourced. ``least`` is the least charge on naked sold options as a share of spot.
    """
    low, high = Fraction(Decimal(lower)), Fraction(Decimal(upper))
    steps = [low + (high - low) * i / (points - 1) for i in range(points)]
    rows = tuple(Scenario(WAD + wad(step), "NONE", WAD) for step in steps)
    return replace(PLAIN, scenarios=rows, naked_share=wad(least), naked_as_floor=True)


def correlated(
    rule: GridMargin[int], correlations: dict[tuple[str, str], str], floor: str, blend: str = "0"
) -> GridMargin[int]:
    """Return ``rule`` netting across underlyings with the given pairs of correlations.

    Parameters
    ----------
    rule
        Any grid.
    correlations
        By pair of underlyings, either order.
    floor
        Least share of the plain sum that is charged.
    blend
        Weight of the plain sum in the charge; the rest is the netted one.
    """
    names = tuple(sorted({name for pair in correlations for name in pair}))
    table = {frozenset(pair): wad(value) for pair, value in correlations.items()}
    rows = tuple(tuple(WAD if a == b else table.get(frozenset((a, b)), 0) for b in names) for a in names)
    return replace(rule, cross=CrossNetting(names, rows, wad(floor), mirrored(rule.scenarios), wad(blend)))


GRIDS = {
    "plain": PLAIN,
    "paradex": PARADEX,
    "deribit": DERIBIT,
    "aevo": AEVO,
    "span": span("0.16", "0.04", "0.01"),
    "tims-broad": tims("-0.08", "0.06"),
    "tims-narrow": tims("-0.10", "0.10"),
}
"""Presets by name."""
