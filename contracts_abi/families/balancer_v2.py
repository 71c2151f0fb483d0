"""Balancer V2 vault and pools.

Read-only re-entrancy: getRate/getPoolTokens inside a join/exit callback are manipulable.

Source: npm @balancer-labs/v2-deployments 3.2.0 (GPL-3.0-only) dist/tasks/20210418-vault/output.
"""

from contracts_abi.entry import Event, Function

GET_POOL_TOKENS = Function(
    "getPoolTokens(bytes32 poolId)",
    "(address[] tokens, uint256[] balances, uint256 lastChangeBlock)",
    "f94d4668",
)
GET_POOL = Function(
    "getPool(bytes32 poolId)",
    "(address, uint8)",
    "f6c00927",
)
GET_POOL_ID = Function(
    "getPoolId()",
    "(bytes32)",
    "38fff2d0",
)
GET_NORMALIZED_WEIGHTS = Function(
    "getNormalizedWeights()",
    "(uint256[])",
    "f89f27ed",
)
GET_RATE = Function(
    "getRate()",
    "(uint256)",
    "679aefce",
)
GET_SWAP_FEE_PERCENTAGE = Function(
    "getSwapFeePercentage()",
    "(uint256)",
    "55c67628",
)
GET_ACTUAL_SUPPLY = Function(
    "getActualSupply()",
    "(uint256)",
    "876f303b",
)
GET_TIME_WEIGHTED_AVERAGE = Function(
    "getTimeWeightedAverage((uint8 variable, uint256 secs, uint256 ago)[] queries)",
    "(uint256[] results)",
    "1dccd830",
)
GET_VAULT = Function(
    "getVault()",
    "(address)",
    "8d928af8",
)
GET_PAUSED_STATE = Function(
    "getPausedState()",
    "(bool paused, uint256 pauseWindowEndTime, uint256 bufferPeriodEndTime)",
    "1c0de051",
)
VERSION = Function(
    "version()",
    "(string)",
    "54fd4d50",
)
EVENT_SWAP = Event(
    (
        "Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut, uint256 "
        "amountIn, uint256 amountOut)"
    ),
    "2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b",
)
