"""Rates of staked ether tokens.

Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3Ethereum.sol (underlyings).
"""

from contracts_abi.entry import Function

ST_ETH_PER_TOKEN = Function(
    "stEthPerToken()",
    "(uint256)",
    "035faf82",
)
TOKENS_PER_ST_ETH = Function(
    "tokensPerStEth()",
    "(uint256)",
    "9576a0c8",
)
GET_EXCHANGE_RATE = Function(
    "getExchangeRate()",
    "(uint256)",
    "e6aa216c",
)
EXCHANGE_RATE = Function(
    "exchangeRate()",
    "(uint256)",
    "3ba0b9a9",
)
GET_RATE = Function(
    "getRate()",
    "(uint256)",
    "679aefce",
)
