"""Uniswap V2 factory and pair.

BlockTimestampLast wraps at 2**32; cumulative prices overflow by design: subtract modulo 2**256.

Storage: reserves: slot 8: uint112 reserve0 | uint112 reserve1<<112 | uint32 blockTimestampLast<<224
(proved with eth_getProof here).

Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; address reproduced on a local
node by CREATE2 from the factory at its mainnet address (npm @uniswap/v2-core 1.0.1, GPL-3.0-or-
later).
"""

from contracts_abi.entry import Event, Function

GET_PAIR = Function(
    "getPair(address tokenA, address tokenB)",
    "(address pair)",
    "e6a43905",
)
EVENT_PAIR_CREATED = Event(
    "PairCreated(address indexed token0, address indexed token1, address pair, uint256)",
    "0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9",
)
GET_RESERVES = Function(
    "getReserves()",
    "(uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast)",
    "0902f1ac",
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
PRICE0_CUMULATIVE_LAST = Function(
    "price0CumulativeLast()",
    "(uint256)",
    "5909c0d5",
)
PRICE1_CUMULATIVE_LAST = Function(
    "price1CumulativeLast()",
    "(uint256)",
    "5a3d5493",
)
K_LAST = Function(
    "kLast()",
    "(uint256)",
    "7464fc3d",
)
TOTAL_SUPPLY = Function(
    "totalSupply()",
    "(uint256)",
    "18160ddd",
)
EVENT_SYNC = Event(
    "Sync(uint112 reserve0, uint112 reserve1)",
    "1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1",
)
EVENT_SWAP = Event(
    (
        "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 "
        "amount1Out, address indexed to)"
    ),
    "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822",
)
EVENT_MINT = Event(
    "Mint(address indexed sender, uint256 amount0, uint256 amount1)",
    "4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f",
)
EVENT_BURN = Event(
    "Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)",
    "dccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496",
)
FEE_TO = Function(
    "feeTo()",
    "(address)",
    "017e7e58",
)
FACTORY = Function(
    "factory()",
    "(address)",
    "c45a0155",
)
