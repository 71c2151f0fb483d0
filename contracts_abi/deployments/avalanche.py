"""Avalanche: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 43114

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0x976B3D034E162d8bD72D6b9C989d545b839003b0",
        "BTC/USD": "0x2779D32d5166BAaa2B2b658333bA7e6Ec0C65743",
        "USDC/USD": "0xF096872672F44d6EBA71458D74fe67F9a77a23B9",
        "USDT/USD": "0xEBE676ee90Fe1112671f19b6B7459bC678B67e8a",
        "DAI/USD": "0x51D7180edA2260cc4F6e4EebB82FEF5c3c2B8300",
        "LINK/USD": "0x49ccd9ca821EfEab2b98c60dC60F518E765EDe9a",
        "WBTC/USD": "0x86442E3a98558357d46E6182F4b262f76c4fa26F",
        "AAVE/USD": "0x3CA13391E9fb38a75330fb28f8cc2eB3D9ceceED",
        "CRV/USD": "0x7CF8A6090A9053B01F3DF4D4e6CfEdd8c90d9027",
        "SNX/USD": "0x01752eAAB988ECb0ceBa2C8FC97c4f1d38Bf246D",
        "EUR/USD": "0x192f2DBA961Bb0277520C082d6bfa87D5961333E",
        "XAU/USD": "0x1F41EF93dece881Ad0b98082B2d44D3f6F0C515B",
        "ARB/USD": "0xd99bcAdbE216D82f4B77eC54a99ea1b6bA96549b",
        "AVAX/USD": "0x0A77230d17318075983913bC2145DB16C7366156",
        "POL/USD": "0x7B0e7d292d414788B080EfCa58b04B6372789639",
        "WSTETH/ETH": "0xCF60B4E089eA1ABA29C01b017b38c2f7D69Eb36B",
        "wstETH_stETH exchange rate": "0x84FF93CAD57DcD39b21895171D30A7A0e7851C75",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0x9e5A52f57b3038F1B8EeE45F28b3C1967e22799C",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0x740b1c1de25031C31FF4fC9A62f554A55cdC1baD",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x06380C0e0912312B5150364B9DC4542BA0DbBc85",
        "state_view": "0xc3c9e198C735a4b97e3e683f391cCBDD60B69286",
        "position_manager": "0xB74b1F14d2754AcfcbBe1a221023a5cf50Ab8ACD",
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
        "": "0x4305FB66699C3B2702D4d05CF36551390A4c69C6",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb",
        "pool": "0x794a61358D6845594F94dc1DB02A252b5b4814aD",
        "oracle": "0xEBd36016B3eD09D4693Ed4251c67Bd858c3c7C9C",
        "data_provider": "0x243Aa95cAC2a25651eda86e80bEe66114413c43b",
    },
    # Source: GitHub gmx-io/gmx-synthetics deployments/<chain>/*.json (BUSL-1.1); Arbitrum values
    # equal npm @gmx-io/sdk 1.4.0 build/esm/src/configs/contracts.js
    "gmx_v2": {
        "datastore": "0x2F0b22339414ADeD7D5F06f9D604c7fF5b2fe3f6",
        "reader": "0x62Cb8740E6986B29dC671B2EB596676f60590A5B",
    },
}
