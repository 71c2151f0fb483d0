"""Balancer V3 vault.

Source: npm @balancer/sdk 6.1.1 (MIT); ABI npm @balancer-labs/v3-interfaces 1.0.0 (GPL-3.0-only,
sources only).
"""

from contracts_abi.entry import Function

GET_POOL_TOKEN_INFO = Function(
    "getPoolTokenInfo(address pool)",
    (
        "(address[] tokens, (uint8 tokenType, address rateProvider, bool paysYieldFees)[] tokenInfo, "
        "uint256[] balancesRaw, uint256[] lastBalancesLiveScaled18)"
    ),
    "67e0e076",
)
GET_CURRENT_LIVE_BALANCES = Function(
    "getCurrentLiveBalances(address pool)",
    "(uint256[] balancesLiveScaled18)",
    "535cfd8a",
)
GET_POOL_TOKEN_RATES = Function(
    "getPoolTokenRates(address pool)",
    "(uint256[] decimalScalingFactors, uint256[] tokenRates)",
    "7e361bde",
)
