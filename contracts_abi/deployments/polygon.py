"""Polygon: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 137

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0xF9680D99D6C9589e2a93a78A04A279e509205945",
        "BTC/USD": "0xc907E116054Ad103354f2D350FD2514433D57F6f",
        "USDC/USD": "0xfE4A8cc5b5B2366C1B58Bea3858e81843581b2F7",
        "USDT/USD": "0x0A6513e40db6EB1b165753AD52E80663aeA50545",
        "DAI/USD": "0x4746DeC9e833A82EC7C2C1356372CcF2cfcD2F3D",
        "LINK/USD": "0xd9FFdb71EbE7496cC440152d43986Aae0AB76665",
        "CBETH/ETH": "0x0a6a03CdF7d0b48d4e4BA8e362A4FfC3aAC4f3c0",
        "WBTC/USD": "0xDE31F8bFBD8c84b5360CFACCa3539B938dd78ae6",
        "AAVE/USD": "0x72484B12719E23115761D5DA1646945632979bB6",
        "CRV/USD": "0x336584C8E6Dc19637A5b36206B1c79923111b405",
        "SNX/USD": "0xbF90A5D9B6EE9019028dbFc2a9E50056d5252894",
        "SOL/USD": "0x10C8264C0935b3B9870013e057f330Ff3e9C56dC",
        "USDe/USD": "0x5c3890e86f3E7Ed7F5390532De147953580f1605",
        "sUSDe/USD": "0xe71A04ACe06e2667c7e1c802E998CBf44A6bf53C",
        "EUR/USD": "0x73366Fe0AA0Ded304479862808e02506FE556a98",
        "XAU/USD": "0x0C466540B2ee1a31b441671eac0ca886e051E410",
        "LINK/ETH": "0xb77fa460604b9C6435A235D057F7D319AC83cb53",
        "AVAX/USD": "0xe01eA2fbd8D76ee323FbEd03eB9a8625EC981A10",
        "MATIC/USD": "0xAB594600376Ec9fD91F8e885dADF0CE036862dE0",
        "WSTETH/ETH": "0x10f964234cae09cB6a9854B56FF7D4F38Cda5E6a",
        "wstETH_stETH exchange rate": "0x3Ea1eC855fBda8bA0396975eC260AD2e9B2Bc01c",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0x9e5A52f57b3038F1B8EeE45F28b3C1967e22799C",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x67366782805870060151383F4BbFF9daB53e5cD6",
        "state_view": "0x5eA1bD7974c8A611cBAB0bDCAFcB1D9CC9b3BA5a",
        "position_manager": "0x1Ec2eBf4F37E7363FDfe3551602425af0B3ceef9",
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
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb",
        "pool": "0x794a61358D6845594F94dc1DB02A252b5b4814aD",
        "oracle": "0xb023e699F5a33916Ea823A16485e259257cA8Bd1",
        "data_provider": "0x243Aa95cAC2a25651eda86e80bEe66114413c43b",
    },
    # Source: GitHub UMAprotocol/UMIPs UMIPs/umip-172.md (V3)
    "uma": {
        "optimistic_oracle_v3": "0x5953f2538F613E05bAED8A5AeFa8e6622467AD3D",
    },
}
