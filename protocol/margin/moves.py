"""What happens to a portfolio as prices move: the moved account, and the moves at which it fails.

Prices move in proportion: an underlying's spot, its perpetual and its forwards by one factor. Volatilities,
rates, the settlement asset and what is already averaged into a settlement price stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.holdings import ExpiryHolding, MarketHolding, Portfolio
from protocol.margin.judgement import MAINTENANCE, Check
from protocol.margin.presets.registry import MarginRule

_Excess: TypeAlias = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

LOWEST, HIGHEST = 0.02, 20.0
"""Factors of today's prices between which a failing move is looked for."""
_STEPS = 97
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class FailingMoves:
    """The factors of today's prices nearest to one at which the excess passes through zero.

    None where it does not within ``LOWEST`` to ``HIGHEST``; both are one where the account fails already.
    """

    below: float | None
    above: float | None


def moved(portfolio: Portfolio[int], factors: Mapping[str, int]) -> Portfolio[int]:
    """Return the portfolio after prices have moved.

    Parameters
    ----------
    portfolio
        The holdings.
    factors
        By underlying or collateral token, 18 decimals; what is not named stands still.
    """
    markets = tuple(_market(market, factors.get(market.underlying, WAD)) for market in portfolio.markets)
    tokens = tuple(
        replace(token, price=EXACT.mul_to_zero(token.price, factors.get(token.asset, WAD)))
        for token in portfolio.tokens
    )
    return replace(portfolio, markets=markets, tokens=tokens)


def _market(market: MarketHolding[int], factor: int) -> MarketHolding[int]:
    if factor == WAD:
        return market
    perp = market.perp
    if perp is not None:
        price = EXACT.mul_to_zero(perp.price, factor)
        gain = perp.unsettled + EXACT.mul_to_zero(perp.size, price - perp.price)
        perp = replace(perp, price=price, unsettled=gain)
    expiries = tuple(_expiry(expiry, factor) for expiry in market.expiries)
    return replace(market, spot=EXACT.mul_to_zero(market.spot, factor), perp=perp, expiries=expiries)


def _expiry(expiry: ExpiryHolding[int], factor: int) -> ExpiryHolding[int]:
    variable = EXACT.mul_to_zero(expiry.forward_variable, factor)
    future = expiry.future
    if future is not None:
        gain = EXACT.mul_to_zero(future.size, variable - expiry.forward_variable)
        future = replace(future, unsettled=future.unsettled + gain)
    return replace(expiry, forward_variable=variable, future=future)


def failing_moves(
    rule: MarginRule[int],
    portfolio: Portfolio[int],
    betas: Mapping[str, int],
    check: Check = MAINTENANCE,
) -> FailingMoves:
    """Return the nearest falls and rises at which the account fails the check.

    The excess need not be monotone (a short strangle fails both ways), so both sides are scanned outward
    from today's prices and the first crossing is narrowed down, all candidates of a round in one batch of
    the array plane. A pair of crossings closer than a scanning step, about 4 % falling and 3 % rising, may be
    passed over.

    Parameters
    ----------
    rule
        Judges.
    portfolio
        The holdings.
    betas
        What moves: by underlying or token, how much of the factor's distance from one it makes, 18
        decimals. One beta of one asks about that price, several of one about a common direction.
    check
        The level, maintenance by default.
    """
    array: Any = FLOAT64.load(rule)

    def excess(factors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        batch = [moved(portfolio, {k: _factor(f, b) for k, b in betas.items()}) for f in factors]
        got = array.judge(FLOAT64, FLOAT64.load(*batch), check).excess
        return np.broadcast_to(np.asarray(got), factors.shape)

    with np.errstate(all="ignore"):  # options at prices near zero have no logarithm worth a warning
        if rule.judge(EXACT, portfolio, check).excess < 0:
            return FailingMoves(1.0, 1.0)
        below = _first(excess, np.geomspace(1.0, LOWEST, _STEPS))
        above = _first(excess, np.geomspace(1.0, HIGHEST, _STEPS))
    return FailingMoves(below, above)


def _first(excess: _Excess, factors: npt.NDArray[np.float64]) -> float | None:
    for _ in range(_ROUNDS):
        failing = np.flatnonzero(excess(factors) < 0)
        if not len(failing):
            return None
        index = max(int(failing[0]), 1)
        factors = np.linspace(factors[index - 1], factors[index], _STEPS)
    return float(factors[-1])


def _factor(factor: float, beta: int) -> int:
    return max(WAD + round((factor - 1.0) * beta), 0)
