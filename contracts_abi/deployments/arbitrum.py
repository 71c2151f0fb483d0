"""Arbitrum: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 42161

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0x639Fe6ab55C921f74e7fac1ee960C0B6293ba612",
        "BTC/USD": "0x6ce185860a4963106506C203335A2910413708e9",
        "USDC/USD": "0x50834F3163758fcC1Df9973b6e91f0F0F0434aD3",
        "USDT/USD": "0x3f3f5dF88dC9F13eac63DF89EC16ef6e7E25DdE7",
        "DAI/USD": "0xc5C8E77B397E531B8EC06BFb0048328B30E9eCfB",
        "LINK/USD": "0x86E53CF1B870786351Da77A57575e79CB55812CB",
        "STETH/ETH": "0xded2c52b75B24732e9107377B7Ba93eC1fFa4BAf",
        "STETH/USD": "0x07C5b924399cc23c24a95c8743DE4006a32b7f2a",
        "RETH/ETH": "0xD6aB2298946840262FcC278fF31516D39fF611eF",
        "CBETH/ETH": "0xa668682974E3f121185a3cD94f00322beC674275",
        "WBTC/BTC": "0x0017abAc5b6f291F9164e35B1234CA1D697f9CF4",
        "WBTC/USD": "0xd0C7101eACbB49F3deCcCc166d238410D6D46d57",
        "AAVE/USD": "0xaD1d5344AaDE45F43E596773Bcc4c423EAbdD034",
        "CRV/USD": "0xaebDA2c976cfd1eE1977Eac079B4382acb849325",
        "SNX/USD": "0x054296f0D036b95531B4E14aFB578B80CFb41252",
        "SOL/USD": "0x24ceA4b8ce57cdA5058b924B9B9987992450590c",
        "USDe/USD": "0x88AC7Bca36567525A866138F03a6F6844868E0Bc",
        "sUSDe/USD": "0xf2215b9c35b1697B5f47e407c917a40D055E68d7",
        "EUR/USD": "0xA14d53bC1F1c0F31B4aA3BD109344E5009051a84",
        "XAU/USD": "0x1F954Dc24a49708C26E0C1777f16750B5C6d5a2c",
        "LINK/ETH": "0xb7c8Fb1dB45007F98A68Da0588e1AA524C317f27",
        "ARB/USD": "0xb2A824043730FE05F3DA2efaFa1CBbe83fa548D6",
        "OP/USD": "0x205aaD468a11fd5D34fA7211bC6Bad5b3deB9b98",
        "AVAX/USD": "0x8bf61728eeDCE2F32c456454d87B5d6eD6150208",
        "MATIC/USD": "0x52099D4523531f678Dfc568a7B1e5038aadcE1d6",
        "POL/USD": "0x82BA56a2fADF9C14f17D08bc51bDA0bDB83A8934",
        "WSTETH/ETH": "0xb523AE262D20A936BC152e6023996e46FDC2A95D",
        "wstETH_stETH exchange rate": "0xB1552C5e96B312d0Bf8b554186F846C40614a540",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_svr": {
        "SVR_ETH__USD": "0xe4dF63Bf89fD868A899F2422B030709FD79Be921",
        "SVR_BTC__USD": "0x06047dD6f43552831BB51319917DC0C99c29A44c",
        "AAVE_SVR_BTC__USD": "0xDe4Af8b4747192Ea29339D0FeB36d9830d399134",
        "AAVE_SVR_ETH__USD": "0xbD41b1548a5A06544cBcf87c0c54864312842C00",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol; same value for
    # Arbitrum in GitHub smartcontractkit/documentation src/content/data-feeds/l2-sequencer-feeds.mdx
    "chainlink_sequencer_uptime": {
        "": "0xFdB631F5EE196F0ed6FAa767959853A9F217697D",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0xf1D7CC64Fb4452F05c498126312eBE29f30Fbcf9",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x360E68faCcca8cA495c1B759Fd9EEe466db9FB32",
        "state_view": "0x76Fd297e2D437cd7f76d50F01AfE6160f86e9990",
        "position_manager": "0xd88F38F930b7952f2DB2432Cb002E7abbF3dD869",
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
        "": "0xff1a0f4744e8582DF1aE09D5611b887B6a12925C",
    },
    # Source: npm usingtellor 5.0.5 (MIT) contracts/interface/ITellor.sol; address: docs.arbitrum.io
    # oracles page (mainnet address unsourced here)
    "tellor": {
        "": "0xD9157453E2668B2fc45b7A803D3FEF3642430cC0",
    },
    # Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json and
    # OracleManagerProxy.readable.json; enum order npm @synthetixio/oracle-manager 3.13.0
    "synthetix_oracle_manager": {
        "": "0x0aaF300E148378489a8A471DD3e9E53E30cb42e3",
    },
    # Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json,
    # PerpsMarketProxy.readable.json; the same package carries perpsMarkets.json: real parameters of
    # every market
    "synthetix_perps": {
        "": "0xd762960c31210Cf1bDf75b06A5192d395EEDC659",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb",
        "pool": "0x794a61358D6845594F94dc1DB02A252b5b4814aD",
        "oracle": "0xb56c2F0B653B2e0b10C9b928C8580Ac5Df02C7C7",
        "data_provider": "0x243Aa95cAC2a25651eda86e80bEe66114413c43b",
    },
    # Source: GitHub compound-finance/comet deployments/<chain>/<market>/roots.json;
    # contracts/Comet.sol (BUSL-1.1)
    "compound_comet": {
        "cUSDCv3": "0x9c4ec768c28520B50860ea7a15bd7213a9fF58bf",
    },
    # Source: GitHub gmx-io/gmx-synthetics deployments/<chain>/*.json (BUSL-1.1); Arbitrum values
    # equal npm @gmx-io/sdk 1.4.0 build/esm/src/configs/contracts.js
    "gmx_v2": {
        "datastore": "0xFD70de6b91282D8017aA4E741e9Ae325CAb992d8",
        "reader": "0x470fbC46bcC0f16532691Df360A07d8Bf5ee0789",
        "event_emitter": "0xC8ee91A54287DB53897056e12D9819156D3822Fb",
        "referral_storage": "0xe6fab3F0c7199b0d34d7FbE83394fc0e0D06e99d",
        "chainlink_price_feed_provider": "0x38B8dB61b724b51e42A88Cb8eC564CD685a0f53B",
    },
    # Source: GitHub UMAprotocol/UMIPs UMIPs/umip-172.md (V3)
    "uma": {
        "optimistic_oracle_v3": "0xa6147867264374F324524E30C02C331cF28aa879",
    },
}
