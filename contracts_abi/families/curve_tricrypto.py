"""Curve Tricrypto NG pools.

Packed: fees as mid_fee<<128 | out_fee<<64 | fee_gamma; rebalancing as allowed_extra_profit<<128 |
adjustment_step<<64 | ma_time (time to 1/e: the getter ma_time() gives the half-life); A<<128 | gamma; a pair
of prices with the first in the low 128 bits. PRICE_ORACLE is the average at the block's time; the stored one
has no getter.

Source: GitHub curvefi/tricrypto-ng contracts/main; npm @curvefi/api 2.65.13
lib/constants/pools/ethereum.js.
"""

from contracts_abi.entry import Event, Function

PRICE_ORACLE = Function(
    "price_oracle(uint256 k)",
    "(uint256)",
    "68727653",
)
LAST_PRICES = Function(
    "last_prices(uint256 k)",
    "(uint256)",
    "59189017",
)
PRICE_SCALE = Function(
    "price_scale(uint256 k)",
    "(uint256)",
    "a3f7cdd5",
)
GET_VIRTUAL_PRICE = Function(
    "get_virtual_price()",
    "(uint256)",
    "bb7b8b80",
)
LP_PRICE = Function(
    "lp_price()",
    "(uint256)",
    "54f0f7d5",
)
BALANCES = Function(
    "balances(uint256 i)",
    "(uint256)",
    "4903b0d1",
)
GET_DY = Function(
    "get_dy(uint256 i, uint256 j, uint256 dx)",
    "(uint256)",
    "556d6e9f",
)
A = Function(
    "A()",
    "(uint256)",
    "f446c1d0",
)
GAMMA = Function(
    "gamma()",
    "(uint256)",
    "b1373929",
)
EVENT_TOKEN_EXCHANGE = Event(
    (
        "TokenExchange(address indexed buyer, uint256 sold_id, uint256 tokens_sold, uint256 bought_id, "
        "uint256 tokens_bought, uint256 fee, uint256 packed_price_scale)"
    ),
    "143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c",
)
COINS = Function(
    "coins(uint256 i)",
    "(address)",
    "c6610657",
)
D = Function(
    "D()",
    "(uint256)",
    "0f529ba2",
)
VIRTUAL_PRICE = Function(
    "virtual_price()",
    "(uint256)",
    "0c46b72a",
)
XCP_PROFIT = Function(
    "xcp_profit()",
    "(uint256)",
    "7ba1a74d",
)
XCP_PROFIT_A = Function(
    "xcp_profit_a()",
    "(uint256)",
    "0b7b594b",
)
LAST_PRICES_TIMESTAMP = Function(
    "last_prices_timestamp()",
    "(uint256)",
    "6112c747",
)
PACKED_FEE_PARAMS = Function(
    "packed_fee_params()",
    "(uint256)",
    "e3616405",
)
PACKED_REBALANCING_PARAMS = Function(
    "packed_rebalancing_params()",
    "(uint256)",
    "3dd65478",
)
PRECISIONS = Function(
    "precisions()",
    "(uint256[3])",
    "3620604b",
)
INITIAL_A_GAMMA = Function(
    "initial_A_gamma()",
    "(uint256)",
    "204fe3d5",
)
INITIAL_A_GAMMA_TIME = Function(
    "initial_A_gamma_time()",
    "(uint256)",
    "e89876ff",
)
FUTURE_A_GAMMA = Function(
    "future_A_gamma()",
    "(uint256)",
    "f30cfad5",
)
FUTURE_A_GAMMA_TIME = Function(
    "future_A_gamma_time()",
    "(uint256)",
    "f9ed9597",
)
FEE_RECEIVER = Function(
    "fee_receiver()",
    "(address)",
    "cab4d3db",
)
