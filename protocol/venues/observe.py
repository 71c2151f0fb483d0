"""What a venue's own oracle says: one question for every venue that keeps an average.

A venue without an in-pool oracle observes nothing; its spot price is in its reserves.
"""

from __future__ import annotations

from collections.abc import Mapping

from protocol.venues.curve.stableswap_ng import StableSwapNG
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.curve.tricrypto_ng import TricryptoNG
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.venue import Venue


def observe(venue: Venue, *, time: int) -> Mapping[str, int]:
    """Return the figures of the venue's in-pool oracle at Unix second ``time``, by their contracts' names.

    Returns
    -------
    Mapping
        Uniswap V2: ``price0Cumulative`` and ``price1Cumulative`` (UQ112x112 seconds). Uniswap V3:
        ``tickCumulative`` and ``secondsPerLiquidityCumulativeX128`` now. Curve stableswap-ng:
        ``price_oracle(k)`` and ``D_oracle``; crypto pools: ``price_oracle(k)`` (1e18). Empty elsewhere.
    """
    if isinstance(venue, UniswapV2Pair):
        now = venue.accumulate(time)
        return {"price0Cumulative": now.price0_cumulative, "price1Cumulative": now.price1_cumulative}
    if isinstance(venue, UniswapV3Pool):
        ticks, liquidity = venue.observe((0,), time=time)
        return {"tickCumulative": ticks[0], "secondsPerLiquidityCumulativeX128": liquidity[0]}
    if isinstance(venue, StableSwapNG):
        prices = {f"price_oracle({k})": venue.price_oracle(k, time) for k in range(len(venue.assets) - 1)}
        return prices | {"D_oracle": venue.d_oracle(time)}
    if isinstance(venue, Tricrypto2 | TricryptoNG):
        return {f"price_oracle({k})": venue.price_oracle(k, time) for k in range(len(venue.assets) - 1)}
    return {}
