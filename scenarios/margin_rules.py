"""The rules that a portfolio file is judged by: all presets, and rules of the file's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from protocol.errors import UnknownNameError
from protocol.fixed_point import WAD
from protocol.margin.calendar import Calendar
from protocol.margin.credit_line import CreditLine
from protocol.margin.credit_rule import OnCredit
from protocol.margin.grid_margin import GridMargin
from protocol.margin.presets.grids import ALL_MOVES, GRIDS, correlated, wad
from protocol.margin.presets.registry import PRESETS, Preset, preset
from protocol.margin.scenarios import Scenario, Stretch, TermStructure
from protocol.margin.spread_credits import SpreadCredit
from protocol.margin.weights import Slice
from scenarios.files.margin_methods import Grid
from scenarios.files.portfolio import Credit, OwnRule, PortfolioFile
from scenarios.margin_methods import dynamic_multiple, method_of


def rules_of(model: PortfolioFile, names: Sequence[str] = ()) -> tuple[Preset, ...]:
    """Return the rules by name, or the file's own and all presets.

    Raises
    ------
    UnknownNameError
        With the names that exist.
    """
    own = {name: own_rule(model, name, rule) for name, rule in model.rules.items()}
    if not names:
        return (*own.values(), *PRESETS)
    known = (*own, *(one.name for one in PRESETS))
    for name in names:
        if name not in known:
            raise UnknownNameError("margin rule", name, known)
    return tuple(own[name] if name in own else preset(name) for name in dict.fromkeys(names))


def own_rule(model: PortfolioFile, name: str, rule: OwnRule) -> Preset:
    """Return a rule of the file."""
    if rule.grid is not None:
        base = preset(rule.grid)
        own = replace(
            base, rule=_grid(model, rule, rule.grid), source=f"this file, on the grid {rule.grid!r}"
        )
    else:
        method, holds = method_of(rule)
        own = Preset(name, method, "this file", "this file", holds)
    if rule.credit is not None:
        terms = rule.credit
        line = CreditLine(wad(terms.threshold), wad(terms.minimum_transfer), wad(terms.independent))
        own = replace(own, rule=OnCredit(own.rule, line))
    return replace(own, name=name)


def _grid(model: PortfolioFile, rule: OwnRule, name: str) -> GridMargin[int]:
    """Return a grid with the file's scenarios, ranges, charges, netting and haircuts."""
    grid = GRIDS[name]
    if rule.scenarios is not None:
        grid = _own_scenarios(grid, rule.scenarios)
    stretches = {key: Stretch(wad(r.spot), wad(r.volatility)) for key, r in rule.ranges.items()}
    for key, dynamic in rule.dynamic.items():
        before = stretches.get(key, Stretch(WAD, WAD))
        multiple = wad(Decimal(repr(dynamic_multiple(dynamic))))
        stretches[key] = replace(before, spot=before.spot * multiple // WAD)
    terms = rule.calendar
    grid = replace(
        grid,
        haircuts=tuple((token, (Slice(0, WAD - wad(cut)),)) for token, cut in rule.haircuts.items()),
        stretches=tuple(stretches.items()),
        calendar=None if terms is None else Calendar(wad(terms.carry), wad(terms.spread)),
        credits=tuple(map(_credit, rule.credits)),
    )
    if rule.correlations:
        pairs = dict.fromkeys(combinations(sorted(model.underlyings), 2), "0")
        for pair, value in rule.correlations.items():
            first, second = sorted(pair.split("/"))
            pairs[first, second] = format(value, "f")
        grid = correlated(grid, pairs, format(rule.floor, "f"), format(rule.blend, "f"))
    return grid


def _own_scenarios(grid: GridMargin[int], terms: Grid) -> GridMargin[int]:
    """Return a grid over the file's moves, volatilities moving alike at every expiry."""
    rows = tuple(
        Scenario(max(WAD + wad(spot), 0), move.name, WAD) for spot in terms.spots for move in ALL_MOVES
    )
    return replace(
        grid,
        scenarios=rows,
        term=TermStructure(wad(terms.volatility_up), wad(terms.volatility_down), 0, 0, 1, 0),
        naked_share=wad(terms.naked),
        naked_as_floor=False,
        net_delta_share=wad(terms.net_delta),
        hedged_share=wad(terms.hedged),
        perp_share=wad(terms.perpetual),
        initial_factor=wad(terms.initial_factor),
        maintenance_factor=wad(terms.maintenance_factor),
    )


def _credit(row: Credit) -> SpreadCredit[int]:
    first, _, second = row.pair.partition("/")
    return SpreadCredit(first, second, wad(row.rate), wad(row.ratio))
