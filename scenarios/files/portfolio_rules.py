"""Names and values of the rules of one's own in a portfolio file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from protocol.margin.presets.grids import GRIDS
from protocol.margin.presets.registry import PRESETS
from scenarios.files.errors import closest
from scenarios.files.findings import Finding
from scenarios.files.margin_methods import Statistics
from scenarios.files.portfolio import OwnRule, PortfolioFile
from scenarios.files.positions import Path


def check_rule(model: PortfolioFile, name: str, rule: OwnRule) -> Iterator[Finding]:
    """Yield names that point nowhere and values that contradict each other."""
    path: Path = ("rules", name)
    if name in {preset.name for preset in PRESETS}:
        yield Finding("duplicate-name", path, f"{name!r} is a preset", "another name", at_key=True)
    yield from _check_method(model, rule, path)
    for token in rule.haircuts:
        tokens = [
            key for key, held in model.collateral.items() if not held.cash and key not in model.underlyings
        ]
        yield from known((*path, "haircuts", token), token, tokens, "collateral token", at_key=True)
    for one in rule.ranges:
        yield from known((*path, "ranges", one), one, model.underlyings, "underlying", at_key=True)
    yield from _check_credits(model, rule, path)
    usable = True
    for pair, value in rule.correlations.items():
        place = (*path, "correlations", pair)
        first, slash, second = pair.partition("/")
        if not slash or first == second:
            usable = False
            yield Finding("pair", place, "this is no pair", "two underlyings such as BTC/ETH", at_key=True)
            continue
        for one in (first, second):
            unknown = list(known(place, one, model.underlyings, "underlying", at_key=True))
            usable = usable and not unknown
            yield from unknown
        if abs(value) > 1:
            usable = False
            yield Finding("correlation", place, "this is no correlation", "-1 to 1", got=str(value))
    if usable and rule.correlations and not _possible(rule):
        yield Finding(
            "correlation",
            (*path, "correlations"),
            "no returns can have these correlations together",
            "a matrix without a negative eigenvalue (a pair that is not given stands at zero)",
        )


_OF_GRIDS = ("ranges", "calendar", "credits", "scenarios", "dynamic", "haircuts")


def _check_method(model: PortfolioFile, rule: OwnRule, path: Path) -> Iterator[Finding]:
    methods = [
        name
        for name in ("grid", "statistics", "quadratic", "unified", "okx_portfolio")
        if getattr(rule, name) is not None
    ]
    if len(methods) != 1:
        named = " and ".join(methods) or "no method"
        yield Finding(
            "method", path, f"a rule of {named}", "one of grid, statistics, quadratic, unified, okx_portfolio"
        )
        return
    if rule.grid is not None:
        yield from known((*path, "grid"), rule.grid, GRIDS, "grid")
    else:
        for name in _OF_GRIDS:
            if getattr(rule, name):
                yield Finding("method", (*path, name), f"{name} belongs to a grid", "a rule with `grid`")
    for one in rule.dynamic:
        yield from known((*path, "dynamic", one), one, model.underlyings, "underlying", at_key=True)
    if rule.statistics is not None:
        yield from _check_statistics(rule.statistics, (*path, "statistics"))


def _check_statistics(terms: Statistics, path: Path) -> Iterator[Finding]:
    if bool(terms.moves) == bool(terms.volatilities):
        yield Finding("method", path, "needs past moves or volatilities", "moves, or volatilities")
    if len({len(column) for column in terms.moves.values()}) > 1 or not all(terms.moves.values()):
        yield Finding("moves", (*path, "moves"), "columns of different lengths", "the same periods for all")
    if not 0 < terms.confidence < 1:
        yield Finding("share", (*path, "confidence"), "no confidence", "between 0 and 1, such as 0.99")


def _check_credits(model: PortfolioFile, rule: OwnRule, path: Path) -> Iterator[Finding]:
    if rule.credits and rule.correlations:
        yield Finding("two-nettings", (*path, "credits"), "credits beside correlations", "one of the two")
    for index, row in enumerate(rule.credits):
        place = (*path, "credits", index, "pair")
        first, slash, second = row.pair.partition("/")
        if not slash or first == second:
            yield Finding("pair", place, "this is no pair", "two underlyings such as BTC/ETH")
            continue
        for one in (first, second):
            yield from known(place, one, model.underlyings, "underlying")


def _possible(rule: OwnRule) -> bool:
    import numpy as np  # noqa: PLC0415 - only where correlations are given

    names = sorted({name for pair in rule.correlations for name in pair.split("/")})
    table = {frozenset(pair.split("/")): float(value) for pair, value in rule.correlations.items()}
    matrix = np.eye(len(names))
    for (i, first), (j, second) in combinations(enumerate(names), 2):
        matrix[i, j] = matrix[j, i] = table.get(frozenset((first, second)), 0.0)
    return bool(np.linalg.eigvalsh(matrix)[0] > -1e-9)


def known(
    path: Path, name: str, known: Mapping[str, object] | list[str], what: str, *, at_key: bool = False
) -> Iterator[Finding]:
    """Yield a finding unless ``name`` is among the known ones."""
    if name not in known:
        expected = "one of " + ", ".join(known) if known else None
        yield Finding(
            "unknown-name",
            path,
            f"there is no {what} {name!r}",
            expected,
            closest(name, known),
            at_key=at_key,
        )
