"""Rules of a portfolio file that are no scenario grid, built from what the file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.netting import Correlations
from protocol.margin.presets.grids import wad
from protocol.margin.presets.okx_portfolio import OkxPortfolio, okx_scenarios
from protocol.margin.presets.registry import Kind, MarginRule
from protocol.margin.presets.simm_portfolio import quadratic_margin
from protocol.margin.presets.tiered_cross import (
    BYBIT_BTC_COLLATERAL,
    TieredCross,
    TieredMarket,
    okx_discounts,
)
from protocol.margin.statistical_margin import Factors, HistoricalMargin, ParametricMargin
from protocol.margin.weights import Slice
from scenarios.files.margin_methods import Dynamic, OkxTables, Statistics, Tier, Unified
from scenarios.files.portfolio import OwnRule

_REVALUED = frozenset(Kind) - {Kind.TOKEN}
_UNIFIED = frozenset({Kind.PERPETUAL, Kind.BASE, Kind.TOKEN, Kind.DEBT})


def method_of(rule: OwnRule) -> tuple[MarginRule[int], frozenset[Kind]]:
    """Return the rule and what an account under it may hold; the file was checked to name one method."""
    if rule.statistics is not None:
        return _statistics(rule.statistics, rule.correlations), _REVALUED
    if rule.quadratic is not None:
        names = tuple(rule.quadratic.volatilities)
        yearly = tuple(map(wad, rule.quadratic.volatilities.values()))
        return quadratic_margin(names, yearly, matrix(names, rule.correlations)), _REVALUED
    if rule.unified is not None:
        return _unified(rule.unified), _UNIFIED
    assert rule.okx_portfolio is not None
    return _okx(rule.okx_portfolio), _REVALUED


def matrix(names: Sequence[str], pairs: Mapping[str, Decimal]) -> Correlations[int]:
    """Return the correlations of ``names``; pairs that are not given are at zero."""
    table = {frozenset(pair.split("/")): wad(value) for pair, value in pairs.items()}
    return tuple(tuple(WAD if a == b else table.get(frozenset((a, b)), 0) for b in names) for a in names)


def _statistics(terms: Statistics, pairs: Mapping[str, Decimal]) -> MarginRule[int]:
    if terms.moves:
        rows = tuple(zip(*(map(wad, column) for column in terms.moves.values()), strict=True))
        beyond = int(len(rows) * (1 - terms.confidence))
        worst = max(beyond, 1) if terms.shortfall else min(beyond + 1, len(rows))
        return HistoricalMargin(tuple(terms.moves), rows, worst, terms.shortfall)
    from scipy.stats import norm  # noqa: PLC0415 - heavy

    quantile = float(norm.ppf(float(terms.confidence)))
    multiple = quantile
    if terms.shortfall:
        multiple = float(norm.pdf(quantile)) / (1 - float(terms.confidence))
    names = tuple(terms.volatilities)
    root = (terms.days / 365).sqrt()
    volatilities = tuple(wad(volatility * root) for volatility in terms.volatilities.values())
    factors = Factors(names, volatilities, matrix(names, pairs))
    return ParametricMargin(factors, wad(Decimal(repr(multiple))))


def _slices(tiers: Sequence[Tier]) -> tuple[Slice[int], ...]:
    return tuple(Slice(wad(tier.above), wad(tier.rate)) for tier in tiers)


def _unified(terms: Unified) -> TieredCross[int]:
    markets = tuple(
        (name, TieredMarket(_slices(market.initial), _slices(market.maintenance), 0))
        for name, market in terms.markets.items()
    )
    haircuts = {name: _slices(tiers) for name, tiers in terms.collateral.items()}
    haircuts |= {name: okx_discounts(tuple(map(int, at))) for name, at in terms.okx_discounts.items()}
    haircuts |= dict.fromkeys(terms.bybit_discounts, BYBIT_BTC_COLLATERAL)
    return TieredCross(markets, tuple(haircuts.items()))


def _okx(terms: OkxTables) -> OkxPortfolio[int]:
    return OkxPortfolio(
        okx_scenarios(EXACT, wad(terms.extreme_share)),
        wad(terms.volatility_up),
        wad(terms.volatility_down),
        wad(terms.carry),
        wad(terms.vega),
        wad(terms.rate),
        wad(terms.floor),
        wad(terms.initial_factor),
    )


def dynamic_multiple(terms: Dynamic) -> float:
    """Return how much further than at the reference volatility a grid moves."""
    import numpy as np  # noqa: PLC0415 - heavy

    from protocol.margin.value_at_risk import dynamic_rates  # noqa: PLC0415

    rates = dynamic_rates(
        np.array([float(terms.volatility)]),
        multiple=1 / float(terms.reference),
        floor=float(terms.floor),
        stressed=float(terms.stressed),
        buffer=float(terms.buffer),
    )
    return float(rates[0])
