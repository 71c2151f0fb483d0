"""Curve StableSwap NG pools.

Price_oracle(i) is the EMA of coin i+1 against coin 0.

Source: GitHub curvefi/stableswap-ng contracts/main (all rights reserved: read only), npm
@curvefi/api 2.65.13 lib/constants/network_constants.js.
"""

from contracts_abi.entry import Function

GET_VIRTUAL_PRICE = Function(
    "get_virtual_price()",
    "(uint256)",
    "bb7b8b80",
)
PRICE_ORACLE = Function(
    "price_oracle(uint256 i)",
    "(uint256)",
    "68727653",
)
LAST_PRICE = Function(
    "last_price(uint256 i)",
    "(uint256)",
    "3931ab52",
)
EMA_PRICE = Function(
    "ema_price(uint256 i)",
    "(uint256)",
    "90d20837",
)
GET_P = Function(
    "get_p(uint256 i)",
    "(uint256)",
    "ec023862",
)
GET_DY = Function(
    "get_dy(int128 i, int128 j, uint256 dx)",
    "(uint256)",
    "5e0d443f",
)
GET_BALANCES = Function(
    "get_balances()",
    "(uint256[])",
    "14f05979",
)
STORED_RATES = Function(
    "stored_rates()",
    "(uint256[])",
    "fd0684b1",
)
A = Function(
    "A()",
    "(uint256)",
    "f446c1d0",
)
N_COINS = Function(
    "N_COINS()",
    "(uint256)",
    "29357750",
)
