"""Multicall3: many calls in one, each allowed to fail.

Put getChainId, getBlockNumber, getCurrentBlockTimestamp, getLastBlockHash in the same aggregate3 as
the prices: one atomic snapshot that names its own block. zkSync-type chains have another address.

Source: GitHub mds1/multicall3 deployments.json + README (MIT).
"""

from contracts_abi.entry import Function

ADDRESS = "0xcA11bde05977b3631167028862bE2a173976CA11"
# Keccak-256 of the 3,808 bytes of genuine runtime code.
RUNTIME_HASH = "0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891"

AGGREGATE3 = Function(
    "aggregate3((address target, bool allowFailure, bytes callData)[] calls)",
    "((bool success, bytes returnData)[])",
    "82ad56cb",
)
GET_BLOCK_NUMBER = Function(
    "getBlockNumber()",
    "(uint256)",
    "42cbb15c",
)
GET_BLOCK_HASH = Function(
    "getBlockHash(uint256 blockNumber)",
    "(bytes32)",
    "ee82ac5e",
)
GET_LAST_BLOCK_HASH = Function(
    "getLastBlockHash()",
    "(bytes32)",
    "27e86d6e",
)
GET_CURRENT_BLOCK_TIMESTAMP = Function(
    "getCurrentBlockTimestamp()",
    "(uint256)",
    "0f28c97d",
)
GET_CHAIN_ID = Function(
    "getChainId()",
    "(uint256)",
    "3408e470",
)
GET_BASEFEE = Function(
    "getBasefee()",
    "(uint256)",
    "3e64a696",
)
GET_ETH_BALANCE = Function(
    "getEthBalance(address addr)",
    "(uint256)",
    "4d2301cc",
)
