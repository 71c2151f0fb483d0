"""Curve StableSwap NG pools.

Price_oracle(i) is the EMA of coin i+1 against coin 0. MA_LAST_TIME packs two seconds, of the prices in the
low and of D in the high 128 bits. The stored pair of D (last in the low, average in the high 128 bits) has
no getter.

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
COINS = Function(
    "coins(uint256 i)",
    "(address)",
    "c6610657",
)
ADMIN_BALANCES = Function(
    "admin_balances(uint256 i)",
    "(uint256)",
    "e2e7d264",
)
ADMIN_FEE = Function(
    "admin_fee()",
    "(uint256)",
    "fee3f7f9",
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
OFFPEG_FEE_MULTIPLIER = Function(
    "offpeg_fee_multiplier()",
    "(uint256)",
    "8edfdd5f",
)
INITIAL_A = Function(
    "initial_A()",
    "(uint256)",
    "5409491a",
)
FUTURE_A = Function(
    "future_A()",
    "(uint256)",
    "b4b577ad",
)
INITIAL_A_TIME = Function(
    "initial_A_time()",
    "(uint256)",
    "2081066c",
)
FUTURE_A_TIME = Function(
    "future_A_time()",
    "(uint256)",
    "14052288",
)
MA_EXP_TIME = Function(
    "ma_exp_time()",
    "(uint256)",
    "1be913a5",
)
D_MA_TIME = Function(
    "D_ma_time()",
    "(uint256)",
    "9c4258c4",
)
MA_LAST_TIME = Function(
    "ma_last_time()",
    "(uint256)",
    "1ddc3b01",
)
D_ORACLE = Function(
    "D_oracle()",
    "(uint256)",
    "907a016b",
)
