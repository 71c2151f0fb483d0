"""ERC-4626 vaults.

ConvertToAssets is donation-manipulable for vaults that read balanceOf(this): treat as a rate source
with its own rate-of-change bound.

Source: EIP-4626; npm @openzeppelin/contracts 5.0.2 IERC4626.
"""

from contracts_abi.entry import Function

ASSET = Function(
    "asset()",
    "(address)",
    "38d52e0f",
)
TOTAL_ASSETS = Function(
    "totalAssets()",
    "(uint256)",
    "01e1d114",
)
TOTAL_SUPPLY = Function(
    "totalSupply()",
    "(uint256)",
    "18160ddd",
)
CONVERT_TO_ASSETS = Function(
    "convertToAssets(uint256 shares)",
    "(uint256)",
    "07a2d13a",
)
PREVIEW_REDEEM = Function(
    "previewRedeem(uint256 shares)",
    "(uint256)",
    "4cdad506",
)
DEPOSIT = Function(
    "deposit(uint256 assets, address receiver)",
    "(uint256 shares)",
    "6e553f65",
)
MAX_WITHDRAW = Function(
    "maxWithdraw(address owner)",
    "(uint256)",
    "ce96cb77",
)
