"""Synthetix v3's UNISWAP node: a pool's mean tick, quoted for 1e18 units, moved to 18 decimals.

Source: Synthetixio/synthetix-v3 protocol/oracle-manager/contracts/nodes/UniswapNode.sol (measured). The
timestamp is the block's own, so a staleness breaker above it never fires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from protocol.errors import RuleError
from protocol.fixed_point import WAD, div_to_zero
from protocol.venues.uniswap_v3.oracle_library import consult, mean_tick_down, quote_at_tick_down
from protocol.venues.uniswap_v3.pool import UniswapV3Pool

DECIMALS = 18


def uniswap_price_down(
    cumulative_before: int,
    cumulative_now: int,
    seconds: int,
    token_is_first: bool,
    token_decimals: int,
    stable_decimals: int,
) -> int:
    """Return the token's price in the stable coin, 18 decimals.

    Parameters
    ----------
    cumulative_before, cumulative_now
        Tick cumulatives ``seconds`` ago and now.
    seconds
        Window.
    token_is_first
        Whether the token's address is the lower one.
    token_decimals, stable_decimals
        Of the two tokens.
    """
    tick = mean_tick_down(cumulative_before, cumulative_now, seconds)
    return _price_at_tick(tick, token_is_first, token_decimals - stable_decimals)


def _price_at_tick(tick: int, token_is_first: bool, scale: int) -> int:
    price = quote_at_tick_down(tick, WAD, token_is_first)
    raised: int = price * 10**scale if scale > 0 else div_to_zero(price, 10**-scale)
    return raised


@dataclass(frozen=True)
class SynthetixUniswap(Node):
    """The mean-tick price of a pool in the view.

    Parameters
    ----------
    venue, token
        A Uniswap V3 pool, and which of its tokens is priced in the other.
    seconds
        Window.
    token_decimals, stable_decimals
        Of the two tokens.
    """

    kind: ClassVar[str] = "synthetix-uniswap"
    venue: str
    token: str
    seconds: int
    token_decimals: int = 18
    stable_decimals: int = 6

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the price as of now; a pool that does not remember so far back refuses."""
        del readings
        pool = view.venue(self.venue)
        if not isinstance(pool, UniswapV3Pool):
            return refuse(self.id, Reason.NO_DATA, f"{self.venue} is not a Uniswap V3 pool")
        try:
            tick, _ = consult(pool, self.seconds, time=view.time)
            scale = self.token_decimals - self.stable_decimals
            price = _price_at_tick(tick, self.token == pool.assets[0], scale)
        except RuleError as error:
            return refuse_error(self.id, error)
        return Reading(self.id, price, DECIMALS, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """The pool and the window."""
        return f"{self.token} mean tick of {self.seconds} s on {self.venue}"
