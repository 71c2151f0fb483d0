"""Compound III (Comet).

Source: GitHub compound-finance/comet deployments/<chain>/<market>/roots.json; contracts/Comet.sol
(BUSL-1.1).
"""

from contracts_abi.entry import Event, Function

GET_PRICE = Function(
    "getPrice(address priceFeed)",
    "(uint256)",
    "41976e09",
)
NUM_ASSETS = Function(
    "numAssets()",
    "(uint8)",
    "a46fe83b",
)
GET_ASSET_INFO = Function(
    "getAssetInfo(uint8 i)",
    (
        "((uint8 offset, address asset, address priceFeed, uint64 scale, uint64 borrowCollateralFactor, "
        "uint64 liquidateCollateralFactor, uint64 liquidationFactor, uint128 supplyCap))"
    ),
    "c8c7fe6b",
)
BASE_TOKEN_PRICE_FEED = Function(
    "baseTokenPriceFeed()",
    "(address)",
    "e7dad6bd",
)
BASE_TOKEN = Function(
    "baseToken()",
    "(address)",
    "c55dae63",
)
BASE_SCALE = Function(
    "baseScale()",
    "(uint256)",
    "44c1e5eb",
)
BORROW_BALANCE_OF = Function(
    "borrowBalanceOf(address account)",
    "(uint256)",
    "374c49b4",
)
COLLATERAL_BALANCE_OF = Function(
    "collateralBalanceOf(address account, address asset)",
    "(uint128)",
    "5c2549ee",
)
IS_LIQUIDATABLE = Function(
    "isLiquidatable(address account)",
    "(bool)",
    "042e02cf",
)
IS_BORROW_COLLATERALIZED = Function(
    "isBorrowCollateralized(address account)",
    "(bool)",
    "38aa813f",
)
GET_UTILIZATION = Function(
    "getUtilization()",
    "(uint256)",
    "7eb71131",
)
GET_RESERVES = Function(
    "getReserves()",
    "(int256)",
    "0902f1ac",
)
QUOTE_COLLATERAL = Function(
    "quoteCollateral(address asset, uint256 baseAmount)",
    "(uint256)",
    "7ac88ed1",
)
EVENT_ABSORB_DEBT = Event(
    ("AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue)"),
    "1547a878dc89ad3c367b6338b4be6a65a5dd74fb77ae044da1e8747ef1f4f62f",
)
EVENT_ABSORB_COLLATERAL = Event(
    (
        "AbsorbCollateral(address indexed absorber, address indexed borrower, address indexed asset, "
        "uint256 collateralAbsorbed, uint256 usdValue)"
    ),
    "9850ab1af75177e4a9201c65a2cf7976d5d28e40ef63494b44366f86b2f9412e",
)
EVENT_BUY_COLLATERAL = Event(
    (
        "BuyCollateral(address indexed buyer, address indexed asset, uint256 baseAmount, uint256 "
        "collateralAmount)"
    ),
    "f891b2a411b0e66a5f0a6ff1368670fefa287a13f541eb633a386a1a9cc7046b",
)
