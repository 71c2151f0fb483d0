"""UMA's optimistic oracles: assertions (V3) and price requests (V2).

Values have 18 decimals. Final is what was not disputed before its expiration, or what was settled.

Source: npm @uma/core 2.62.2 (AGPL-3.0-or-later) OptimisticOracleV3Interface.sol,
OptimisticOracleV2Interface.sol.
"""

from contracts_abi.entry import Function

GET_ASSERTION = Function(
    "getAssertion(bytes32 assertionId)",
    (
        "(((bool arbitrateViaEscalationManager, bool discardOracle, bool validateDisputers, address "
        "assertingCaller, address escalationManager) escalationManagerSettings, address asserter, uint64 "
        "assertionTime, bool settled, address currency, uint64 expirationTime, bool settlementResolution, "
        "bytes32 domainId, bytes32 identifier, uint256 bond, address callbackRecipient, address disputer) "
        "assertion)"
    ),
    "88302884",
)
GET_REQUEST = Function(
    "getRequest(address requester, bytes32 identifier, uint256 timestamp, bytes ancillaryData)",
    (
        "((address proposer, address disputer, address currency, bool settled, (bool eventBased, bool "
        "refundOnDispute, bool callbackOnPriceProposed, bool callbackOnPriceDisputed, bool "
        "callbackOnPriceSettled, uint256 bond, uint256 customLiveness) requestSettings, "
        "int256 proposedPrice, int256 resolvedPrice, uint256 expirationTime, uint256 reward, "
        "uint256 finalFee) request)"
    ),
    "a9904f9b",
)
DEFAULT_LIVENESS = Function("defaultLiveness()", "(uint256)", "fe4e1983")
