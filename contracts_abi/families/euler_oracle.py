"""Euler price oracles: adapters and the router quote amounts, both sides as a trader would see them.

Source: GitHub euler-xyz/euler-price-oracle src/interfaces/IPriceOracle.sol (GPL-2.0-or-later).
"""

from contracts_abi.entry import Function

GET_QUOTE = Function(
    "getQuote(uint256 inAmount, address base, address quote)",
    "(uint256 outAmount)",
    "ae68676c",
)
