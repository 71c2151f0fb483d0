"""Uniswap V4 state view and pool manager events.

Events come from the PoolManager; poolId = keccak256(abi.encode(currency0, currency1, fee,
tickSpacing, hooks)). ETH/USDC 0.05% tickSpacing 10 without hooks gives
0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27. No built-in
TWAP: hooks may change price semantics. The position manager keeps the key of every pool it has minted
in, by the first 25 bytes of the id; elsewhere the id cannot be turned back into currencies.

Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
1.0.3.
"""

from contracts_abi.entry import Event, Function

GET_SLOT0 = Function(
    "getSlot0(bytes32 poolId)",
    "(uint160 sqrtPriceX96, int24 tick, uint24 protocolFee, uint24 lpFee)",
    "c815641c",
)
GET_LIQUIDITY = Function(
    "getLiquidity(bytes32 poolId)",
    "(uint128 liquidity)",
    "fa6793d5",
)
GET_TICK_INFO = Function(
    "getTickInfo(bytes32 poolId, int24 tick)",
    (
        "(uint128 liquidityGross, int128 liquidityNet, uint256 feeGrowthOutside0X128, uint256 "
        "feeGrowthOutside1X128)"
    ),
    "7c40f1fe",
)
GET_TICK_BITMAP = Function(
    "getTickBitmap(bytes32 poolId, int16 tick)",
    "(uint256 tickBitmap)",
    "1c7ccb4c",
)
GET_FEE_GROWTH_GLOBALS = Function(
    "getFeeGrowthGlobals(bytes32 poolId)",
    "(uint256 feeGrowthGlobal0, uint256 feeGrowthGlobal1)",
    "9ec538c8",
)
POOL_KEYS = Function(
    "poolKeys(bytes25 poolId)",
    "(address currency0, address currency1, uint24 fee, int24 tickSpacing, address hooks)",
    "86b6be7d",
)
EVENT_SWAP = Event(
    (
        "Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1, uint160 "
        "sqrtPriceX96, uint128 liquidity, int24 tick, uint24 fee)"
    ),
    "40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f",
)
EVENT_INITIALIZE = Event(
    (
        "Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1, uint24 "
        "fee, int24 tickSpacing, address hooks, uint160 sqrtPriceX96, int24 tick)"
    ),
    "dd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438",
)
