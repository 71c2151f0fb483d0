"""From the market section of a protocol file to a market: one function a model."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.files import protocol_market as m
from scenarios.files.per_asset import EVERY, matrix_of, values_of
from scenarios.files.protocol import ProtocolFile

if TYPE_CHECKING:
    from scenarios.markets.market import Market
    from scenarios.markets.surface import Surface

ZERO = Decimal(0)


def build_market(file: ProtocolFile) -> Market | None:
    """Return the market of the assets that move by a model or a shock; None where no price does.

    Raises
    ------
    ScenarioError
        The parameters make no market, or the recorded prices are shorter than the run.
    """
    section = file.market
    moving = section.moving()
    if not moving:
        return None
    from scenarios.markets.jump_diffusion import JumpDiffusion  # noqa: PLC0415 - numpy
    from scenarios.markets.scripts import SCRIPTS  # noqa: PLC0415
    from scenarios.markets.shocks import Shocked  # noqa: PLC0415
    from scenarios.markets.still import WithStill  # noqa: PLC0415

    random, seconds = section.random(), float(file.run.step_seconds)
    rest = moving[len(random) :]
    market: Market
    if random:
        market = _model(file)
        if rest:
            market = WithStill(market, rest, _spot(file, rest))
    else:
        still = [0.0] * len(rest)
        market = JumpDiffusion(rest, _spot(file, rest), still, still, seconds)
    for _, shock in section.all_shocks():
        at = float(shock.at_step * file.run.step_seconds)
        market = Shocked(market, SCRIPTS[shock.script], at, dict(shock.assets), float(shock.severity))
    return market


def build_surface(file: ProtocolFile, assets: tuple[str, ...] | None = None) -> Surface | None:
    """Return the implied volatilities of the section's ``surface``, or of some of its assets; None without.

    Raises
    ------
    ScenarioError
        The shape allows arbitrage, or a value lies outside its range.
    """
    section = file.market.surface
    if section is None:
        return None
    from scenarios.markets.surface import Surface  # noqa: PLC0415 - numpy

    assets = tuple(section.level) if assets is None else assets
    return Surface(
        values_of(section.level, assets),
        values_of(section.spot_beta, assets),
        float(section.reversion),
        float(section.noise),
        float(section.skew),
        float(section.curvature),
    )


def _spot(file: ProtocolFile, assets: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(float(file.price(asset)) for asset in assets)


def _model(file: ProtocolFile) -> Market:
    match file.market:
        case m.PlainMarket():
            return _plain(file, file.market)
        case m.BrownianMarket() | m.JumpDiffusionMarket():
            return _jump_diffusion(file, file.market)
        case m.HestonMarket():
            return _heston(file, file.market)
        case m.GarchMarket():
            return _garch(file, file.market)
        case m.RegimesMarket():
            return _regimes(file, file.market)
        case m.HistoricalMarket() | m.BootstrapMarket():
            return _recorded(file, file.market)


def _plain(file: ProtocolFile, section: m.PlainMarket) -> Market:
    """Return the market of a section without ``model``: the named one that it stands for."""
    common = {
        "volatility": section.volatility,
        "drift": section.drift,
        "correlation": {EVERY: {EVERY: section.correlation}},
    }
    if section.heston is not None:
        heston = section.heston.model_dump()
        return _heston(file, m.HestonMarket(model="heston", **common, **heston))
    if section.garch is not None:
        return _garch(file, m.GarchMarket(model="garch", **common, **section.garch.model_dump()))
    if section.jumps:
        jumps = [source.model_dump() for source in section.jumps]
        named = m.JumpDiffusionMarket(model="jump-diffusion", jumps=jumps, **common)
        return _jump_diffusion(file, named)
    return _jump_diffusion(file, m.BrownianMarket(model="brownian", **common))


def _jump_diffusion(file: ProtocolFile, section: m.BrownianMarket | m.JumpDiffusionMarket) -> Market:
    from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps  # noqa: PLC0415 - numpy

    assets = section.random()
    sources = section.jumps if isinstance(section, m.JumpDiffusionMarket) else []
    jumps = tuple(
        Jumps(
            float(source.intensity),
            values_of(source.mean, assets, ZERO),
            values_of(source.deviation, assets, ZERO),
            None if source.correlation is None else matrix_of(source.correlation, assets),
        )
        for source in sources
    )
    return JumpDiffusion(
        assets,
        _spot(file, assets),
        values_of(section.drift, assets, ZERO),
        values_of(section.volatility, assets),
        float(file.run.step_seconds),
        matrix_of(section.correlation, assets),
        jumps,
        section.compensated if isinstance(section, m.JumpDiffusionMarket) else True,
    )


def _heston(file: ProtocolFile, section: m.HestonMarket) -> Market:
    from scenarios.markets.heston import Heston  # noqa: PLC0415 - numpy

    assets = section.random()
    first = _start(section)
    return Heston(
        assets=assets,
        spot=_spot(file, assets),
        drift=values_of(section.drift, assets, ZERO),
        variance=[value * value for value in first],
        mean_variance=[value * value for value in values_of(section.volatility, assets)],
        reversion=values_of(section.reversion, assets),
        volatility_of_variance=values_of(section.volatility_of_variance, assets),
        leverage=values_of(section.leverage, assets, Decimal("-0.5")),
        step_seconds=float(file.run.step_seconds),
        correlation=matrix_of(section.correlation, assets),
    )


def _garch(file: ProtocolFile, section: m.GarchMarket) -> Market:
    from scenarios.markets.garch import Garch  # noqa: PLC0415 - numpy

    assets = section.random()
    return Garch(
        assets=assets,
        spot=_spot(file, assets),
        drift=values_of(section.drift, assets, ZERO),
        volatility=values_of(section.volatility, assets),
        alpha=values_of(section.alpha, assets),
        beta=values_of(section.beta, assets),
        gamma=values_of(section.gamma, assets, ZERO),
        step_seconds=float(file.run.step_seconds),
        correlation=matrix_of(section.correlation, assets),
        start=_start(section),
    )


def _start(section: m.HestonMarket | m.GarchMarket) -> list[float]:
    """Return the volatility at the start; the long-run one where none is given."""
    given = section.start
    table = {asset: given.get(asset, given.get(EVERY, kept)) for asset, kept in section.volatility.items()}
    return values_of(table, section.random())


def _regimes(file: ProtocolFile, section: m.RegimesMarket) -> Market:
    from scenarios.markets.regimes import Regime, RegimeSwitching  # noqa: PLC0415 - numpy

    assets, names = section.random(), tuple(section.regimes)
    regimes = tuple(
        Regime(
            values_of(regime.drift, assets, ZERO),
            values_of(regime.volatility, assets),
            values_of(regime.leave, names, ZERO),
            matrix_of(regime.correlation, assets),
        )
        for regime in section.regimes.values()
    )
    start = names.index(section.start) if section.start else 0
    return RegimeSwitching(assets, _spot(file, assets), regimes, float(file.run.step_seconds), start)


def _recorded(file: ProtocolFile, section: m.HistoricalMarket | m.BootstrapMarket) -> Market:
    from scenarios.errors import ParameterError  # noqa: PLC0415
    from scenarios.markets.historical import BlockBootstrap, Historical  # noqa: PLC0415 - numpy

    assets, seconds = section.random(), file.run.step_seconds
    spot = _spot(file, assets)
    table = section.prices.table().resample(seconds)
    rows, half_life = len(table.times) - 1, float(section.half_life)
    if rows < 1:
        raise ParameterError("steps in the recorded prices", rows, f"at least 1 of {seconds} s")
    table = table.beginning_at(assets, spot)
    if isinstance(section, m.BootstrapMarket):
        return BlockBootstrap(table, float(section.mean_block), spot, half_life)
    if rows < file.run.steps:
        allowed = f"at most {rows}: the recorded prices end there"
        raise ParameterError("run.steps", file.run.steps, allowed)
    return Historical(table, file.run.steps if section.window else None, half_life)
