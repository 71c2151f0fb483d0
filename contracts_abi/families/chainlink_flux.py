"""Chainlink FluxAggregator (phases of 2020 and 2021).

Storage: slot 7: uint32 reportingRoundId | uint32 latestRoundId<<32; rounds: mapping at slot 9:
keccak256(abi.encode(uint256(round), 9)) -> int256 answer, then uint64 startedAt | uint64 updatedAt<<64
| uint32 answeredInRound<<128. Rounds are never deleted, so every one can be proven against the newest
state root. A round that timed out carries the answer of the one before: answeredInRound is then less
than the round. A round without an answer reverts ("No data present").

Source: npm @chainlink/contracts 0.8.0 (MIT) src/v0.6/FluxAggregator.sol, npm solc 0.6.6.
"""

from contracts_abi.entry import Event, Function

LATEST_ROUND_SLOT, ROUNDS_SLOT = 7, 9
"""Of the storage layout above."""

LATEST_ROUND_DATA = Function(
    "latestRoundData()",
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
    "feaf968c",
)
ORACLE_ROUND_STATE = Function(
    "oracleRoundState(address _oracle, uint32 _queriedRoundId)",
    (
        "(bool _eligibleToSubmit, uint32 _roundId, int256 _latestSubmission, uint64 _startedAt, uint64 "
        "_timeout, uint128 _availableFunds, uint8 _oracleCount, uint128 _paymentAmount)"
    ),
    "88aa80e7",
)
MIN_SUBMISSION_VALUE = Function(
    "minSubmissionValue()",
    "(int256)",
    "7c2b0b21",
)
MAX_SUBMISSION_VALUE = Function(
    "maxSubmissionValue()",
    "(int256)",
    "23ca2903",
)
EVENT_SUBMISSION_RECEIVED = Event(
    "SubmissionReceived(int256 indexed submission, uint32 indexed round, address indexed oracle)",
    "92e98423f8adac6e64d0608e519fd1cefb861498385c6dee70d58fc926ddc68c",
)
EVENT_ANSWER_UPDATED = Event(
    "AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
    "0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f",
)
