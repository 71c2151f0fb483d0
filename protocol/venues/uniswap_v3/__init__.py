"""Uniswap V3: concentrated liquidity, its in-pool oracle and the periphery's oracle library.

Start with :class:`protocol.venues.uniswap_v3.pool.UniswapV3Pool`. Rules come from Uniswap V3 core 1.0.1
(npm ``@uniswap/v3-core``) and periphery; each module names its contract file.
"""
