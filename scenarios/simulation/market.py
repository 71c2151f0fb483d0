"""The outside prices of a protocol file as a market of paths and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed, scenario_hash
from scenarios.simulation.conditions import (
    Conditions,
    deep_assets,
    depth_shares,
    implied_assets,
    implied_levels,
)
from scenarios.simulation.market_models import build_market

if TYPE_CHECKING:
    from scenarios.markets.elementary import Floats

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


@dataclass(frozen=True, slots=True)
class Path:
    """One run, ``[steps, assets]``: prices, and where the file has them depth left and implied volatility."""

    prices: Floats
    depth: Floats | None = None
    level: Floats | None = None


@dataclass(frozen=True, slots=True)
class Paths:
    """Some runs, ``[steps, assets, runs]``; see ``Path``."""

    prices: Floats
    depth: Floats | None
    level: Floats | None

    def of(self, place: int) -> Path:
        """Return the run at a place of the range."""
        depth, level = self.depth, self.level
        return Path(
            self.prices[:, :, place],
            None if depth is None else depth[:, :, place],
            None if level is None else level[:, :, place],
        )


def draw(file: ProtocolFile, seed: Seed, runs: range) -> Paths | None:
    """Return the paths of the moving assets with depth and implied volatility; None where nothing moves."""
    market = build_market(file)
    if market is None:
        return None
    from scenarios.markets.market import paths  # noqa: PLC0415 - numpy

    # The reference arithmetic gives the kernels' bytes without their compilation.
    block = paths(market, seed, runs, file.run.steps, fast=False)
    depth = depth_shares(file, market, block)
    return Paths(block.prices, depth, implied_levels(file, seed, market, block))


def draw_paths(file: ProtocolFile, seed: Seed, runs: range) -> Floats | None:
    """Return the prices ``[steps, assets, runs]`` of the moving assets; None where there are none."""
    drawn = draw(file, seed, runs)
    return None if drawn is None else drawn.prices


def conditions_at(file: ProtocolFile, path: Path | None, step: int) -> Conditions:
    """Return the depth and the implied volatilities that hold after ``step``."""
    depth = level = None
    if path is not None:
        depth, level = path.depth, path.level
    return Conditions(
        {} if depth is None else _row(deep_assets(file), depth[step]),
        {} if level is None else _row(implied_assets(file), level[step]),
    )


def _row(assets: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {asset: float(value) for asset, value in zip(assets, values, strict=True)}


def prices_at(file: ProtocolFile, path: Path | None, step: int) -> dict[str, Decimal]:
    """Return the outside prices that hold after ``step``, of the assets that move."""
    found: dict[str, Decimal] = {}
    if path is not None:
        for index, asset in enumerate(file.market.moving()):
            found[asset] = Decimal(f"{float(path.prices[step, index]):.{SIGNIFICANT_DIGITS}g}")
    for asset, multiples in file.market.script.items():
        if multiples:
            found[asset] = file.price(asset) * multiples[min(step, len(multiples) - 1)]
    return found
