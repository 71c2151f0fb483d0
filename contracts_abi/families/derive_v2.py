"""Derive V2 feeds, sub-accounts and managers.

Every feed returns a confidence: PMRM charges margin for low confidence. Closest real contract to
the seed design (portfolio margin over options, perps, spot).

Source: GitHub derivexyz/v2-core (BUSL-1.1) src/interfaces/*.sol, deployments/957/{core,ETH}.json;
not on npm.
"""

from contracts_abi.entry import Function

GET_SPOT = Function(
    "getSpot()",
    "(uint256 spotPrice, uint256 confidence)",
    "2b37269c",
)
GET_VOL = Function(
    "getVol(uint128 strike, uint64 expiry)",
    "(uint256 vol, uint256 confidence)",
    "96159550",
)
GET_FORWARD_PRICE = Function(
    "getForwardPrice(uint64 expiry)",
    "(uint256 forwardPrice, uint256 confidence)",
    "b34f2e36",
)
GET_INTEREST_RATE = Function(
    "getInterestRate(uint64 expiry)",
    "(int256 interestRate, uint256 confidence)",
    "b0487ff6",
)
GET_SETTLEMENT_PRICE = Function(
    "getSettlementPrice(uint64 expiry)",
    "(bool settled, uint256 price)",
    "f395437d",
)
GET_BALANCE = Function(
    "getBalance(uint256 accountId, address asset, uint256 subId)",
    "(int256 balance)",
    "0806e640",
)
GET_ACCOUNT_BALANCES = Function(
    "getAccountBalances(uint256 accountId)",
    "((address asset, uint256 subId, int256 balance)[] assetBalances)",
    "c7569701",
)
GET_PERP_PRICE = Function(
    "getPerpPrice()",
    "(uint256, uint256)",
    "90f76b18",
)
GET_IMPACT_PRICES = Function(
    "getImpactPrices()",
    "(uint256 bid, uint256 ask)",
    "394fce17",
)
GET_MARGIN = Function(
    "getMargin(uint256 accountId, bool isInitial)",
    "(int256)",
    "623bb445",
)
