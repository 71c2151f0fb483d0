"""The rules that a portfolio file is judged by: all presets, and rules of the file's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from protocol.errors import UnknownNameError
from protocol.fixed_point import WAD
from protocol.margin.calendar import Calendar
from protocol.margin.presets.grids import GRIDS, correlated, wad
from protocol.margin.presets.registry import PRESETS, Preset, preset
from protocol.margin.scenarios import Stretch
from protocol.margin.spread_credits import SpreadCredit
from protocol.margin.weights import Slice
from scenarios.files.portfolio import Credit, OwnRule, PortfolioFile


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
    """Return a rule of the file: a grid with its correlations, floor and haircuts."""
    base = preset(rule.grid)
    grid = GRIDS[rule.grid]
    haircuts = tuple((token, (Slice(0, WAD - wad(cut)),)) for token, cut in rule.haircuts.items())
    stretches = tuple((n, Stretch(wad(r.spot), wad(r.volatility))) for n, r in rule.ranges.items())
    terms = rule.calendar
    grid = replace(
        grid,
        haircuts=haircuts,
        stretches=stretches,
        calendar=None if terms is None else Calendar(wad(terms.carry), wad(terms.spread)),
        credits=tuple(map(_credit, rule.credits)),
    )
    if rule.correlations:
        pairs = dict.fromkeys(combinations(sorted(model.underlyings), 2), "0")
        for pair, value in rule.correlations.items():
            first, second = sorted(pair.split("/"))
            pairs[first, second] = format(value, "f")
        grid = correlated(grid, pairs, format(rule.floor, "f"))
    source = f"this file, on the grid {rule.grid!r}"
    return replace(base, name=name, rule=grid, source=source)


def _credit(row: Credit) -> SpreadCredit[int]:
    first, _, second = row.pair.partition("/")
    return SpreadCredit(first, second, wad(row.rate), wad(row.ratio))
