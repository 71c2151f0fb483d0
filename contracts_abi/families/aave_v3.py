"""Aave V3 oracle, pool and data provider.

Many sources are CAPO or SVR adapters, not plain Chainlink proxies: read getSourceOfAsset and
unfold.

Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm @aave/core-v3
1.19.3.
"""

from contracts_abi.entry import Event, Function

GET_ASSET_PRICE = Function(
    "getAssetPrice(address asset)",
    "(uint256)",
    "b3596f07",
)
GET_ASSETS_PRICES = Function(
    "getAssetsPrices(address[] assets)",
    "(uint256[])",
    "9d23d9f2",
)
GET_SOURCE_OF_ASSET = Function(
    "getSourceOfAsset(address asset)",
    "(address)",
    "92bf2be0",
)
BASE_CURRENCY_UNIT = Function(
    "BASE_CURRENCY_UNIT()",
    "(uint256)",
    "8c89b64f",
)
GET_USER_ACCOUNT_DATA = Function(
    "getUserAccountData(address user)",
    (
        "(uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase, uint256 "
        "currentLiquidationThreshold, uint256 ltv, uint256 healthFactor)"
    ),
    "bf92857c",
)
GET_RESERVES_LIST = Function(
    "getReservesList()",
    "(address[])",
    "d1946dbc",
)
GET_USER_CONFIGURATION = Function(
    "getUserConfiguration(address user)",
    "((uint256 data))",
    "4417a583",
)
GET_USER_EMODE = Function(
    "getUserEMode(address user)",
    "(uint256)",
    "eddf1b79",
)
GET_RESERVE_CONFIGURATION_DATA = Function(
    "getReserveConfigurationData(address asset)",
    (
        "(uint256 decimals, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus, uint256 "
        "reserveFactor, bool usageAsCollateralEnabled, bool borrowingEnabled, bool "
        "stableBorrowRateEnabled, bool isActive, bool isFrozen)"
    ),
    "3e150141",
)
GET_USER_RESERVE_DATA = Function(
    "getUserReserveData(address asset, address user)",
    (
        "(uint256 currentATokenBalance, uint256 currentStableDebt, uint256 currentVariableDebt, uint256 "
        "principalStableDebt, uint256 scaledVariableDebt, uint256 stableBorrowRate, uint256 "
        "liquidityRate, uint40 stableRateLastUpdated, bool usageAsCollateralEnabled)"
    ),
    "28dd2d01",
)
GET_RESERVE_CAPS = Function(
    "getReserveCaps(address asset)",
    "(uint256 borrowCap, uint256 supplyCap)",
    "46fbe558",
)
GET_RESERVE_TOKENS_ADDRESSES = Function(
    "getReserveTokensAddresses(address asset)",
    "(address aTokenAddress, address stableDebtTokenAddress, address variableDebtTokenAddress)",
    "d2493b6c",
)
IS_LIQUIDATION_ALLOWED = Function(
    "isLiquidationAllowed()",
    "(bool)",
    "7a5d20ea",
)
EVENT_LIQUIDATION_CALL = Event(
    (
        "LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed "
        "user, uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool "
        "receiveAToken)"
    ),
    "e413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286",
)
EVENT_RESERVE_DATA_UPDATED = Event(
    (
        "ReserveDataUpdated(address indexed reserve, uint256 liquidityRate, uint256 stableBorrowRate, "
        "uint256 variableBorrowRate, uint256 liquidityIndex, uint256 variableBorrowIndex)"
    ),
    "804c9b842b2748a22bb64b345453a3de7ca54a6ca45ce00d415894979e22897a",
)
EVENT_BORROW = Event(
    (
        "Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint8 "
        "interestRateMode, uint256 borrowRate, uint16 indexed referralCode)"
    ),
    "b3d084820fb1a9decffb176436bd02558d15fac9b0ddfed8c465bc7359d7dce0",
)
EVENT_SUPPLY = Event(
    (
        "Supply(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, "
        "uint16 indexed referralCode)"
    ),
    "2b627736bca15cd5381dcf80b0bf11fd197d01a037c52b927a881a10fb73ba61",
)
