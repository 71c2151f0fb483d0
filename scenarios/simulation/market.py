"""The outside prices of a protocol file as a market of paths and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed, scenario_hash

if TYPE_CHECKING:
    from scenarios.markets.elementary import Floats
    from scenarios.markets.market import Market

SIGNIFICANT_DIGITS = 12


def market_hash(file: ProtocolFile) -> str:
    """Return the hash of what decides the paths: two designs in one market are judged on the same paths."""
    prices = {name: str(asset.price) for name, asset in file.assets.items()}
    # What stands at its default is left out, so that a new field of the file format changes no path.
    market = file.market.model_dump(mode="json", exclude_defaults=True)
    return scenario_hash({"market": market, "prices": prices, "seconds": file.run.step_seconds})


def seed_of(file: ProtocolFile, master: int | None = None) -> Seed:
    """Return the seed of a study over this file."""
    return Seed(file.run.seed if master is None else master, market_hash(file))


def build_market(file: ProtocolFile) -> Market | None:
    """Return the market of the assets that have a volatility; None where no price is random."""
    market = file.market
    if not market.volatility:
        return None
    base = _heston(file) if market.heston else _garch(file) if market.garch else _jump_diffusion(file)
    if market.shock is None:
        return base
    from scenarios.markets.scripts import SCRIPTS  # noqa: PLC0415 - numpy
    from scenarios.markets.shocks import Shocked  # noqa: PLC0415

    at = float(market.shock.at_step * file.run.step_seconds)
    script = SCRIPTS[market.shock.script]
    return Shocked(base, script, at, dict(market.shock.assets), float(market.shock.severity))


@dataclass(frozen=True, slots=True)
class _Common:
    """What every model of a file's assets takes."""

    assets: tuple[str, ...]
    spot: tuple[float, ...]
    drift: list[float]
    volatility: list[float]
    step_seconds: float
    correlation: list[list[float]]


def _common(file: ProtocolFile) -> _Common:
    market, assets = file.market, tuple(file.market.volatility)
    other, size = float(market.correlation), len(assets)
    return _Common(
        assets,
        tuple(float(file.price(asset)) for asset in assets),
        [float(market.drift.get(asset, Decimal(0))) for asset in assets],
        [float(value) for value in market.volatility.values()],
        float(file.run.step_seconds),
        [[1.0 if row == column else other for column in range(size)] for row in range(size)],
    )


def _jump_diffusion(file: ProtocolFile) -> Market:
    from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps  # noqa: PLC0415 - numpy

    c = _common(file)
    jumps = tuple(
        Jumps(
            float(source.intensity),
            [float(source.mean.get(asset, Decimal(0))) for asset in c.assets],
            [float(source.deviation.get(asset, Decimal(0))) for asset in c.assets],
        )
        for source in file.market.jumps
    )
    return JumpDiffusion(c.assets, c.spot, c.drift, c.volatility, c.step_seconds, c.correlation, jumps)


def _heston(file: ProtocolFile) -> Market:
    from scenarios.markets.heston import Heston  # noqa: PLC0415 - numpy

    c, model = _common(file), file.market.heston
    assert model is not None
    size, variance = len(c.assets), [value * value for value in c.volatility]
    return Heston(
        assets=c.assets,
        spot=c.spot,
        drift=c.drift,
        variance=variance,
        mean_variance=variance,
        reversion=[float(model.reversion)] * size,
        volatility_of_variance=[float(model.volatility_of_variance)] * size,
        leverage=[float(model.leverage)] * size,
        step_seconds=c.step_seconds,
        correlation=c.correlation,
    )


def _garch(file: ProtocolFile) -> Market:
    from scenarios.markets.garch import Garch  # noqa: PLC0415 - numpy

    c, model = _common(file), file.market.garch
    assert model is not None
    size = len(c.assets)
    return Garch(
        assets=c.assets,
        spot=c.spot,
        drift=c.drift,
        volatility=c.volatility,
        alpha=[float(model.alpha)] * size,
        beta=[float(model.beta)] * size,
        gamma=[float(model.gamma)] * size,
        step_seconds=c.step_seconds,
        correlation=c.correlation,
    )


def draw_paths(file: ProtocolFile, seed: Seed, runs: range) -> Floats | None:
    """Return the prices ``[steps, assets, runs]`` of the random assets; None where there are none."""
    market = build_market(file)
    if market is None:
        return None
    from scenarios.markets.market import paths  # noqa: PLC0415 - numpy

    # The reference arithmetic gives the kernels' bytes without their compilation.
    return paths(market, seed, runs, file.run.steps, fast=False).prices


def prices_at(file: ProtocolFile, path: Floats | None, step: int) -> dict[str, Decimal]:
    """Return the outside prices that hold after ``step``, of the assets that move.

    Parameters
    ----------
    path
        ``[steps, assets]`` of one run.
    """
    found: dict[str, Decimal] = {}
    if path is not None:
        for index, asset in enumerate(file.market.volatility):
            found[asset] = Decimal(f"{float(path[step, index]):.{SIGNIFICANT_DIGITS}g}")
    for asset, multiples in file.market.script.items():
        if multiples:
            found[asset] = file.price(asset) * multiples[min(step, len(multiples) - 1)]
    return found
