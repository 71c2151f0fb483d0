"""ERC-20 tokens.

MKR-era tokens return symbol/name as bytes32: decode 32-byte answers as bytes32. decimals may be
absent (revert) or 0.

Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3Ethereum.sol.
"""

from contracts_abi.entry import Event, Function

DECIMALS = Function(
    "decimals()",
    "(uint8)",
    "313ce567",
)
SYMBOL = Function(
    "symbol()",
    "(string)",
    "95d89b41",
)
TOTAL_SUPPLY = Function(
    "totalSupply()",
    "(uint256)",
    "18160ddd",
)
BALANCE_OF = Function(
    "balanceOf(address owner)",
    "(uint256)",
    "70a08231",
)
ALLOWANCE = Function(
    "allowance(address owner, address spender)",
    "(uint256)",
    "dd62ed3e",
)
EVENT_TRANSFER = Event(
    "Transfer(address indexed from, address indexed to, uint256 value)",
    "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
)
