"""Pyth price store.

Price = price * 10**expo, expo negative and per feed; conf is one standard-deviation-like band: use
price -/+ conf for collateral/debt. updates are permissionless and can be SELECTED by the caller
inside the validity window.

Source: npm @pythnetwork/pyth-evm-js 1.83.0 (Apache-2.0) lib/index.js CONTRACT_ADDR; ABI npm
@pythnetwork/pyth-sdk-solidity 4.2.0; feed id: believed, not checked against the id list.
"""

from contracts_abi.entry import Error, Event, Function

GET_PRICE_UNSAFE = Function(
    "getPriceUnsafe(bytes32 id)",
    "((int64 price, uint64 conf, int32 expo, uint256 publishTime) price)",
    "96834ad3",
)
GET_PRICE_NO_OLDER_THAN = Function(
    "getPriceNoOlderThan(bytes32 id, uint256 age)",
    "((int64 price, uint64 conf, int32 expo, uint256 publishTime) price)",
    "a4ae35e0",
)
GET_EMA_PRICE_UNSAFE = Function(
    "getEmaPriceUnsafe(bytes32 id)",
    "((int64 price, uint64 conf, int32 expo, uint256 publishTime) price)",
    "9474f45b",
)
QUERY_PRICE_FEED = Function(
    "queryPriceFeed(bytes32 id)",
    (
        "((bytes32 id, (int64 price, uint64 conf, int32 expo, uint256 publishTime) price, (int64 price, "
        "uint64 conf, int32 expo, uint256 publishTime) emaPrice) priceFeed)"
    ),
    "caaf43f1",
)
GET_UPDATE_FEE = Function(
    "getUpdateFee(bytes[] updateData)",
    "(uint256 feeAmount)",
    "d47eed45",
)
UPDATE_PRICE_FEEDS = Function(
    "updatePriceFeeds(bytes[] updateData)",
    "",
    "ef9e5e28",
)
PARSE_PRICE_FEED_UPDATES = Function(
    (
        "parsePriceFeedUpdates(bytes[] updateData, bytes32[] priceIds, uint64 minPublishTime, uint64 "
        "maxPublishTime)"
    ),
    (
        "((bytes32 id, (int64 price, uint64 conf, int32 expo, uint256 publishTime) price, (int64 price, "
        "uint64 conf, int32 expo, uint256 publishTime) emaPrice)[] priceFeeds)"
    ),
    "4716e9c5",
)
EVENT_PRICE_FEED_UPDATE = Event(
    "PriceFeedUpdate(bytes32 indexed id, uint64 publishTime, int64 price, uint64 conf)",
    "d06a6b7f4918494b3719217d1802786c1f5112a6c1d88fe2cfec00b4584f6aec",
)
ERROR_STALE_PRICE = Error("StalePrice()", "19abf40e")
ERROR_PRICE_FEED_NOT_FOUND = Error("PriceFeedNotFound()", "14aebe68")
ERROR_INSUFFICIENT_FEE = Error("InsufficientFee()", "025dbdd4")
