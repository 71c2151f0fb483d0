"""SIMM's quadratic form and parametric value at risk on the common portfolio; the numbers are our own."""

from __future__ import annotations

from protocol.fixed_point import WAD
from protocol.margin.netting import Correlations
from protocol.margin.presets.grids import wad
from protocol.margin.presets.simm import (
    CRYPTO_CORRELATIONS,
    CRYPTO_VOLATILITY,
    QUANTILE_99,
    QUANTILE_99_5,
)
from protocol.margin.statistical_margin import Factors, ParametricMargin, QuadraticMargin

TEN_DAYS = 14 * 86_400
"""SIMM's ten trading days in seconds."""
HISTORICAL_RATIO = "0.9"
VEGA_WEIGHT = "0.37"


def quadratic_margin(
    names: tuple[str, ...], yearly: tuple[int, ...], correlations: Correlations[int]
) -> QuadraticMargin[int]:
    """Return the ten-day margin at 99 % for yearly volatilities (18 decimals) and correlations."""
    scale = wad(repr(QUANTILE_99 * (14 / 365) ** 0.5))
    weighted = tuple(volatility * scale // WAD for volatility in yearly)
    return QuadraticMargin(
        Factors(names, weighted, correlations),
        Factors(names, yearly, correlations),
        wad(HISTORICAL_RATIO) * wad(VEGA_WEIGHT) // WAD,
        wad(repr(QUANTILE_99_5**2 - 1)),
        TEN_DAYS,
    )


_NAMES = tuple(CRYPTO_VOLATILITY)
_YEARLY = tuple(wad(repr(CRYPTO_VOLATILITY[name])) for name in _NAMES)
_CORRELATIONS = tuple(
    tuple(WAD if a == b else wad(repr(CRYPTO_CORRELATIONS[frozenset((a, b))])) for b in _NAMES)
    for a in _NAMES
)
SIMM_CRYPTO: QuadraticMargin[int] = quadratic_margin(_NAMES, _YEARLY, _CORRELATIONS)
"""One bucket of BTC, ETH and SOL."""
VAR_CRYPTO: ParametricMargin[int] = ParametricMargin(
    Factors(_NAMES, tuple(v * wad(repr((1 / 365) ** 0.5)) // WAD for v in _YEARLY), _CORRELATIONS),
    wad(repr(QUANTILE_99)),
)
"""One day at 99 %, normal returns, deltas only."""
