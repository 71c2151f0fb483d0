"""What happens to a portfolio as prices move: the moved account, and the moves at which it fails.

Prices move in proportion: an underlying's spot, its perpetual and its forwards by one factor. Volatilities,
rates, the settlement asset and what is already averaged into a settlement price stay. Holdings hold linear
contracts only; what is not linear in prices and stands among them as a perpetual (an inverse perpetual, a
quanto) or as a token (a pool's share) is named besides, and moves as it really does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isqrt
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


@dataclass(frozen=True, slots=True)
class NonLinear:
    """What of a portfolio is not linear in prices, 18 decimals.

    Parameters
    ----------
    inverse
        Contracts of one dollar by underlying, held as contracts / price perpetuals whose gain is in the base.
    quantos
        By underlying and asset of payment: units of that asset per dollar of move, held as that times the
        asset's price perpetuals, whose gain is in the base of the asset.
    pools
        By token, the two assets of the constant-product pool whose share it is.
    """

    inverse: Mapping[str, int] = field(default_factory=dict)
    quantos: Mapping[tuple[str, str], int] = field(default_factory=dict)
    pools: Mapping[str, tuple[str, str]] = field(default_factory=dict)


NOTHING = NonLinear()


def moved(
    portfolio: Portfolio[int], factors: Mapping[str, int], nonlinear: NonLinear = NOTHING
) -> Portfolio[int]:
    """Return the portfolio after prices have moved.

    Parameters
    ----------
    portfolio
        The holdings.
    factors
        By underlying or collateral token, 18 decimals; what is not named stands still.
    nonlinear
        What of it is not linear in prices.
    """
    spots = {market.underlying: market.spot for market in portfolio.markets}
    marks = {m.underlying: m.perp.price for m in portfolio.markets if m.perp is not None}
    size: dict[str, int] = {}
    gain: dict[str, int] = {}
    base: dict[str, int] = {}

    def add(to: dict[str, int], name: str, amount: int) -> None:
        to[name] = to.get(name, 0) + amount

    for name, contracts in nonlinear.inverse.items():
        mark, factor = marks[name], factors.get(name, WAD)
        if factor in (0, WAD):  # at a price of zero it owes coin without end, worth nothing
            continue
        now, then = (EXACT.div_to_zero(contracts, price) for price in (mark, EXACT.mul_to_zero(mark, factor)))
        add(size, name, then - now)
        add(base, name, now - then)
        add(gain, name, -EXACT.mul_to_zero(now, EXACT.mul_to_zero(mark, factor) - mark))
    for (name, paid), units in nonlinear.quantos.items():
        move = EXACT.mul_to_zero(marks[name], factors.get(name, WAD)) - marks[name]
        held = EXACT.mul_to_zero(units, spots[paid])
        add(size, name, EXACT.mul_to_zero(held, factors.get(paid, WAD)) - held)
        add(base, paid, EXACT.mul_to_zero(units, move))
        add(gain, name, -EXACT.mul_to_zero(held, move))
    markets = []
    for market in portfolio.markets:
        name = market.underlying
        after = _market(market, factors.get(name, WAD))
        if after.perp is not None:
            more, result = size.get(name, 0), gain.get(name, 0)
            perp = replace(after.perp, size=after.perp.size + more, unsettled=after.perp.unsettled + result)
            after = replace(after, perp=perp)
        markets.append(replace(after, base=after.base + base.get(name, 0)))
    tokens = tuple(
        replace(token, price=EXACT.mul_to_zero(token.price, _token_factor(token.asset, factors, nonlinear)))
        for token in portfolio.tokens
    )
    return replace(portfolio, markets=tuple(markets), tokens=tokens)


def _token_factor(name: str, factors: Mapping[str, int], nonlinear: NonLinear) -> int:
    if name not in nonlinear.pools:
        return factors.get(name, WAD)
    first, second = (factors.get(asset, WAD) for asset in nonlinear.pools[name])
    return isqrt(first * second)


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
    nonlinear: NonLinear = NOTHING,
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
    nonlinear
        What of the holdings is not linear in prices.
    """
    array: Any = FLOAT64.load(rule)

    def excess(factors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        batch = [moved(portfolio, {k: _factor(f, b) for k, b in betas.items()}, nonlinear) for f in factors]
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
