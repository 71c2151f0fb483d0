"""Optimism: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 10

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0x13e3Ee699D1909E989722E753853AE30b17e08c5",
        "BTC/USD": "0xD702DD976Fb76Fffc2D3963D037dfDae5b04E593",
        "USDC/USD": "0x16a9FA2FDa030272Ce99B29CF780dFA30361E0f3",
        "USDT/USD": "0xECef79E109e997bCA29c1c0897ec9d7b03647F5E",
        "DAI/USD": "0x8dBa75e83DA73cc766A7e5a0ee71F656BAb470d6",
        "LINK/USD": "0xCc232dcFAAE6354cE191Bd574108c1aD03f86450",
        "STETH/ETH": "0x14d2d3a82AeD4019FddDfe07E8bdc485fb0d2249",
        "STETH/USD": "0x41878779a388585509657CE5Fb95a80050502186",
        "RETH/ETH": "0xb429DE60943a8e6DeD356dca2F93Cd31201D9ed0",
        "CBETH/ETH": "0x138b809B8472fF09Cd3E075E6EcbB2e42D41d870",
        "WBTC/USD": "0x718A5788b89454aAE3A028AE9c111A29Be6c2a6F",
        "AAVE/USD": "0x338ed6787f463394D24813b297401B9F05a8C9d1",
        "CRV/USD": "0xbD92C6c284271c227a1e0bF1786F468b539f51D9",
        "SNX/USD": "0x2FCF37343e916eAEd1f1DdaaF84458a359b53877",
        "SOL/USD": "0xC663315f7aF904fbbB0F785c32046dFA03e85270",
        "USDe/USD": "0xEEDF0B095B5dfe75F3881Cb26c19DA209A27463a",
        "sUSDe/USD": "0x05950959B6d876ae0fed1BBe5Caa2d74d8659D59",
        "EUR/USD": "0x3626369857A10CcC6cc3A6e4f5C2f5984a519F20",
        "XAU/USD": "0x8F7bFb42Bf7421c2b34AAD619be4654bFa7B3B8B",
        "LINK/ETH": "0x464A1515ADc20de946f8d0DEB99cead8CEAE310d",
        "ETH/BTC": "0xe4b9bcD7d0AA917f19019165EB89BdbbF36d2cBe",
        "ARB/USD": "0x8f14546d0B960793180ee355B73fA55041a4a356",
        "OP/USD": "0x0D276FC14719f9292D5C1eA2198673d1f4269246",
        "AVAX/USD": "0x5087Dc69Fd3907a016BD42B38022F7f024140727",
        "POL/USD": "0x22Ba046769b584c3B05530F7c50d0E8638bd71F1",
        "WSTETH/ETH": "0x524299Ab0987a7c4B3c8022a35669DdcdC715a10",
        "wstETH_stETH exchange rate": "0xe59EBa0D492cA53C6f46015EEa00517F2707dc77",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol; same value for
    # Arbitrum in GitHub smartcontractkit/documentation src/content/data-feeds/l2-sequencer-feeds.mdx
    "chainlink_sequencer_uptime": {
        "": "0x371EAD81c9102C9BF4874A9075FFFf170F2Ee389",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0x0c3c1c532F1e39EdF36BE9Fe0bE1410313E074Bf",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x9a13F98Cb987694C9F086b1F5eB990EeA8264Ec3",
        "state_view": "0xc18a3169788F4F75A170290584ECA6395C75Ecdb",
        "position_manager": "0x3C3Ea4B57a46241e54610e5f022E5c45859A1017",
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
    # Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json and
    # OracleManagerProxy.readable.json; enum order npm @synthetixio/oracle-manager 3.13.0
    "synthetix_oracle_manager": {
        "": "0x0aaF300E148378489a8A471DD3e9E53E30cb42e3",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0xa97684ead0e402dC232d5A977953DF7ECBaB3CDb",
        "pool": "0x794a61358D6845594F94dc1DB02A252b5b4814aD",
        "oracle": "0xD81eb3728a631871a7eBBaD631b5f424909f0c77",
        "data_provider": "0x243Aa95cAC2a25651eda86e80bEe66114413c43b",
    },
    # Source: GitHub compound-finance/comet deployments/<chain>/<market>/roots.json;
    # contracts/Comet.sol (BUSL-1.1)
    "compound_comet": {
        "cUSDCv3": "0x2e44e174f7D53F0212823acC11C01A11d58c5bCB",
    },
    # Source: GitHub UMAprotocol/UMIPs UMIPs/umip-172.md (V3)
    "uma": {
        "optimistic_oracle_v3": "0x072819Bb43B50E7A251c64411e7aA362ce82803B",
    },
}
