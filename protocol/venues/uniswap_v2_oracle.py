"""The 24-hour example oracle over a Uniswap V2 pair: one average a period, read until the next.

Source of the rules: ``ExampleOracleSimple.sol`` and ``UniswapV2OracleLibrary.sol`` of Uniswap V2 (npm
``@uniswap/v2-periphery`` 1.1.0-beta.0). The reader, not the pair, decides the window: an average covers
the time between two successful updates, at least one period and possibly far more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Self

from protocol.errors import (
    DivisionByZeroError,
    PeriodNotElapsedError,
    UninitialisedPoolError,
    UnknownAssetError,
)
from protocol.fixed_point import to_uint, wrap_uint
from protocol.venues.checks import require_not_negative
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.venue import State, state_int, state_str

DAY = 24 * 60 * 60


def current_cumulative_prices(pair: UniswapV2Pair, time: int) -> tuple[int, int, int]:
    """Return (price0 cumulative, price1 cumulative, time mod 2**32) as if the pair were synced now.

    Raises
    ------
    DivisionByZeroError
        If seconds passed while a reserve was zero: the library divides by it.
    """
    now = wrap_uint(time, 32)
    cumulative0, cumulative1 = pair.price0_cumulative, pair.price1_cumulative
    elapsed = wrap_uint(now - pair.time_last, 32)
    if elapsed:
        if pair.reserve0 == 0 or pair.reserve1 == 0:
            raise DivisionByZeroError("price of an empty pair")
        cumulative0 += (pair.reserve1 << 112) // pair.reserve0 * elapsed
        cumulative1 += (pair.reserve0 << 112) // pair.reserve1 * elapsed
    return wrap_uint(cumulative0, 256), wrap_uint(cumulative1, 256), now


@dataclass(frozen=True, slots=True)
class SimpleOracle:
    """What the oracle stored at its last successful update.

    Parameters
    ----------
    token0, token1
        Tokens of the pair.
    price0_cumulative, price1_cumulative
        The pair's sums when last read.
    time_last
        Second (uint32) to which these sums belong.
    price0_average, price1_average
        UQ112x112 averages of the last closed window; 0 before the first update.
    period
        Least seconds between two updates.
    """

    token0: str
    token1: str
    price0_cumulative: int
    price1_cumulative: int
    time_last: int
    price0_average: int = 0
    price1_average: int = 0
    period: int = DAY

    @classmethod
    def deploy(cls, pair: UniswapV2Pair, period: int = DAY) -> Self:
        """Build the oracle over ``pair``, reading the sums the pair *stored*, not the current ones.

        Raises
        ------
        UninitialisedPoolError
            NO_RESERVES.
        """
        if pair.reserve0 == 0 or pair.reserve1 == 0:
            raise UninitialisedPoolError("the pair has no reserves")
        return cls(
            token0=pair.token0,
            token1=pair.token1,
            price0_cumulative=pair.price0_cumulative,
            price1_cumulative=pair.price1_cumulative,
            time_last=pair.time_last,
            period=period,
        )

    def update(self, pair: UniswapV2Pair, time: int) -> Self:
        """Close the window at Unix second ``time`` and start the next.

        Raises
        ------
        PeriodNotElapsedError
            PERIOD_NOT_ELAPSED.
        """
        cumulative0, cumulative1, now = current_cumulative_prices(pair, time)
        elapsed = wrap_uint(now - self.time_last, 32)
        if elapsed < self.period:
            raise PeriodNotElapsedError(elapsed, self.period)
        if elapsed == 0:
            raise DivisionByZeroError("average over no time")
        return replace(
            self,
            price0_average=wrap_uint(wrap_uint(cumulative0 - self.price0_cumulative, 256) // elapsed, 224),
            price1_average=wrap_uint(wrap_uint(cumulative1 - self.price1_cumulative, 256) // elapsed, 224),
            price0_cumulative=cumulative0,
            price1_cumulative=cumulative1,
            time_last=now,
        )

    def consult_down(self, token: str, amount_in: int) -> int:
        """Return the worth of ``amount_in`` units of ``token`` in the other token, at the stored average.

        Raises
        ------
        OverflowedError
            MULTIPLICATION_OVERFLOW.
        """
        require_not_negative("amount in", amount_in)
        if token == self.token0:
            average = self.price0_average
        elif token == self.token1:
            average = self.price1_average
        else:
            raise UnknownAssetError(token, (self.token0, self.token1))
        return to_uint(average * amount_in, 256, "average times amount") >> 112

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the oracle from ``to_state``'s data."""
        return cls(
            token0=state_str(state, "token0"),
            token1=state_str(state, "token1"),
            price0_cumulative=state_int(state, "price0_cumulative"),
            price1_cumulative=state_int(state, "price1_cumulative"),
            time_last=state_int(state, "time_last"),
            price0_average=state_int(state, "price0_average", 0),
            price1_average=state_int(state, "price1_average", 0),
            period=state_int(state, "period", DAY),
        )
