"""What a market is like beside its prices: how deep, and what volatility options imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.files.per_asset import values_of
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.market_models import build_surface
from scenarios.simulation.outside import OutsideDepth

if TYPE_CHECKING:
    from scenarios.markets.elementary import Floats
    from scenarios.markets.market import Block, Market
    from scenarios.seeds import Seed


@dataclass(frozen=True, slots=True)
class Conditions:
    """One step.

    Parameters
    ----------
    depth
        Part of the calm depth that is left, by asset of the file's ``outside.depth``; 1 where absent.
    level
        At-the-money volatility, by asset of the file's ``market.surface``; the file's where absent.
    """

    depth: Mapping[str, float] = field(default_factory=dict)
    level: Mapping[str, float] = field(default_factory=dict)

    def outside_depth(self, file: ProtocolFile) -> OutsideDepth:
        """Return how deep the markets outside are."""
        section = file.outside.depth
        if section is None:
            return OutsideDepth(Fraction(0), {})
        money = {a: Fraction(calm) * Fraction(self.depth.get(a, 1.0)) for a, calm in section.calm.items()}
        return OutsideDepth(Fraction(section.band), money)


def depth_shares(file: ProtocolFile, market: Market, block: Block) -> Floats | None:
    """Return the part of the calm depth left after each step, ``[steps, assets, runs]``; None without depth.

    Assets are those of the file's ``outside.depth`` that move.
    """
    assets = deep_assets(file)
    if not assets:
        return None
    from scenarios.markets.depth import Depth  # noqa: PLC0415 - numpy

    section = file.outside.depth
    assert section is not None
    rule = Depth(
        [1.0] * len(assets),
        values_of(section.reference, assets),
        float(section.band),
        float(section.elasticity),
        float(section.floor),
        float(section.half_life),
        float(section.memory),
    )
    part = _columns(market, block, assets)
    spot = [market.spot[market.assets.index(asset)] for asset in assets]
    return rule.advance(rule.open(spot, len(block.runs)), part, market.step_seconds)


def deep_assets(file: ProtocolFile) -> tuple[str, ...]:
    """Return the moving assets whose outside depth follows volatility."""
    section, moving = file.outside.depth, file.market.moving()
    return () if section is None else tuple(asset for asset in section.calm if asset in moving)


def implied_assets(file: ProtocolFile) -> tuple[str, ...]:
    """Return the moving assets that have an implied volatility."""
    section, moving = file.market.surface, file.market.moving()
    return () if section is None else tuple(asset for asset in section.level if asset in moving)


def implied_levels(file: ProtocolFile, seed: Seed, market: Market, block: Block) -> Floats | None:
    """Return at-the-money volatilities after each step, ``[steps, assets, runs]``; None without a surface."""
    assets = implied_assets(file)
    surface = build_surface(file, assets)
    if not assets or surface is None:
        return None
    from scenarios.markets.jump_diffusion import JumpDiffusion  # noqa: PLC0415 - numpy

    spot = tuple(market.spot[market.assets.index(asset)] for asset in assets)
    none = [0.0] * len(assets)
    alone = JumpDiffusion(assets, spot, none, none, market.step_seconds)
    state = surface.open(alone, seed, block.runs)
    return surface.advance(state, _columns(market, block, assets), market.step_seconds, fast=False)


def _columns(market: Market, block: Block, assets: tuple[str, ...]) -> Block:
    from scenarios.markets.market import Block as Part  # noqa: PLC0415 - numpy

    places = [market.assets.index(asset) for asset in assets]
    return Part(block.first_step, block.runs, block.prices[:, places], block.volatility[:, places])


def implied_volatility(
    file: ProtocolFile,
    conditions: Conditions,
    asset: str,
    forward: Fraction,
    strike: Fraction,
    seconds: float,
) -> float:
    """Return the implied volatility of a strike and a time to expiry.

    Raises
    ------
    UnknownNameError
        The file's ``market.surface`` has no such asset.
    ParameterError
        Strike, forward or time is not positive.
    """
    import numpy as np  # noqa: PLC0415 - only where options are priced

    from protocol.errors import UnknownNameError  # noqa: PLC0415
    from scenarios.errors import ParameterError  # noqa: PLC0415
    from scenarios.markets.market import YEAR_SECONDS  # noqa: PLC0415
    from scenarios.markets.portable import log  # noqa: PLC0415

    section = file.market.surface
    if section is None or asset not in section.level:
        known = () if section is None else tuple(section.level)
        raise UnknownNameError("implied volatility", asset, known)
    if strike <= 0 or forward <= 0 or seconds <= 0:
        raise ParameterError("strike, forward, seconds", (strike, forward, seconds), "positive")
    surface = build_surface(file)
    assert surface is not None
    level = conditions.level.get(asset, float(section.level[asset]))
    moneyness, years = log(float(strike / forward)), seconds / YEAR_SECONDS
    return float(surface.volatility(np.array(level), np.array(moneyness), np.array(years)))
