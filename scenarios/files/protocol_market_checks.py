"""Checks of a protocol file's market, and the reading of the price files that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from scenarios.errors import CorrelationError, PriceFileError, ScenarioError
from scenarios.files import protocol_market as m
from scenarios.files.document import Document
from scenarios.files.errors import FileError, Problem
from scenarios.files.findings import Finding
from scenarios.files.per_asset import EVERY, Correlations, matrix_of
from scenarios.files.positions import Path
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_known import known
from scenarios.files.recorded import RecordedFile
from scenarios.files.validate import located
from scenarios.markets.scripts import SCRIPTS

if TYPE_CHECKING:
    from scenarios.markets.price_files import PriceTable


def check_market(model: ProtocolFile) -> Iterator[Finding]:
    """Yield what is wrong with the market section."""
    market = model.market
    for asset in market.script:
        yield from known(("market", "script", asset), asset, model.assets, "asset", at_key=True)
        if asset in market.moving():
            script = ("market", "script", asset)
            yield Finding("duplicate-name", script, f"{asset} has a volatility too", at_key=True)
    for place, shock in market.all_shocks():
        where: Path = ("market", *place)
        yield from known((*where, "script"), shock.script, SCRIPTS, "script")
        for asset, scripted in shock.assets.items():
            named = (*where, "assets", asset)
            yield from known(named, asset, model.assets, "asset", at_key=True)
            if shock.script in SCRIPTS:
                yield from known(named, scripted, SCRIPTS[shock.script].knots, "scripted asset")
    if market.surface is not None:
        for asset in market.surface.level:
            place = ("market", "surface", "level", asset)
            yield from known(place, asset, model.assets, "asset", at_key=True)
    depth = model.outside.depth
    if depth is not None:
        for asset in depth.calm:
            place = ("outside", "depth", "calm", asset)
            yield from known(place, asset, model.assets, "asset", at_key=True)
            if asset not in depth.reference and EVERY not in depth.reference:
                where = ("outside", "depth", "reference")
                yield Finding("missing-field", where, f"no value for {asset}", "one each")
    match market:
        case m.PlainMarket():
            yield from _plain(model, market)
        case m.RegimesMarket():
            yield from _regimes(model, market)
        case m.HistoricalMarket() | m.BootstrapMarket():
            for asset in market.prices.columns:
                place = ("market", "prices", "columns", asset)
                yield from known(place, asset, model.assets, "asset", at_key=True)
        case _:
            yield from _diffusion(model, market)


def _plain(model: ProtocolFile, market: m.PlainMarket) -> Iterator[Finding]:
    for field, table in (("volatility", market.volatility), ("drift", market.drift)):
        for asset in table:
            yield from known(("market", field, asset), asset, model.assets, "asset", at_key=True)
    for index, jump in enumerate(market.jumps):
        yield from _jump(("market", "jumps", index), jump, market.volatility)
    if not -1 <= market.correlation <= 1:
        yield Finding("correlation", ("market", "correlation"), "no correlation", "between -1 and 1")
    elif market.volatility:
        every = {EVERY: {EVERY: market.correlation}}
        yield from _correlation(("market", "correlation"), every, market.random())
    models = [name for name in ("jumps", "heston", "garch") if getattr(market, name)]
    if len(models) > 1:
        yield Finding(
            "market", ("market", models[1]), f"{' and '.join(models)} exclude each other", "one of them"
        )


_TABLES = ("drift", "reversion", "volatility_of_variance", "leverage", "start", "alpha", "beta", "gamma")
_NEEDED = frozenset({"reversion", "volatility_of_variance", "alpha", "beta"})


def _diffusion(
    model: ProtocolFile,
    market: m.BrownianMarket | m.JumpDiffusionMarket | m.HestonMarket | m.GarchMarket,
) -> Iterator[Finding]:
    for asset in market.volatility:
        yield from known(("market", "volatility", asset), asset, model.assets, "asset", at_key=True)
    for field in _TABLES:
        table = getattr(market, field, None)
        if table is None:
            continue
        yield from _table(("market", field), table, market.volatility)
        absent = [a for a in market.volatility if a not in table] if EVERY not in table else []
        if field in _NEEDED and absent:
            yield Finding("missing-field", ("market", field), f"no value for {', '.join(absent)}", "one each")
    if isinstance(market, m.JumpDiffusionMarket):
        for index, jump in enumerate(market.jumps):
            place = ("market", "jumps", index)
            yield from _jump(place, jump, market.volatility)
            if jump.correlation is not None:
                yield from _correlation((*place, "correlation"), jump.correlation, market.random())
    yield from _correlation(("market", "correlation"), market.correlation, market.random())


def _regimes(model: ProtocolFile, market: m.RegimesMarket) -> Iterator[Finding]:
    first, assets = next(iter(market.regimes)), market.random()
    if market.start:
        yield from known(("market", "start"), market.start, market.regimes, "regime")
    for name, regime in market.regimes.items():
        place = ("market", "regimes", name)
        for asset in regime.volatility:
            yield from known((*place, "volatility", asset), asset, model.assets, "asset", at_key=True)
        if set(regime.volatility) != set(assets):
            message = f"{name} and {first} have not the same assets"
            yield Finding("count", (*place, "volatility"), message, ", ".join(assets))
        yield from _table((*place, "drift"), regime.drift, regime.volatility)
        yield from _correlation((*place, "correlation"), regime.correlation, assets)
        for other in regime.leave:
            names = [known_one for known_one in market.regimes if known_one != name]
            yield from known((*place, "leave", other), other, names, "other regime", at_key=True)


def _jump(
    place: Path, jump: m.JumpFile | m.CorrelatedJumpFile, volatility: Mapping[str, object]
) -> Iterator[Finding]:
    for field, sizes in (("mean", jump.mean), ("deviation", jump.deviation)):
        yield from _table((*place, field), sizes, volatility)


def _table(place: Path, table: Mapping[str, object], volatility: Mapping[str, object]) -> Iterator[Finding]:
    for asset in table:
        if asset != EVERY:
            yield from known((*place, asset), asset, volatility, "asset with volatility", at_key=True)


def _correlation(place: Path, table: Correlations, assets: tuple[str, ...]) -> Iterator[Finding]:
    for first, row in table.items():
        for second in row:
            for asset, path in ((first, (*place, first)), (second, (*place, first, second))):
                if asset != EVERY:
                    yield from known(path, asset, assets, "asset with volatility", at_key=True)
    if not table:
        return
    from scenarios.markets.correlation import lower_triangle  # noqa: PLC0415 - numpy

    try:
        lower_triangle(matrix_of(table, assets), len(assets))
    except CorrelationError as error:
        yield Finding("correlation", place, error.message, "values that some market can have")


def read_recordings(model: ProtocolFile, document: Document) -> ProtocolFile:
    """Return the file with every recording that it names read and hashed, and the market built once.

    Raises
    ------
    FileError
        A price file is missing, or a line of it is wrong: its name and line; or the model refuses.
    """
    market = model.market
    if isinstance(market, m.HistoricalMarket | m.BootstrapMarket):
        prices = _read(market.prices, document, ("market", "prices"))
        model = model.model_copy(update={"market": market.model_copy(update={"prices": prices})})
    for name, agent in model.agents.items():
        wanted, entry = getattr(agent, "asset", None), getattr(agent, "prices", None)
        if isinstance(entry, RecordedFile) and wanted not in entry.columns:
            found = Finding("missing-field", ("agents", name, "prices", "columns"), f"no column for {wanted}")
            raise FileError(located(document, [found]))
    agents = {
        name: agent.model_copy(update={"prices": _read(recorded, document, ("agents", name, "prices"))})
        for name, agent in model.agents.items()
        if isinstance(recorded := getattr(agent, "prices", None), RecordedFile)
    }
    if agents:
        model = model.model_copy(update={"agents": {**model.agents, **agents}})
    if not isinstance(model.market, m.PlainMarket) or model.market.surface is not None:
        from scenarios.simulation.market_models import build_market, build_surface  # noqa: PLC0415 - numpy

        try:
            build_market(model)
            build_surface(model)
        except ScenarioError as error:
            refused = Finding("market", ("market",), error.message)
            raise FileError(located(document, [refused])) from error
    return model


def recordings(model: ProtocolFile) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 of every price file that a checked protocol file names."""
    holders = (model.market, *model.agents.values())
    found = (getattr(holder, "prices", None) for holder in holders)
    return tuple((entry.file, entry.sha256) for entry in found if isinstance(entry, RecordedFile))


def _read(entry: RecordedFile, document: Document, place: Path) -> RecordedFile:
    from scenarios.markets.price_files import read_prices  # noqa: PLC0415 - numpy
    from scenarios.markets.recordings import Recording, read_recording  # noqa: PLC0415

    path = document.beside(entry.file)
    assets = tuple(entry.columns)
    if entry.kind != "table" and len(assets) != 1:
        found = Finding("count", (*place, "columns"), f"{entry.kind} price one asset", "one column")
        raise FileError(located(document, [found]))
    table: PriceTable
    try:
        if entry.kind == "table":
            columns = list(entry.columns.values())
            table = read_prices(path, columns, entry.time or None, float(entry.scale), entry.skip_invalid)
        else:
            table = read_recording(path, assets[0], Recording(entry.kind, entry.base, entry.decimals))
    except PriceFileError as error:
        row, reason = error.details["row"], str(error.details["reason"])
        problem = Problem("price-file", reason, str(path), int(str(row)), 1)
        raise FileError([problem]) from error
    except OSError as error:
        reason = f"{entry.file} cannot be read: {error.strerror or error}"
        found = Finding("no-file", (*place, "file"), reason, "a file beside this one")
        raise FileError(located(document, [found])) from error
    if entry.sha256 and entry.sha256.lower() != table.sha256:
        message = f"{entry.file} has the hash {table.sha256}"
        found = Finding("hash", (*place, "sha256"), message, "the hash of the file, or none")
        raise FileError(located(document, [found]))
    return entry.holding(table)
