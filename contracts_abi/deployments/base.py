"""Base: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 8453

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0x71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70",
        "BTC/USD": "0x64c911996D3c6aC71f9b455B1E8E7266BcbD848F",
        "USDC/USD": "0x7e860098F58bBFC8648a4311b374B1D669a2bc6B",
        "USDT/USD": "0xf19d560eB8d2ADf07BD6D13ed03e1D11215721F9",
        "DAI/USD": "0x591e79239a7d679378eC8c847e5038150364C78F",
        "LINK/USD": "0x17CAb8FE31E32f08326e5E27412894e49B0f9D65",
        "STETH/ETH": "0xf586d0728a47229e747d824a939000Cf21dEF5A0",
        "RETH/ETH": "0xf397bF97280B488cA19ee3093E81C0a77F02e9a5",
        "CBETH/ETH": "0x806b4Ac04501c29769051e42783cF04dCE41440b",
        "WBTC/USD": "0xCCADC697c55bbB68dc5bCdf8d3CBe83CdD4E071E",
        "AAVE/USD": "0x3d6774EF702A10b20FCa8Ed40FC022f7E4938e07",
        "SNX/USD": "0xe3971Ed6F1A5903321479Ef3148B5950c0612075",
        "SOL/USD": "0x975043adBb80fc32276CbF9Bbcfd4A601a12462D",
        "USDe/USD": "0x790181e93e9F4Eedb5b864860C12e4d2CffFe73B",
        "sUSDe/USD": "0x79cf4a31B29D69191f0b6E97916eB93FEB81E533",
        "EUR/USD": "0xc91D87E81faB8f93699ECf7Ee9B44D11e1D53F0F",
        "XAU/USD": "0x5213eBB69743b85644dbB6E25cdF994aFBb8cF31",
        "LINK/ETH": "0xc5E65227fe3385B88468F9A01600017cDC9F3A12",
        "OP/USD": "0x3E3A6bD129A63564FE7abde85FA67c3950569060",
        "AVAX/USD": "0xE70f2D34Fd04046aaEC26a198A35dD8F2dF5cd92",
        "POL/USD": "0x5E988c11a4f92155C30D9fb69Ed75597f712B113",
        "WSTETH/ETH": "0x43a5C292A453A3bF3606fa856197f09D7B74251a",
        "wstETH_stETH exchange rate": "0xB88BAc61a4Ca37C43a3725912B1f472c9A5bc061",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_svr": {
        "AAVE_SVR_BTC__USD": "0x3A932b286715abc4A86a4ACAF68A6cdD89E0d446",
        "SVR_ETH__USD": "0x1428C9E908e32dD2839F99D63C242c91329A58C0",
        "AAVE_SVR_ETH__USD": "0x9dA00D23465282005DB222a441a663eE7B9dfCc8",
        "SVR_BTC__USD": "0x03Df23A32C83cA8cD9B1aAC0aF1c72924af7502b",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol; same value for
    # Arbitrum in GitHub smartcontractkit/documentation src/content/data-feeds/l2-sequencer-feeds.mdx
    "chainlink_sequencer_uptime": {
        "": "0xBCF85224fc0756B9Fa45aA7892530B47e10b6433",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0x8909Dc15e40173Ff4699343b6eB8132c65e18eC6",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0x33128a8fC17869897dcE68Ed026d694621f6FDfD",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x498581fF718922c3f8e6A244956aF099B2652b2b",
        "state_view": "0xA3c0c9b65baD0b08107Aa264b0f3dB444b867A71",
        "position_manager": "0x7C5f5A4bBd8fD63184577525326123B519429bDc",
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
        "": "0x8250f4aF4B972684F7b336503E2D6dFeDeB1487a",
    },
    # Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json and
    # OracleManagerProxy.readable.json; enum order npm @synthetixio/oracle-manager 3.13.0
    "synthetix_oracle_manager": {
        "": "0x3d07CBC5Cb9376A67E76C0655Fe239dDa8E2B264",
    },
    # Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json,
    # PerpsMarketProxy.readable.json; the same package carries perpsMarkets.json: real parameters of
    # every market
    "synthetix_perps": {
        "": "0x0A2AF931eFFd34b81ebcc57E3d3c9B1E1dE1C9Ce",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0xe20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D",
        "pool": "0xA238Dd80C259a72e81d7e4664a9801593F98d1c5",
        "oracle": "0x2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156",
        "data_provider": "0x0F43731EB8d45A581f4a36DD74F5f358bc90C73A",
    },
    # Source: GitHub compound-finance/comet deployments/<chain>/<market>/roots.json;
    # contracts/Comet.sol (BUSL-1.1)
    "compound_comet": {
        "cUSDCv3": "0xb125E6687d4313864e53df431d5425969c15Eb2F",
    },
}
