"""Chainlink price feeds as consumers read them (EACAggregatorProxy).

RoundId = phaseId<<64 | aggregatorRoundId; the proxy emits NO event on confirmAggregator (GitHub
smartcontractkit/chainlink issues 3853-3855), so poll aggregator()/phaseId. Price logs are emitted
by the aggregator, not the proxy. An empty round answers zeros or reverts: never accept answer<=0 or
updatedAt==0.

Source: npm @aave-dao/aave-address-book 4.68.1 (MIT) src/Chainlink<Chain>.sol; npm
@chainlink/contracts 0.8.0 (MIT) src/v0.6/EACAggregatorProxy.sol, compiled with npm solc 0.6.6.
"""

from contracts_abi.entry import Event, Function

LATEST_ROUND_DATA = Function(
    "latestRoundData()",
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
    "feaf968c",
)
GET_ROUND_DATA = Function(
    "getRoundData(uint80 _roundId)",
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
    "9a6fc8f5",
)
DECIMALS = Function(
    "decimals()",
    "(uint8)",
    "313ce567",
)
DESCRIPTION = Function(
    "description()",
    "(string)",
    "7284e416",
)
VERSION = Function(
    "version()",
    "(uint256)",
    "54fd4d50",
)
AGGREGATOR = Function(
    "aggregator()",
    "(address)",
    "245a7bfc",
)
PHASE_ID = Function(
    "phaseId()",
    "(uint16)",
    "58303b10",
)
PHASE_AGGREGATORS = Function(
    "phaseAggregators(uint16)",
    "(address)",
    "c1597304",
)
PROPOSED_AGGREGATOR = Function(
    "proposedAggregator()",
    "(address)",
    "e8c4be30",
)
PROPOSED_LATEST_ROUND_DATA = Function(
    "proposedLatestRoundData()",
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
    "8f6b4d91",
)
ACCESS_CONTROLLER = Function(
    "accessController()",
    "(address)",
    "bc43cbaf",
)
LATEST_ANSWER = Function(
    "latestAnswer()",
    "(int256)",
    "50d25bcd",
)
LATEST_TIMESTAMP = Function(
    "latestTimestamp()",
    "(uint256)",
    "8205bf6a",
)
LATEST_ROUND = Function(
    "latestRound()",
    "(uint256)",
    "668a0f02",
)
EVENT_OWNERSHIP_TRANSFERRED = Event(
    "OwnershipTransferred(address indexed from, address indexed to)",
    "8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0",
)
