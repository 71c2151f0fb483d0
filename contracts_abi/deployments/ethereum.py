"""Ethereum: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 1

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub mds1/multicall3 deployments.json + README (MIT)
    "multicall3": {
        "": "0xcA11bde05977b3631167028862bE2a173976CA11",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3Ethereum.sol
    "erc20": {
        "WETH": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        "USDC": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        "USDT": "0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "DAI": "0x6B175474E89094C44Da98b954EedeAC495271d0F",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_proxy": {
        "ETH/USD": "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
        "BTC/USD": "0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c",
        "USDC/USD": "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
        "USDT/USD": "0x3E7d1eAB13ad0104d2750B8863b489D65364e32D",
        "DAI/USD": "0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9",
        "LINK/USD": "0x2c1d072e956AFFC0D435Cb7AC38EF18d24d9127c",
        "STETH/ETH": "0x86392dC19c0b719886221c78AB11eb8Cf5c52812",
        "STETH/USD": "0xCfE54B5cD566aB89272946F602D76Ea879CAb4a8",
        "RETH/ETH": "0x536218f9E9Eb48863970252233c8F271f554C2d0",
        "CBETH/ETH": "0xF017fcB346A1885194689bA23Eff2fE6fA5C483b",
        "WBTC/BTC": "0xfdFD9C85aD200c506Cf9e21F1FD8dd01932FBB23",
        "AAVE/USD": "0x547a514d5e3769680Ce22B2361c10Ea13619e8a9",
        "CRV/USD": "0xCd627aA160A6fA45Eb793D19Ef54f5062F20f33f",
        "SNX/USD": "0xDC3EA94CD0AC27d9A86C180091e7f78C683d3699",
        "SOL/USD": "0x4ffC43a60e009B551865A93d232E33Fce9f01507",
        "USDe/USD": "0xa569d910839Ae8865Da8F8e70FfFb0cBA869F961",
        "sUSDe/USD": "0xFF3BC18cCBd5999CE63E788A1c250a88626aD099",
        "EUR/USD": "0xb49f677943BC038e9857d61E7d053CaA2C1734C1",
        "XAU/USD": "0x214eD9Da11D2fbe465a6fc601a91E62EbEc1a0D6",
        "LINK/ETH": "0xDC530D9457755926550b59e8ECcdaE7624181557",
        "ETH/BTC": "0xAc559F25B1619171CbC396a50854A3240b6A4e99",
        "ARB/USD": "0x31697852a68433DbCc2Ff612c516d69E3D9bd08F",
        "AVAX/USD": "0xFF3EEb22B5E3dE6e705b44749C2559d704923FD7",
        "MATIC/USD": "0x7bAC85A8a13A4BcD8abb3eB7d6b4d632c5a57676",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol
    "chainlink_svr": {
        "SVR_BTC__USD": "0x91D32e6f01d6473b596f54c6E304e06d774f86b2",
        "AAVE_SVR_ETH__USD": "0x5424384B256154046E9667dDFaaa5e550145215e",
        "SVR_ETH__USD": "0xc0053f3FBcCD593758258334Dfce24C2A9A673aD",
        "AAVE_SVR_BTC__USD": "0xb41E773f507F7a7EA890b1afB7d2b660c30C8B0A",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v2_factory": {
        "": "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
    },
    # Source: address reproduced on a local node by CREATE2 from the factory at its mainnet address
    # (npm @uniswap/v2-core 1.0.1, GPL-3.0-or-later)
    "uniswap_v2": {
        "USDC/WETH": "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js
    "uniswap_v3_factory": {
        "": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    },
    # Source: address reproduced on a local node by CREATE2 (npm @uniswap/v3-core 1.0.1, BUSL-1.1
    # converted to GPL; check the package licence). storage numbers other than slot0: believed, not
    # proved here
    "uniswap_v3": {
        "USDC/WETH 0.05%": "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
    },
    # Source: npm @uniswap/sdk-core 7.19.4 (MIT) dist/cjs/src/addresses.js; npm @uniswap/v4-periphery
    # 1.0.3
    "uniswap_v4": {
        "pool_manager": "0x000000000004444c5dc75cB358380D2e3dE08A90",
        "state_view": "0x7fFE42C4a5DEeA5b0feC41C94C136Cf115597227",
        "position_manager": "0xbD216513d74C8cf14cf4747E6AaA6420FF64ee9e",
    },
    # Source: npm @curvefi/api 2.65.13 (MIT) lib/constants/pools/ethereum.js; ABI
    # lib/constants/abis/3pool
    "curve_stableswap": {
        "3pool": "0xbEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7",
        "steth": "0xDC24316b9AE028F1497c275EB9192a3Ea0f67022",
    },
    # Source: GitHub curvefi/stableswap-ng contracts/main (all rights reserved: read only), npm
    # @curvefi/api 2.65.13 lib/constants/network_constants.js
    "curve_stableswap_ng": {
        "factory": "0x6A8cbed756804B16E05E741eDaBd5cB544AE21bf",
    },
    # Source: GitHub curvefi/tricrypto-ng contracts/main; npm @curvefi/api 2.65.13
    # lib/constants/pools/ethereum.js
    "curve_tricrypto": {
        "tricrypto2 (older ABI)": "0xD51a44d3FaE010294C616388b506AcdA1bfAAE46",
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
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3Ethereum.sol (underlyings)
    "exchange_rates": {
        "wstETH": "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0",
        "rETH": "0xae78736Cd615f374D3085123A210448E74Fc6393",
        "cbETH": "0xBe9895146f7AF43049ca1c1AE358B0541Ea49704",
        "weETH": "0xCd5fE23C85820F7B72D0926FC9b05b43E359b7ee",
    },
    # Source: npm @pythnetwork/pyth-evm-js 1.83.0 (Apache-2.0) lib/index.js CONTRACT_ADDR; ABI npm
    # @pythnetwork/pyth-sdk-solidity 4.2.0; feed id: believed, not checked against the id list
    "pyth": {
        "": "0x4305FB66699C3B2702D4d05CF36551390A4c69C6",
    },
    # Source: npm @makerdao/dai-plugin-mcd 1.8.5 (MIT) dist/addresses/mainnet.json, ABIs
    # dist/abis/OSM.json and Median.json
    "maker": {
        "PIP_ETH": "0x81FE72B5A8d1A857d176C3E7d5Bd2679A9B85763",
        "PIP_WBTC": "0xf185d0682d50819263941e5f4EacC763CC5C6C42",
        "PIP_WSTETH": "0xFe7a2aC0B945f12089aEEB6eCebf4F384D9f043F",
        "MCD_SPOT": "0x65C79fcB50Ca1594B025960e539eD7A9a6D434A3",
        "MCD_VAT": "0x35D1b3F3D7966A1DFe207aa4514C12a259A0492B",
    },
    # Source: GitHub chronicleprotocol/chronicle-std src/IChronicle.sol (MIT); address: found in
    # several public repositories and Sky spell sources naming chronicleprotocol/chronicles
    # deployments/prod/eth/Chronicle_ETH_USD_3.json
    "chronicle": {
        "ETH/USD (Chronicle_ETH_USD_3)": "0x46ef0071b1E2fF6B42d36e5A177EA43Ae5917f4E",
    },
    # Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json and
    # OracleManagerProxy.readable.json; enum order npm @synthetixio/oracle-manager 3.13.0
    "synthetix_oracle_manager": {
        "": "0x0aaF300E148378489a8A471DD3e9E53E30cb42e3",
    },
    # Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/AaveV3<Chain>.sol; ABI npm
    # @aave/core-v3 1.19.3
    "aave_v3": {
        "pool_addresses_provider": "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e",
        "pool": "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
        "oracle": "0x54586bE62E3c3580375aE3723C145253060Ca0C2",
        "data_provider": "0x0a16f2FCC0D44FaE41cc54e079281D84A363bECD",
    },
    # Source: GitHub compound-finance/comet deployments/<chain>/<market>/roots.json;
    # contracts/Comet.sol (BUSL-1.1)
    "compound_comet": {
        "cUSDCv3": "0xc3d688B66703497DAA19211EEdff47f25384cdc3",
        "cWETHv3": "0xA17581A9E3356d9A858b789D68B4d866e593aE94",
    },
    # Source: GitHub UMAprotocol/UMIPs UMIPs/umip-172.md (V3); V2: UMAprotocol/protocol
    # packages/core/networks/1.json, quoted in several repositories, not read there
    "uma": {
        "optimistic_oracle_v2": "0xA0Ae6609447e57a42c51B50EAe921D701823FFAe",
        "optimistic_oracle_v3": "0xfb55F43fB9F48F63f9269DB7Dde3BbBe1ebDC0dE",
    },
}
