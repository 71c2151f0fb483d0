"""An on-chain reader of a V2 pair that keeps an observation: the periphery's fixed-window example.

Source: npm @uniswap/v2-periphery 1.1.0-beta.0 (GPL-3.0-or-later) contracts/examples/ExampleOracleSimple.sol.
"""

from contracts_abi.entry import Function

TOKEN0 = Function("token0()", "(address)", "0dfe1681")
TOKEN1 = Function("token1()", "(address)", "d21220a7")
PRICE0_CUMULATIVE_LAST = Function("price0CumulativeLast()", "(uint256)", "5909c0d5")
PRICE1_CUMULATIVE_LAST = Function("price1CumulativeLast()", "(uint256)", "5a3d5493")
BLOCK_TIMESTAMP_LAST = Function("blockTimestampLast()", "(uint32)", "c5700a02")
