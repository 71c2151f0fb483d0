"""GMX V2 reader and data store.

Prices are 10**(30-decimals) scaled; keeper-signed prices (Data Streams) are not readable on chain
between orders: the Reader needs prices passed in. The Reader address and its ABI change at
upgrades: resolve per release.

Source: GitHub gmx-io/gmx-synthetics deployments/<chain>/*.json (BUSL-1.1); Arbitrum values equal
npm @gmx-io/sdk 1.4.0 (MIT) build/esm/src/configs/contracts.js; getAccountPositions: the same package,
build/esm/src/abis/SyntheticsReader.js.
"""

from contracts_abi.entry import Function

GET_MARKETS = Function(
    "getMarkets(address dataStore, uint256 start, uint256 end)",
    "((address marketToken, address indexToken, address longToken, address shortToken)[])",
    "ce3264bf",
)
GET_ACCOUNT_POSITIONS = Function(
    "getAccountPositions(address dataStore, address account, uint256 start, uint256 end)",
    (
        "(((address account, address market, address collateralToken) addresses, "
        "(uint256 sizeInUsd, uint256 sizeInTokens, uint256 collateralAmount, int256 pendingImpactAmount, "
        "uint256 borrowingFactor, uint256 fundingFeeAmountPerSize, "
        "uint256 longTokenClaimableFundingAmountPerSize, uint256 shortTokenClaimableFundingAmountPerSize, "
        "uint256 increasedAtTime, uint256 decreasedAtTime) numbers, "
        "(bool isLong) flags)[])"
    ),
    "77cfb162",
)
GET_MARKET_TOKEN_PRICE = Function(
    (
        "getMarketTokenPrice(address dataStore, (address marketToken, address indexToken, address "
        "longToken, address shortToken) market, (uint256 min, uint256 max) indexTokenPrice, (uint256 "
        "min, uint256 max) longTokenPrice, (uint256 min, uint256 max) shortTokenPrice, bytes32 "
        "pnlFactorType, bool maximize)"
    ),
    (
        "(int256, (int256 poolValue, int256 longPnl, int256 shortPnl, int256 netPnl, uint256 "
        "longTokenAmount, uint256 shortTokenAmount, uint256 longTokenUsd, uint256 shortTokenUsd, uint256 "
        "totalBorrowingFees, uint256 borrowingFeePoolFactor, uint256 impactPoolAmount, uint256 "
        "lentImpactPoolAmount))"
    ),
    "095ce6c5",
)
GET_OPEN_INTEREST_WITH_PNL = Function(
    (
        "getOpenInterestWithPnl(address dataStore, (address marketToken, address indexToken, address "
        "longToken, address shortToken) market, (uint256 min, uint256 max) indexTokenPrice, bool isLong, "
        "bool maximize)"
    ),
    "(int256)",
    "a0140938",
)
GET_NET_PNL = Function(
    (
        "getNetPnl(address dataStore, (address marketToken, address indexToken, address longToken, "
        "address shortToken) market, (uint256 min, uint256 max) indexTokenPrice, bool maximize)"
    ),
    "(int256)",
    "fd50649d",
)
IS_POSITION_LIQUIDATABLE = Function(
    (
        "isPositionLiquidatable(address dataStore, address referralStorage, bytes32 positionKey, "
        "(address marketToken, address indexToken, address longToken, address shortToken) market, "
        "((uint256 min, uint256 max) indexTokenPrice, (uint256 min, uint256 max) longTokenPrice, "
        "(uint256 min, uint256 max) shortTokenPrice) prices, bool shouldValidateMinCollateralUsd, bool "
        "forLiquidation)"
    ),
    (
        "(bool, string, (int256 remainingCollateralUsd, int256 minCollateralUsd, int256 "
        "minCollateralUsdForLeverage))"
    ),
    "456110f9",
)
GET_UINT = Function(
    "getUint(bytes32 key)",
    "(uint256)",
    "bd02d0f5",
)
GET_INT = Function(
    "getInt(bytes32 key)",
    "(int256)",
    "dc97d962",
)
GET_ADDRESS = Function(
    "getAddress(bytes32 key)",
    "(address)",
    "21f8a721",
)
GET_BOOL = Function(
    "getBool(bytes32 key)",
    "(bool)",
    "7ae1cfca",
)
