"""Loading a file of ``backstop margin``: its shape and the names across its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from pydantic import BaseModel, ValidationError

from scenarios.files.document import Document
from scenarios.files.errors import FileError
from scenarios.files.findings import Finding
from scenarios.files.margin_methods import (
    Dynamic,
    Grid,
    Line,
    OkxTables,
    Quadratic,
    Statistics,
    Unified,
)
from scenarios.files.portfolio import (
    CalendarTerms,
    Collateral,
    Credit,
    DatedFuture,
    Expiry,
    InversePerpetual,
    OpenInterest,
    Option,
    OwnRule,
    Perpetual,
    PoolShares,
    PortfolioFile,
    Quanto,
    Reach,
    Surface,
    Underlying,
)
from scenarios.files.portfolio_rules import check_rule, known
from scenarios.files.positions import Path
from scenarios.files.shipped import Shipped
from scenarios.files.validate import explain, located

SHIPPED = Shipped("portfolio_examples")
_CONTRACTS: dict[str, type[BaseModel]] = {
    "perpetual": Perpetual,
    "inverse-perpetual": InversePerpetual,
    "quanto": Quanto,
    "future": DatedFuture,
    "call": Option,
    "put": Option,
}
_PARTS: dict[str, type[BaseModel]] = {"collateral": Collateral, "underlyings": Underlying, "rules": OwnRule}
_RULE_PARTS: dict[str, type[BaseModel]] = {
    "calendar": CalendarTerms,
    "ranges": Reach,
    "credits": Credit,
    "statistics": Statistics,
    "quadratic": Quadratic,
    "unified": Unified,
    "okx_portfolio": OkxTables,
    "scenarios": Grid,
    "dynamic": Dynamic,
    "credit": Line,
}
_MARKS = frozenset({"collateral", "underlyings", "positions"})


def is_portfolio(document: Document) -> bool:
    """Return whether a document looks like a portfolio: an incident has none of these fields."""
    return bool(_MARKS & document.data.keys()) and "steps" not in document.data


def list_examples() -> tuple[str, ...]:
    """Return the names of the shipped example files."""
    return SHIPPED.names()


def load_portfolio(name_or_path: str | FilePath) -> PortfolioFile:
    """Load a shipped example by its name, or a file by its path.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    return read_portfolio(SHIPPED.open(name_or_path))


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
    if path[0] == "collateral":
        return PoolShares
    if path[0] == "rules":
        return _RULE_PARTS.get(str(path[2])) if len(path) < 6 else None
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
        yield from check_rule(model, name, rule)
    for name in model.direction:
        yield from known(("direction", name), name, model.underlyings, "underlying", at_key=True)


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
            yield from known((*path, "follows"), held.follows, model.underlyings, "underlying")
        priced = held.cash or name in model.underlyings
        ways = [way for way in ("price", "rate", "pool") if getattr(held, way) is not None]
        if priced and ways:
            where = "stable_price" if held.cash else f"underlyings.{name}"
            yield Finding(
                "two-prices", (*path, ways[0]), "its price stands elsewhere", f"the price in {where}"
            )
        elif len(ways) > 1:
            yield Finding("two-prices", (*path, ways[1]), f"a {ways[1]} beside a {ways[0]}", "one of them")
        elif not priced and not ways:
            expected = "price, rate, pool, `cash: true`, or an underlying of this name"
            yield Finding("missing-field", (*path, "price"), f"{name!r} has no price", expected)
        if held.rate is not None and held.follows is None:
            yield Finding(
                "missing-field", (*path, "rate"), "a rate of what?", "follows, the underlying of the rate"
            )
        for index, asset in enumerate(held.pool.assets if held.pool else ()):
            assets = [*model.underlyings, *cash]
            yield from known((*path, "pool", "assets", index), asset, assets, "underlying or cash")
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
        missing = list(known((*path, "underlying"), position.underlying, model.underlyings, "underlying"))
        yield from missing
        if isinstance(position, Quanto):
            yield from known((*path, "settlement"), position.settlement, model.underlyings, "underlying")
        if isinstance(position, DatedFuture | Option) and not missing:
            expiries = model.underlyings[position.underlying].expiries
            unknown = list(known((*path, "expiry"), position.expiry, expiries, "expiry"))
            yield from unknown
            if isinstance(position, Option) and not unknown:
                expiry = expiries[position.expiry]
                if expiry.svi is None and expiry.volatility is None:
                    place = ("underlyings", position.underlying, "expiries", position.expiry, "volatility")
                    yield Finding("missing-field", place, "options need a volatility", "volatility or svi")
