"""Synthetix V3 perpetual markets.

Reads may revert with OracleDataRequired (ERC-7412): supply the Pyth update first in a simulated
multicall.

Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json,
PerpsMarketProxy.readable.json; the same package carries perpsMarkets.json: real parameters of every
market.
"""

from contracts_abi.entry import Event, Function

GET_MARKETS = Function(
    "getMarkets()",
    "(uint256[] marketIds)",
    "ec2c9016",
)
GET_MARKET_SUMMARY = Function(
    "getMarketSummary(uint128 marketId)",
    (
        "((int256 skew, uint256 size, uint256 maxOpenInterest, int256 currentFundingRate, int256 "
        "currentFundingVelocity, uint256 indexPrice) summary)"
    ),
    "41c2e8bd",
)
INDEX_PRICE = Function(
    "indexPrice(uint128 marketId)",
    "(uint256)",
    "4f778fb4",
)
FILL_PRICE = Function(
    "fillPrice(uint128 marketId, int128 orderSize, uint256 price)",
    "(uint256)",
    "deff90ef",
)
COMPUTE_ORDER_FEES_WITH_PRICE = Function(
    "computeOrderFeesWithPrice(uint128 marketId, int128 sizeDelta, uint256 price)",
    "(uint256 orderFees, uint256 fillPrice)",
    "06e4ba89",
)
GET_FUNDING_PARAMETERS = Function(
    "getFundingParameters(uint128 marketId)",
    "(uint256 skewScale, uint256 maxFundingVelocity)",
    "1b68d8fa",
)
GET_LIQUIDATION_PARAMETERS = Function(
    "getLiquidationParameters(uint128 marketId)",
    (
        "(uint256 initialMarginRatioD18, uint256 minimumInitialMarginRatioD18, uint256 "
        "maintenanceMarginScalarD18, uint256 flagRewardRatioD18, uint256 minimumPositionMargin)"
    ),
    "f94363a6",
)
GET_MAX_LIQUIDATION_PARAMETERS = Function(
    "getMaxLiquidationParameters(uint128 marketId)",
    (
        "(uint256 maxLiquidationLimitAccumulationMultiplier, uint256 maxSecondsInLiquidationWindow, "
        "uint256 maxLiquidationPd, address endorsedLiquidator)"
    ),
    "5443e33e",
)
GET_OPEN_POSITION = Function(
    "getOpenPosition(uint128 accountId, uint128 marketId)",
    "(int256 totalPnl, int256 accruedFunding, int128 positionSize, uint256 owedInterest)",
    "22a73967",
)
GET_AVAILABLE_MARGIN = Function(
    "getAvailableMargin(uint128 accountId)",
    "(int256 availableMargin)",
    "0a7dad2d",
)
GET_REQUIRED_MARGINS = Function(
    "getRequiredMargins(uint128 accountId)",
    "(uint256 requiredInitialMargin, uint256 requiredMaintenanceMargin, uint256 maxLiquidationReward)",
    "3c0f0753",
)
TOTAL_COLLATERAL_VALUE = Function(
    "totalCollateralValue(uint128 accountId)",
    "(uint256)",
    "b568ae42",
)
CAN_LIQUIDATE = Function(
    "canLiquidate(uint128 accountId)",
    "(bool isEligible)",
    "9b922bba",
)
LIQUIDATION_CAPACITY = Function(
    "liquidationCapacity(uint128 marketId)",
    "(uint256 capacity, uint256 maxLiquidationInWindow, uint256 latestLiquidationTimestamp)",
    "bb36f896",
)
EVENT_MARKET_UPDATED = Event(
    (
        "MarketUpdated(uint128 marketId, uint256 price, int256 skew, uint256 size, int256 sizeDelta, "
        "int256 currentFundingRate, int256 currentFundingVelocity, uint128 interestRate)"
    ),
    "346c68f39d865d9102f8e506228e49f3ff189d487acd496f59cfff5163dd7d70",
)
EVENT_ORDER_SETTLED = Event(
    (
        "OrderSettled(uint128 indexed marketId, uint128 indexed accountId, uint256 fillPrice, int256 "
        "pnl, int256 accruedFunding, int128 sizeDelta, int128 newSize, uint256 totalFees, uint256 "
        "referralFees, uint256 collectedFees, uint256 settlementReward, bytes32 indexed trackingCode, "
        "address settler)"
    ),
    "460080a757ec90719fe90ab2384c0196cdeed071a9fd7ce1ada43481d96b7db5",
)
EVENT_POSITION_LIQUIDATED = Event(
    (
        "PositionLiquidated(uint128 indexed accountId, uint128 indexed marketId, uint256 "
        "amountLiquidated, int128 currentPositionSize)"
    ),
    "d583c0e2965aae317f4a9a6603c0c75602b9bc97dc7c5fc6446b0ba8d3ff1bb2",
)
EVENT_ACCOUNT_LIQUIDATION_ATTEMPT = Event(
    "AccountLiquidationAttempt(uint128 indexed accountId, uint256 reward, bool fullLiquidation)",
    "26ef135389b1c68384b54bcb8b8c6b329a4cc302ab22474b8991fa4e957def35",
)
