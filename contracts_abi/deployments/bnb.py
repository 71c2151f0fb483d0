"""Bnb: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 56

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0x9ef1B8c0E4F7dc8bF5719Ea496883DC6401d5b2e",
        "BTC/USD": "0x264990fbd0A4796A3E3d8E37C4d5F87a3aCa5Ebf",
        "USDC/USD": "0x51597f405303C4377E36123cBc172b13269EA163",
        "USDT/USD": "0xB97Ad0E74fa7d920791E90258A6E2085088b4320",
        "DAI/USD": "0x132d3C0B1D2cEa0BC552588063bdBb210FDeecfA",
        "LINK/USD": "0xca236E327F629f9Fc2c30A4E95775EbF0B89fac8",
        "AAVE/USD": "0xA8357BF572460fC40f4B0aCacbB2a6A61c89f475",
        "CRV/USD": "0x2e1C3b6Fcae47b20Dd343D9354F7B1140a1E6B27",
        "SOL/USD": "0x0E8a53DD9c13589df6382F13dA6B3Ec8F919B323",
        "EUR/USD": "0x0bf79F617988C472DcA68ff41eFe1338955b9A80",
        "XAU/USD": "0x86896fEB19D8A607c3b11f2aF50A0f239Bd71CD0",
        "AVAX/USD": "0x5974855ce31EE8E1fff2e76591CbF83D7110F151",
        "POL/USD": "0x081195B56674bb87b2B92F6D58F7c5f449aCE19d",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0x8909Dc15e40173Ff4699343b6eB8132c65e18eC6",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0xdB1d10011AD0Ff90774D0C6Bb92e5C5c8b4461F7",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x28e2Ea090877bF75740558f6BFB36A5ffeE9e9dF",
        "state_view": "0xd13Dd3D6E93f276FAfc9Db9E6BB47C1180aeE0c4",
        "position_manager": "0x7A4a5c919aE2541AeD11041A1AEeE68f1287f95b",
    },
    # Source: npm @balancer-labs/v2-deployments 3.2.0 (GPL-3.0-only) dist/tasks/20210418-vault/output
    "balancer_v2": {
        "vault": "0xBA12222222228d8Ba445958a75a0704d566BF2C8",
    },
    # Source: npm @balancer/sdk 6.1.1 (MIT); ABI npm @balancer-labs/v3-interfaces 1.0.0 (GPL-3.0-only,
    # sources only)
    "balancer_v3": {
        "vault": "0xbA1333333333a1BA1108E8412f11850A5C319bA9",
    },
    # Source: npm @pythnetwork/pyth-evm-js 1.83.0 (Apache-2.0) lib/index.js CONTRACT_ADDR; ABI npm
    # @pythnetwork/pyth-sdk-solidity 4.2.0; feed id: believed, not checked against the id list
    "pyth": {
        "": "0x4D7E825f80bDf85e913E0DD2A2D54927e9dE1594",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0xff75B6da14FfbbfD355Daf7a2731456b3562Ba6D",
        "pool": "0x6807dc923806fE8Fd134338EABCA509979a7e0cB",
        "oracle": "0x39bc1bfDa2130d6Bb6DBEfd366939b4c7aa7C697",
        "data_provider": "0xc90Df74A7c16245c5F5C5870327Ceb38Fe5d5328",
    },
}
