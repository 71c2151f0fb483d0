"""Curve pools equal to their contracts to the last unit.

``stableswap`` (y pool, 3pool, pool template), ``stableswap_ng`` with its oracle, ``tricrypto2`` and
``tricrypto_ng``; deposits and withdrawals of the stableswap pools in the ``..._liquidity`` modules;
``arrays`` is the float64 form of the stableswap exchange and is imported only where it is used.
"""

from protocol.venues.curve.crypto_pool import CryptoParameters
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.stableswap_ng import StableSwapNG
from protocol.venues.curve.stableswap_ng_oracle import StableSwapNGOracle
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.curve.tricrypto_ng import TricryptoNG

__all__ = [
    "CryptoParameters",
    "StableSwapNG",
    "StableSwapNGOracle",
    "StableSwapPool",
    "Tricrypto2",
    "TricryptoNG",
]
