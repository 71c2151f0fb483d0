"""One example of every venue, for the properties that all of them share. A new venue is one more row."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from protocol.venues.bonding_curve import BondingCurve
from protocol.venues.exponential_reserve import ExponentialReserve
from protocol.venues.fixed_price import FixedPriceDepot
from protocol.venues.order import Side
from protocol.venues.order_book import OrderBook
from protocol.venues.transfer_fee import TaxedPair, TransferFee
from protocol.venues.uniswap_v1 import UniswapV1Exchange
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick
from protocol.venues.vault_share import openzeppelin, plain, yearn
from protocol.venues.venue import Venue
from protocol.venues.weighted_pool import WeightedPool

E18 = 10**18
# Kyber counts in 2**-40 of a token: a multiple of 5**18 raw units is a whole number of these.
KYBER_GRID = 5**18


@dataclass(frozen=True)
class VenueExample:
    """A venue with the inputs it is meant for.

    Parameters
    ----------
    amounts
        Per (sell, buy): the least and the largest input tried.
    grid
        Inputs are multiples of this.
    moves_exactly
        Whether ``reserves`` move by the trade's own amounts (a token that charges transfers breaks this).
    """

    venue: Venue
    amounts: dict[tuple[str, str], tuple[int, int]]
    grid: int = 1
    moves_exactly: bool = True


def both_ways(
    a: str, b: str, from_a: tuple[int, int], from_b: tuple[int, int]
) -> dict[tuple[str, str], tuple[int, int]]:
    return {(a, b): from_a, (b, a): from_b}


def book() -> OrderBook:
    made = OrderBook("BASE", "QUOTE", lot=1000, tick=5, price_unit=100)
    for i in range(6):
        made = made.place(f"maker{i % 3}", Side.BUY, 1000 - 5 * i, 50_000 * (i + 1))[1]
        made = made.place(f"maker{i % 3}", Side.SELL, 1005 + 5 * i, 60_000 * (i + 1))[1]
    return made


def concentrated() -> UniswapV3Pool:
    pool = UniswapV3Pool.create("USDC", "WETH", 500).initialise(sqrt_ratio_at_tick(200_311) + 12_345)
    for lower, upper, liquidity in (
        (-887_270, 887_270, 10**17),
        (198_000, 203_000, 10**18),
        (200_300, 200_320, 10**19),
    ):
        pool = pool.mint("provider", lower, upper, liquidity)[2]
    return pool


EXAMPLES: dict[str, VenueExample] = {
    "uniswap-v1": VenueExample(
        UniswapV1Exchange("sUSD", 879 * E18, 243_441 * E18),
        both_ways("ETH", "sUSD", (10**6, 10**22), (10**6, 10**25)),
    ),
    "uniswap-v2": VenueExample(
        UniswapV2Pair("USDC", "WETH", 40_000_000 * 10**6, 20_000 * E18),
        both_ways("USDC", "WETH", (1, 10**15), (10**10, 10**24)),
    ),
    "uniswap-v3": VenueExample(concentrated(), both_ways("USDC", "WETH", (1, 10**16), (1, 10**25))),
    "uniswap-v2 with transfer fees": VenueExample(
        TaxedPair(UniswapV2Pair("DOGE", "BNB", 7 * 10**24, 78 * E18), TransferFee(1000, 400)),
        both_ways("DOGE", "BNB", (10**12, 10**25), (10**6, 10**21)),
        moves_exactly=False,
    ),
    "weighted 80/20": VenueExample(
        WeightedPool(
            ("BAL", "WETH"),
            (8 * 10**17, 2 * 10**17),
            (2 * 10**25, 5 * 10**21),
            fee=10**16,
            total_supply=10**25,
        ),
        both_ways("BAL", "WETH", (10**13, 6 * 10**24), (10**10, 10**21)),
    ),
    "weighted of three, 6 and 8 decimals, first factory": VenueExample(
        WeightedPool(
            ("WBTC", "USDC", "WETH"),
            (5 * 10**17, 2 * 10**17, 3 * 10**17),
            (100 * 10**8, 2_000_000 * 10**6, 1_500 * E18),
            decimals=(8, 6, 18),
            fee=3 * 10**15,
            total_supply=10**22,
            shortcuts=False,
        ),
        {("WBTC", "USDC"): (100, 10**9), ("USDC", "WETH"): (100, 10**11), ("WETH", "WBTC"): (10**12, 10**20)},
    ),
    "exponential reserve": VenueExample(
        ExponentialReserve(
            "sUSD",
            ExponentialReserve.to_fixed_point(Fraction("0.00252")),
            ExponentialReserve.to_fixed_point(Fraction("0.0037")),
            ether_reserve=100 * E18,
            token_reserve=10**24,
            fee_bps=10,
        ),
        both_ways("ETH", "sUSD", (KYBER_GRID, 400 * E18), (KYBER_GRID, 20_000 * E18)),
        grid=KYBER_GRID,
    ),
    "depot": VenueExample(
        FixedPriceDepot("ETH", "sUSD", 10**8, 372_719, 943_837 * E18, 10**21, two_way=True),
        both_ways("ETH", "sUSD", (1, 3000 * E18), (1000, 100_000 * E18)),
    ),
    "bonding curve, EMN": VenueExample(
        BondingCurve("DAI", "EMN", 14_753_434 * E18, 1_362_803_143 * E18, 999_000),
        both_ways("DAI", "EMN", (10**6, 10**26), (10**6, 5 * 10**26)),
    ),
    "bonding curve, eAAVE": VenueExample(
        BondingCurve("EMN", "eAAVE", 101_168_899 * E18, 318_070 * E18, 500_000),
        both_ways("EMN", "eAAVE", (10**6, 10**26), (10**6, 15 * 10**22)),
    ),
    "vault, OpenZeppelin": VenueExample(
        openzeppelin("USDC", "vUSDC", offset=6, total_assets=3 * 10**12, total_supply=2 * 10**18),
        both_ways("USDC", "vUSDC", (1, 10**15), (1, 10**18)),
    ),
    "vault, plain": VenueExample(
        plain("DAI", "vDAI", total_assets=3 * 10**24, total_supply=2 * 10**24),
        both_ways("DAI", "vDAI", (2, 10**27), (1, 10**24)),
    ),
    "vault, Yearn": VenueExample(
        yearn("DAI", "yDAI", total_assets=31 * 10**24, total_supply=30 * 10**24),
        both_ways("DAI", "yDAI", (1, 10**27), (1, 10**24)),
    ),
    "order book": VenueExample(
        book(), both_ways("BASE", "QUOTE", (1000, 1_000_000), (10_050, 8_000_000)), grid=1000
    ),
}
