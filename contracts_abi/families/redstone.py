"""RedStone push feeds.

Feeds "without rounds" return a constant roundId: do not use round contiguity checks. The pull model
carries prices in calldata: nothing to read on chain. Mainnet addresses: unsourced here.

Source: npm @redstone-finance/on-chain-relayer 0.6.1 (MIT) contracts/core and contracts/price-feeds
(sources only).
"""

from contracts_abi.entry import Function

LATEST_ROUND_DATA = Function(
    "latestRoundData()",
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
    "feaf968c",
)
LATEST_ANSWER = Function(
    "latestAnswer()",
    "(int256)",
    "50d25bcd",
)
DECIMALS = Function(
    "decimals()",
    "(uint8)",
    "313ce567",
)
GET_DATA_FEED_ID = Function(
    "getDataFeedId()",
    "(bytes32)",
    "c8337760",
)
GET_VALUE_FOR_DATA_FEED = Function(
    "getValueForDataFeed(bytes32 dataFeedId)",
    "(uint256)",
    "44e02982",
)
GET_TIMESTAMPS_FROM_LATEST_UPDATE = Function(
    "getTimestampsFromLatestUpdate()",
    "(uint128 dataTimestamp, uint128 blockTimestamp)",
    "b0f106b0",
)
GET_DATA_FEED_IDS = Function(
    "getDataFeedIds()",
    "(bytes32[])",
    "fba03158",
)
