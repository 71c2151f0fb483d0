"""Hyperliquid's read precompiles on HyperEVM: HyperCore's state, asked with bare arguments.

An index that does not exist uses up all the gas of its call. A price of a perpetual has 6 - szDecimals
decimals. Nothing of this is contract state: it cannot be proven, and a node may answer for another block than
the one asked for with the newest state.

Source: hyperliquid.gitbook.io for-developers/hyperevm/interacting-with-hypercore and the L1Read.sol attached
there (read); chain id 999.
"""

from contracts_abi.entry import PrecompiledFunction

MARK_PX = PrecompiledFunction("markPx(uint32 index)", "(uint64)")
ORACLE_PX = PrecompiledFunction("oraclePx(uint32 index)", "(uint64)")
PERP_ASSET_INFO = PrecompiledFunction(
    "perpAssetInfo(uint32 perp)",
    "((string coin, uint32 marginTableId, uint8 szDecimals, uint8 maxLeverage, bool onlyIsolated) info)",
)
