"""The outside prices of a protocol file as a market of paths and scripts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed, scenario_hash

if TYPE_CHECKING:
    from scenarios.markets.elementary import Floats
    from scenarios.markets.jump_diffusion import JumpDiffusion

SIGNIFICANT_DIGITS = 12


def market_hash(file: ProtocolFile) -> str:
    """Return the hash of what decides the paths: two designs in one market are judged on the same paths."""
    prices = {name: str(asset.price) for name, asset in file.assets.items()}
    return scenario_hash(
        {"market": file.market.model_dump(mode="json"), "prices": prices, "seconds": file.run.step_seconds}
    )


def seed_of(file: ProtocolFile, master: int | None = None) -> Seed:
    """Return the seed of a study over this file."""
    return Seed(file.run.seed if master is None else master, market_hash(file))


def build_market(file: ProtocolFile) -> JumpDiffusion | None:
    """Return the market of the assets that have a volatility; None where no price is random."""
    from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps  # noqa: PLC0415 - numpy

    market = file.market
    assets = tuple(market.volatility)
    if not assets:
        return None
    size = len(assets)
    correlation = [
        [1.0 if row == column else float(market.correlation) for column in range(size)] for row in range(size)
    ]
    jumps = tuple(
        Jumps(
            float(source.intensity),
            [float(source.mean.get(asset, Decimal(0))) for asset in assets],
            [float(source.deviation.get(asset, Decimal(0))) for asset in assets],
        )
        for source in market.jumps
    )
    return JumpDiffusion(
        assets=assets,
        spot=tuple(float(file.price(asset)) for asset in assets),
        drift=[float(market.drift.get(asset, Decimal(0))) for asset in assets],
        volatility=[float(value) for value in market.volatility.values()],
        step_seconds=float(file.run.step_seconds),
        correlation=correlation,
        jumps=jumps,
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
