"""Uniswap V3 factory and pool.

Observe() reverts with "OLD" if the window exceeds the stored observations: read
observationCardinality first and report the real window. Tick mean must round toward minus infinity.

Storage: slot0: slot 0; liquidity: slot 4; observations: slots 8.. (65535 entries).

Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; address reproduced on a local
node by CREATE2 (npm @uniswap/v3-core 1.0.1, BUSL-1.1 converted to GPL; check the package licence).
storage numbers other than slot0: believed, not proved here.
"""

from contracts_abi.entry import Event, Function

GET_POOL = Function(
    "getPool(address tokenA, address tokenB, uint24 fee)",
    "(address pool)",
    "1698ee82",
)
FEE_AMOUNT_TICK_SPACING = Function(
    "feeAmountTickSpacing(uint24 fee)",
    "(int24)",
    "22afcccb",
)
SLOT0 = Function(
    "slot0()",
    (
        "(uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality, "
        "uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked)"
    ),
    "3850c7bd",
)
LIQUIDITY = Function(
    "liquidity()",
    "(uint128)",
    "1a686502",
)
OBSERVE = Function(
    "observe(uint32[] secondsAgos)",
    "(int56[] tickCumulatives, uint160[] secondsPerLiquidityCumulativeX128s)",
    "883bdbfd",
)
OBSERVATIONS = Function(
    "observations(uint256 index)",
    (
        "(uint32 blockTimestamp, int56 tickCumulative, uint160 secondsPerLiquidityCumulativeX128, bool "
        "initialized)"
    ),
    "252c09d7",
)
TICKS = Function(
    "ticks(int24 tick)",
    (
        "(uint128 liquidityGross, int128 liquidityNet, uint256 feeGrowthOutside0X128, uint256 "
        "feeGrowthOutside1X128, int56 tickCumulativeOutside, uint160 secondsPerLiquidityOutsideX128, "
        "uint32 secondsOutside, bool initialized)"
    ),
    "f30dba93",
)
TICK_BITMAP = Function(
    "tickBitmap(int16 wordPosition)",
    "(uint256)",
    "5339c296",
)
TOKEN0 = Function(
    "token0()",
    "(address)",
    "0dfe1681",
)
TOKEN1 = Function(
    "token1()",
    "(address)",
    "d21220a7",
)
FEE = Function(
    "fee()",
    "(uint24)",
    "ddca3f43",
)
TICK_SPACING = Function(
    "tickSpacing()",
    "(int24)",
    "d0c93a7c",
)
POSITIONS = Function(
    "positions(bytes32 key)",
    (
        "(uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128, uint128 "
        "tokensOwed0, uint128 tokensOwed1)"
    ),
    "514ea4bf",
)
EVENT_SWAP = Event(
    (
        "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 "
        "sqrtPriceX96, uint128 liquidity, int24 tick)"
    ),
    "c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
)
EVENT_MINT = Event(
    (
        "Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, "
        "uint128 amount, uint256 amount0, uint256 amount1)"
    ),
    "7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde",
)
EVENT_BURN = Event(
    (
        "Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, "
        "uint256 amount0, uint256 amount1)"
    ),
    "0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c",
)
EVENT_INCREASE_OBSERVATION_CARDINALITY_NEXT = Event(
    (
        "IncreaseObservationCardinalityNext(uint16 observationCardinalityNextOld, uint16 "
        "observationCardinalityNextNew)"
    ),
    "ac49e518f90a358f652e4400164f05a5d8f7e35e7747279bc3a93dbf584e125a",
)
FEE_GROWTH_GLOBAL0_X128 = Function(
    "feeGrowthGlobal0X128()",
    "(uint256)",
    "f3058399",
)
FEE_GROWTH_GLOBAL1_X128 = Function(
    "feeGrowthGlobal1X128()",
    "(uint256)",
    "46141319",
)
PROTOCOL_FEES = Function(
    "protocolFees()",
    "(uint128 token0, uint128 token1)",
    "1ad8b03b",
)
