"""Curve StableSwap pools of the first generation (3pool, stETH).

Get_virtual_price is re-entrancy sensitive in ETH pools (read-only re-entrancy, 2022-23 incidents).

Source: npm @curvefi/api 2.65.13 (MIT) lib/constants/pools/ethereum.js; ABI
lib/constants/abis/3pool.
"""

from contracts_abi.entry import Event, Function

GET_VIRTUAL_PRICE = Function(
    "get_virtual_price()",
    "(uint256)",
    "bb7b8b80",
)
GET_DY = Function(
    "get_dy(int128 i, int128 j, uint256 dx)",
    "(uint256)",
    "5e0d443f",
)
BALANCES = Function(
    "balances(uint256 i)",
    "(uint256)",
    "4903b0d1",
)
COINS = Function(
    "coins(uint256 i)",
    "(address)",
    "c6610657",
)
A = Function(
    "A()",
    "(uint256)",
    "f446c1d0",
)
A_PRECISE = Function(
    "A_precise()",
    "(uint256)",
    "76a2f0f0",
)
FEE = Function(
    "fee()",
    "(uint256)",
    "ddca3f43",
)
EVENT_TOKEN_EXCHANGE = Event(
    (
        "TokenExchange(address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, "
        "uint256 tokens_bought)"
    ),
    "8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140",
)
ADMIN_FEE = Function(
    "admin_fee()",
    "(uint256)",
    "fee3f7f9",
)
