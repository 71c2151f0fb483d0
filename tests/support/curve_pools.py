"""Random Curve pools in named ranges, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from protocol.fixed_point import WAD
from protocol.venues.curve import (
    CryptoParameters,
    StableSwapNG,
    StableSwapNGOracle,
    StableSwapPool,
    Tricrypto2,
    TricryptoNG,
)
from protocol.venues.curve.stableswap_ng_liquidity import add_liquidity

COINS = ("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7")
START = 1_700_000_000

# Whole tokens a side, and how far a side may lie from it.
TOKENS = (1_000, 10_000_000_000)
SIDE = (10, 1_000)
# A as users know it, before the contract's own scale; below about four, D need not converge.
AMPLIFICATION = (10, 10_000)
FEE = (0, 10**8)
ADMIN_FEE = (0, 10**10)
SHARE_PRICE = (WAD, 2 * WAD)
# Parts per million of a balance that is sold.
TRADE = (1, 2_000_000)
RATES = (WAD // 2, 3 * WAD)
# Prices of volatile coins in coin 0.
PRICES = (10**15, 10**23)


@st.composite
def stableswap_pools(draw: st.DrawFn, generation: str | None = None) -> StableSwapPool:
    """Draw a pool of the first generation that has LP tokens equal to its D."""
    kind = generation or draw(st.sampled_from(["y", "3pool", "template"]))
    n = draw(st.integers(2, 4))
    precisions = tuple(draw(st.sampled_from([1, 10**12])) for _ in range(n))
    tokens = draw(st.integers(*TOKENS))
    balances = tuple(tokens * draw(st.integers(*SIDE)) * 10**16 // m for m in precisions)
    prices = tuple(draw(st.integers(*SHARE_PRICE)) if kind == "y" else WAD for _ in range(n))
    pool = StableSwapPool(
        coins=COINS[:n],
        balances=balances,
        precisions=precisions,
        amplification=draw(st.integers(*AMPLIFICATION)) * (100 if kind == "template" else 1) + 1,
        fee=draw(st.integers(*FEE)),
        admin_fee=draw(st.integers(*ADMIN_FEE)),
        generation=kind,
        share_prices=prices,
        underlying=tuple(f"u{k}" for k in range(n)),
    )
    state = {**pool.to_state(), "total_supply": pool.values()[1]}
    return StableSwapPool.from_state(state)


@st.composite
def ng_pools(draw: st.DrawFn) -> StableSwapNG:
    """Draw a stableswap-ng pool after its first deposit."""
    n = draw(st.integers(2, 5))
    rates = tuple(draw(st.integers(*RATES)) * draw(st.sampled_from([1, 10**12])) for _ in range(n))
    tokens = draw(st.integers(*TOKENS))
    pool = StableSwapNG(
        coins=COINS[:n],
        balances=(0,) * n,
        rates=rates,
        amplification=draw(st.integers(*AMPLIFICATION)) * 100 + 100,
        fee=draw(st.integers(*FEE)),
        offpeg_fee_multiplier=draw(st.integers(0, 20 * 10**10)),
        total_supply=0,
        oracle=StableSwapNGOracle.fresh(n, START),
    )
    amounts = [tokens * draw(st.integers(*SIDE)) * 10**34 // rate for rate in rates]
    return add_liquidity(pool, amounts, time=START)[1]


def crypto_parameters() -> st.SearchStrategy[CryptoParameters]:
    """Draw parameters as deployed pools have them."""
    return st.builds(
        CryptoParameters,
        amplification=st.integers(27 * 3_000, 27 * 100_000),
        gamma=st.integers(10**11, 10**15),
        mid_fee=st.integers(10**5, 10**7),
        out_fee=st.integers(10**7, 10**8),
        fee_gamma=st.integers(10**13, 10**16),
        allowed_extra_profit=st.integers(0, 10**13),
        adjustment_step=st.integers(10**13, 10**16),
        averaging_time=st.integers(60, 3_600),
        admin_fee=st.just(5 * 10**9),
    )


@st.composite
def crypto_pools(draw: st.DrawFn, kind: type[Tricrypto2 | TricryptoNG]) -> Tricrypto2 | TricryptoNG:
    """Draw a crypto pool after a first deposit that lies near balance."""
    prices = (draw(st.integers(*PRICES)), draw(st.integers(*PRICES)))
    pool = kind.empty(COINS[:3], (1, 1, 1), draw(crypto_parameters()), prices, START)
    tokens = draw(st.integers(10_000, 10**9))
    amounts = [tokens * WAD * draw(st.integers(900, 1_100)) // 1_000]
    amounts += [tokens * WAD * WAD // price * draw(st.integers(900, 1_100)) // 1_000 for price in prices]
    return pool.add_liquidity(amounts, time=START)[1]
