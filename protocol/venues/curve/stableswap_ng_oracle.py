"""The oracle inside a stableswap-ng pool: spot and moving average of every price and of D.

Source of the rules: ``CurveStableSwapNG.vy`` (``_get_p``, ``upkeep_oracles``, ``_calc_moving_average``,
``last_D_packed``). A stored pair is two 128-bit numbers; times are kept once for prices and once for D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from protocol.errors import DivisionByZeroError
from protocol.fixed_point import WAD, to_uint
from protocol.venues.curve.common import minus
from protocol.venues.curve.exponential import exp_down, moving_average_down
from protocol.venues.venue import State, state_int, state_ints

SPOT_CAP = 2 * WAD
"""A stored spot price is cut at two; nothing limits a fall."""
A_PRECISION = 100


def spot_prices(xp: Sequence[int], amplification: int, d: int) -> tuple[int, ...]:
    """Return dx_0/dx_i of every coin but the first, 1e18, at the pool's point (``_get_p``, uncapped)."""
    n = len(xp)
    ann = amplification * n
    reduced = d // n**n
    try:
        for x in xp:
            reduced = reduced * d // x
        weight = ann * xp[0] // A_PRECISION
        return tuple(
            to_uint(WAD * (weight + reduced * xp[0] // x), 256, "spot price") // (weight + reduced)
            for x in xp[1:]
        )
    except ZeroDivisionError:
        raise DivisionByZeroError("spot price of a pool with an empty side") from None


@dataclass(frozen=True, slots=True)
class StableSwapNGOracle:
    """What the pool remembers of its prices and of D.

    Parameters
    ----------
    last_prices, average_prices
        Stored spot (capped at 2e18) and stored average, 1e18, one per coin but the first.
    last_d, average_d
        The same of D.
    price_time, d_time
        Unix seconds of the last update.
    price_window, d_window
        Averaging windows in seconds: the time in which a weight falls to 1/e (``ma_exp_time``,
        ``D_ma_time``).
    """

    last_prices: tuple[int, ...]
    average_prices: tuple[int, ...]
    last_d: int = 0
    average_d: int = 0
    price_time: int = 0
    d_time: int = 0
    price_window: int = 866
    d_window: int = 62324

    @classmethod
    def fresh(cls, coins: int, time: int, *, price_window: int = 866, d_window: int = 62324) -> Self:
        """Return the state of a newly deployed pool: every price at par."""
        par = (WAD,) * (coins - 1)
        return cls(par, par, 0, 0, time, time, price_window, d_window)

    def _averaged(self, spot: int, average: int, window: int, last_time: int, time: int) -> int:
        if last_time >= time:
            return average
        return moving_average_down(spot, average, exp_down(-((time - last_time) * WAD // window)))

    def price_oracle(self, k: int, time: int) -> int:
        """Return the average price of coin ``k + 1`` in coin 0 at Unix second ``time``, 1e18."""
        return self._averaged(
            self.last_prices[k], self.average_prices[k], self.price_window, self.price_time, time
        )

    def d_oracle(self, time: int) -> int:
        """Return the average of D at Unix second ``time``."""
        return self._averaged(self.last_d, self.average_d, self.d_window, self.d_time, time)

    def updated(self, xp: Sequence[int], amplification: int, d: int, time: int) -> Self:
        """Return the oracle after an action at ``time`` that left the pool at ``xp`` and ``d``.

        The averages advance with the OLD spot first; only then is the new spot stored.
        """
        spots = spot_prices(xp, amplification, d)
        last = [min(s, SPOT_CAP) if s else self.last_prices[k] for k, s in enumerate(spots)]
        averages = [self.price_oracle(k, time) if s else self.average_prices[k] for k, s in enumerate(spots)]
        return replace(
            self,
            last_prices=tuple(last),
            average_prices=tuple(to_uint(value, 128, "average price") for value in averages),
            last_d=to_uint(d, 128, "D"),
            average_d=self.d_oracle(time),
            price_time=max(self.price_time, time),
            d_time=max(self.d_time, time),
        )

    def reset_d(self, d: int, time: int) -> Self:
        """Return the oracle after a deposit into an empty pool: D and its average start anew."""
        return replace(
            self, last_d=to_uint(d, 128, "D"), average_d=to_uint(d, 128, "D"), d_time=max(self.d_time, time)
        )

    def reduced_d(self, lp_amount: int, supply: int, time: int) -> Self:
        """Return the oracle after a balanced withdrawal: prices untouched, D in proportion."""
        return replace(
            self,
            last_d=minus(self.last_d, self.last_d * lp_amount // supply, "D"),
            average_d=self.d_oracle(time),
            d_time=max(self.d_time, time),
        )

    def to_state(self) -> State:
        """Return the oracle as plain data."""
        return {
            "last_prices": list(self.last_prices),
            "average_prices": list(self.average_prices),
            "last_d": self.last_d,
            "average_d": self.average_d,
            "price_time": self.price_time,
            "d_time": self.d_time,
            "price_window": self.price_window,
            "d_window": self.d_window,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the oracle from ``to_state``'s data."""
        return cls(
            last_prices=state_ints(state, "last_prices"),
            average_prices=state_ints(state, "average_prices"),
            last_d=state_int(state, "last_d", 0),
            average_d=state_int(state, "average_d", 0),
            price_time=state_int(state, "price_time", 0),
            d_time=state_int(state, "d_time", 0),
            price_window=state_int(state, "price_window", 866),
            d_window=state_int(state, "d_window", 62324),
        )
