"""Curve Tricrypto NG pools.

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
