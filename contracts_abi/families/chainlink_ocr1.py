"""Chainlink aggregators of the first off-chain reporting generation.

Storage: s_hotVars: slot 43: bytes16 latestConfigDigest | uint40 latestEpochAndRound | uint8
threshold | uint32 latestAggregatorRoundId (low to high); s_transmissions: mapping at slot 44:
keccak256(abi.encode(uint256(aggregatorRoundId), 44)) -> int192 answer | uint64 timestamp<<192.

Source: GitHub smartcontractkit/libocr contract/AccessControlledOffchainAggregator.sol (MIT),
storage layout by npm solc 0.7.6, checked by writing the slots and reading latestRoundData.
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
LATEST_TRANSMISSION_DETAILS = Function(
    "latestTransmissionDetails()",
    "(bytes16 configDigest, uint32 epoch, uint8 round, int192 latestAnswer, uint64 latestTimestamp)",
    "e5fe4577",
)
MIN_ANSWER = Function(
    "minAnswer()",
    "(int192)",
    "22adbc78",
)
MAX_ANSWER = Function(
    "maxAnswer()",
    "(int192)",
    "70da2f67",
)
TRANSMITTERS = Function(
    "transmitters()",
    "(address[])",
    "81411834",
)
LATEST_CONFIG_DETAILS = Function(
    "latestConfigDetails()",
    "(uint32 configCount, uint32 blockNumber, bytes16 configDigest)",
    "81ff7048",
)
TYPE_AND_VERSION = Function(
    "typeAndVersion()",
    "(string)",
    "181f5a77",
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
EVENT_ANSWER_UPDATED = Event(
    "AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
    "0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f",
)
EVENT_NEW_ROUND = Event(
    "NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt)",
    "0109fc6f55cf40689f02fbaad7af7fe7bbac8a3d2186600afc7d3e10cac60271",
)
EVENT_NEW_TRANSMISSION = Event(
    (
        "NewTransmission(uint32 indexed aggregatorRoundId, int192 answer, address transmitter, int192[] "
        "observations, bytes observers, bytes32 rawReportContext)"
    ),
    "f6a97944f31ea060dfde0566e4167c1a1082551e64b60ecb14d599a9d023d451",
)
