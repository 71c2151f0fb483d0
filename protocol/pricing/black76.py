"""European options on a forward (Black 1976): as Derive's contract computes them, and vectorised.

Source of the exact rule: derivexyz/lyra-utils 759e9625 ``src/math/Black76.sol``. Everything is per unit of
forward until the last multiplication, and that order decides the last digits. The float form prices the
out-of-the-money side and adds intrinsic value, which keeps small prices accurate to the last bits.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from protocol.fixed_point import WAD, div_to_zero
from protocol.fixed_point.context import Context, Exact, N
from protocol.fixed_point.rational import ln_to_zero, normal_cdf, sqrt_down

if TYPE_CHECKING:
    from protocol.fixed_point.context import FloatArray

SECONDS_PER_YEAR = 31_536_000
GREATEST_TOTAL_VOLATILITY = 24 * WAD
"""From here on a call is worth the whole forward."""

_ln = lru_cache(maxsize=4096)(ln_to_zero)
_sqrt = lru_cache(maxsize=1024)(sqrt_down)


def annualise(context: Context[N], seconds: N) -> N:
    """Return years of 365 days, rounded down."""
    return context.quotient_down(seconds * context.unit, context.count(SECONDS_PER_YEAR))


def prices(context: Context[N], seconds: N, discount: N, volatility: N, forward: N, strike: N) -> tuple[N, N]:
    """Return call and put price.

    Parameters
    ----------
    context
        The number context.
    seconds
        To expiry, without decimals.
    discount
        Discount factor to expiry.
    volatility
        Per square root of a year.
    forward, strike
        In quote units.
    """
    price: Any = exact_prices if isinstance(context, Exact) else float_prices
    call_and_put: tuple[N, N] = price(seconds, discount, volatility, forward, strike)
    return call_and_put


def exact_prices_and_delta(
    seconds: int, discount: int, volatility: int, forward: int, strike: int
) -> tuple[int, int, int]:
    """Return call, put and call delta with 18 decimals, equal to the contract to the last unit."""
    discounted_forward = forward * discount // WAD
    if strike == 0:
        return discounted_forward, 0, discount
    discounted_strike = strike * discount // WAD
    if forward == 0:
        return 0, discounted_strike, 0
    total = volatility * _sqrt(seconds * WAD // SECONDS_PER_YEAR) // WAD
    moneyness = strike * WAD // forward
    call, delta = _call_and_delta(moneyness, total)
    put = max(call + moneyness - WAD, 0)
    return (
        min(call * discounted_forward // WAD, discounted_forward),
        min(put * discounted_forward // WAD, discounted_strike),
        delta * discount // WAD,
    )


def exact_prices(seconds: int, discount: int, volatility: int, forward: int, strike: int) -> tuple[int, int]:
    """Return call and put price with 18 decimals."""
    call, put, _ = exact_prices_and_delta(seconds, discount, volatility, forward, strike)
    return call, put


@lru_cache(maxsize=8192)
def _call_and_delta(moneyness: int, total_volatility: int) -> tuple[int, int]:
    """Return price and delta of a call on a forward of one."""
    if total_volatility >= GREATEST_TOTAL_VOLATILITY:
        return WAD, WAD
    total = total_volatility or 1
    moneyness = moneyness or 1
    d1 = div_to_zero(((total >> 1) * total // WAD - _ln(moneyness)) * WAD, total)
    delta = normal_cdf(d1)
    return max(delta - moneyness * normal_cdf(d1 - total) // WAD, 0), delta


def float_prices(
    seconds: FloatArray, discount: FloatArray, volatility: FloatArray, forward: FloatArray, strike: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return call and put price as float64 arrays of the arguments' common shape.

    Where total volatility is zero the price is intrinsic value; a strike of zero makes the call the forward.

    Parameters
    ----------
    seconds
        To expiry.
    discount
        Factor on the payoff, 1 without interest.
    volatility
        A year, 0.8 for 80 %.
    forward, strike
        In money; so are the prices.
    """
    import numpy as np  # noqa: PLC0415 - the exact plane does without numpy
    from scipy.special import ndtr  # noqa: PLC0415

    total = volatility * np.sqrt(seconds / SECONDS_PER_YEAR)
    priced = (total > 0) & (forward > 0) & (strike > 0)
    safe_total = np.where(priced, total, 1.0)
    moneyness = np.log(np.where(priced, forward, 1.0) / np.where(priced, strike, 1.0))
    d1 = moneyness / safe_total + safe_total / 2
    d2 = d1 - safe_total
    # Out of the money: the call where the strike is above the forward, the put elsewhere.
    side = np.where(strike >= forward, 1.0, -1.0)
    outside = side * (forward * ndtr(side * d1) - strike * ndtr(side * d2))
    outside = np.where(priced, np.maximum(outside, 0.0), 0.0)
    call = outside + np.maximum(forward - strike, 0.0)
    put = outside + np.maximum(strike - forward, 0.0)
    return call * discount, put * discount
