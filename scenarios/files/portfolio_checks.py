"""Loading a file of ``backstop margin``: its shape and the names across its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import combinations
from pathlib import Path as FilePath

from pydantic import BaseModel, ValidationError

from protocol.margin.presets.grids import GRIDS
from protocol.margin.presets.registry import PRESETS
from scenarios.files.document import Document, load_document, parse_document
from scenarios.files.errors import FileError, closest
from scenarios.files.findings import Finding
from scenarios.files.portfolio import (
    Collateral,
    DatedFuture,
    Expiry,
    InversePerpetual,
    OpenInterest,
    Option,
    OwnRule,
    Perpetual,
    PortfolioFile,
    Quanto,
    Surface,
    Underlying,
)
from scenarios.files.positions import Path
from scenarios.files.validate import explain, located

_CONTRACTS: dict[str, type[BaseModel]] = {
    "perpetual": Perpetual,
    "inverse-perpetual": InversePerpetual,
    "quanto": Quanto,
    "future": DatedFuture,
    "call": Option,
    "put": Option,
}
_PARTS: dict[str, type[BaseModel]] = {"collateral": Collateral, "underlyings": Underlying, "rules": OwnRule}
_MARKS = frozenset({"collateral", "underlyings", "positions"})


def is_portfolio(document: Document) -> bool:
    """Return whether a document looks like a portfolio: an incident has none of these fields."""
    return bool(_MARKS & document.data.keys()) and "steps" not in document.data


def list_examples() -> tuple[str, ...]:
    """Return the names of the shipped example files."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def load_portfolio(name_or_path: str | FilePath) -> PortfolioFile:
    """Load a shipped example by its name, or a file by its path.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    if str(name_or_path) in list_examples():
        entry = _folder() / f"{name_or_path}.yaml"
        return read_portfolio(parse_document(entry.read_bytes(), f"{name_or_path}.yaml"))
    return read_portfolio(load_document(name_or_path))


def read_portfolio(document: Document) -> PortfolioFile:
    """Return the model of a document.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    data = document.data
    try:
        model = PortfolioFile.model_validate(data)
    except ValidationError as error:
        problems = explain(data, error, lambda path: _model_at(data, path))
        raise FileError(located(document, problems)) from None
    findings = list(_check(model))
    if findings:
        raise FileError(located(document, findings))
    return model


def _folder() -> FilePath:
    return FilePath(str(files("scenarios") / "portfolio_examples"))


def _model_at(data: Mapping[str, object], path: Path) -> type[BaseModel] | None:
    if not path:
        return PortfolioFile
    if path[0] == "positions" and len(path) == 2:
        rows = data["positions"]
        row = rows[path[1]] if isinstance(rows, list) and isinstance(path[1], int) else None
        return _CONTRACTS.get(str(row.get("type"))) if isinstance(row, Mapping) else None
    if len(path) == 2:
        return _PARTS.get(str(path[0]))
    if len(path) == 4 and path[2] == "expiries":
        return Expiry
    if len(path) == 3 and path[2] == "open_interest":
        return OpenInterest
    return Surface if len(path) == 5 and path[4] == "svi" else None


def _check(model: PortfolioFile) -> Iterator[Finding]:
    """Yield names that point nowhere and values that contradict each other."""
    yield from _check_collateral(model)
    for name, underlying in model.underlyings.items():
        path: Path = ("underlyings", name)
        if underlying.bid is not None and underlying.ask is not None and underlying.bid > underlying.ask:
            yield Finding("crossed", (*path, "bid"), "the bid is above the ask", f"at most {underlying.ask}")
        for key, expiry in underlying.expiries.items():
            place = (*path, "expiries", key)
            if expiry.svi is not None and expiry.volatility is not None:
                yield Finding(
                    "two-volatilities", (*place, "svi"), "two volatilities", "one volatility or svi"
                )
            if expiry.svi is not None and abs(expiry.svi.rho) > 1:
                yield Finding("share", (*place, "svi", "rho"), "no correlation", "-1 to 1")
    yield from _check_positions(model)
    for name, rule in model.rules.items():
        yield from _check_rule(model, name, rule)
    for name in model.direction:
        yield from _known(("direction", name), name, model.underlyings, "underlying", at_key=True)


def _check_collateral(model: PortfolioFile) -> Iterator[Finding]:
    cash = [name for name, held in model.collateral.items() if held.cash]
    if len(cash) > 1:
        yield Finding(
            "two-cash",
            ("collateral", cash[1], "cash"),
            f"{cash[0]} is the cash already",
            "one settlement asset",
        )
    for name, held in model.collateral.items():
        path: Path = ("collateral", name)
        if held.follows is not None:
            yield from _known((*path, "follows"), held.follows, model.underlyings, "underlying")
        priced = held.cash or name in model.underlyings
        if priced and held.price is not None:
            where = "stable_price" if held.cash else f"underlyings.{name}"
            yield Finding(
                "two-prices", (*path, "price"), "its price stands elsewhere", f"the price in {where}"
            )
        if not priced and held.price is None:
            expected = "price, `cash: true`, or an underlying of this name"
            yield Finding("missing-field", (*path, "price"), f"{name!r} has no price", expected)
        if not priced and held.amount < 0:
            expected = "zero or more; debts are of cash or an underlying"
            yield Finding("negative", (*path, "amount"), "a token that is owed", expected)


def _check_positions(model: PortfolioFile) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, position in enumerate(model.positions):
        path: Path = ("positions", index)
        if position.name is not None:
            if position.name in seen or position.name in model.underlyings:
                yield Finding("duplicate-name", (*path, "name"), f"{position.name!r} stands twice")
            seen.add(position.name)
        missing = list(_known((*path, "underlying"), position.underlying, model.underlyings, "underlying"))
        yield from missing
        if isinstance(position, Quanto):
            yield from _known((*path, "settlement"), position.settlement, model.underlyings, "underlying")
        if isinstance(position, DatedFuture | Option) and not missing:
            expiries = model.underlyings[position.underlying].expiries
            unknown = list(_known((*path, "expiry"), position.expiry, expiries, "expiry"))
            yield from unknown
            if isinstance(position, Option) and not unknown:
                expiry = expiries[position.expiry]
                if expiry.svi is None and expiry.volatility is None:
                    place = ("underlyings", position.underlying, "expiries", position.expiry, "volatility")
                    yield Finding("missing-field", place, "options need a volatility", "volatility or svi")


def _check_rule(model: PortfolioFile, name: str, rule: OwnRule) -> Iterator[Finding]:
    path: Path = ("rules", name)
    if name in {preset.name for preset in PRESETS}:
        yield Finding("duplicate-name", path, f"{name!r} is a preset", "another name", at_key=True)
    yield from _known((*path, "grid"), rule.grid, GRIDS, "grid")
    for token in rule.haircuts:
        tokens = [key for key, held in model.collateral.items() if held.price is not None]
        yield from _known((*path, "haircuts", token), token, tokens, "collateral token", at_key=True)
    usable = True
    for pair, value in rule.correlations.items():
        place = (*path, "correlations", pair)
        first, slash, second = pair.partition("/")
        if not slash or first == second:
            usable = False
            yield Finding("pair", place, "this is no pair", "two underlyings such as BTC/ETH", at_key=True)
            continue
        for one in (first, second):
            unknown = list(_known(place, one, model.underlyings, "underlying", at_key=True))
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


def _possible(rule: OwnRule) -> bool:
    import numpy as np  # noqa: PLC0415 - only where correlations are given

    names = sorted({name for pair in rule.correlations for name in pair.split("/")})
    table = {frozenset(pair.split("/")): float(value) for pair, value in rule.correlations.items()}
    matrix = np.eye(len(names))
    for (i, first), (j, second) in combinations(enumerate(names), 2):
        matrix[i, j] = matrix[j, i] = table.get(frozenset((first, second)), 0.0)
    return bool(np.linalg.eigvalsh(matrix)[0] > -1e-9)


def _known(
    path: Path, name: str, known: Mapping[str, object] | list[str], what: str, *, at_key: bool = False
) -> Iterator[Finding]:
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
