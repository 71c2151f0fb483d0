"""The outside prices of a protocol file as a market of paths and scripts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.files.protocol import ProtocolFile
from scenarios.seeds import Seed, scenario_hash
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
        for index, asset in enumerate(file.market.moving()):
            found[asset] = Decimal(f"{float(path[step, index]):.{SIGNIFICANT_DIGITS}g}")
    for asset, multiples in file.market.script.items():
        if multiples:
            found[asset] = file.price(asset) * multiples[min(step, len(multiples) - 1)]
    return found
