"""Chainlink aggregators of the second off-chain reporting generation.

Direct reads are access-controlled: on-chain callers need access, eth_call from an EOA-like from
passes; read through the proxy. The mapping is never deleted, so every past round can be PROVEN
against the newest state root, without an archive node. observations[] in NewTransmission gives each
node's own answer: real multi-source data for the oracle simulator.

Storage: s_hotVars: slot 11: uint8 f | uint40 latestEpochAndRound<<8 | uint32
latestAggregatorRoundId<<48; s_transmissions: mapping at slot 12:
keccak256(abi.encode(uint256(aggregatorRoundId), 12)) -> int192 answer | uint32
observationsTimestamp<<192 | uint32 transmissionTimestamp<<224.

Source: GitHub smartcontractkit/libocr contract2/AccessControlledOCR2Aggregator.sol (MIT), storage
layout by npm solc 0.8.19, checked by writing the slots and reading through the real
EACAggregatorProxy.
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
    "(bytes32 configDigest, uint32 epoch, uint8 round, int192 latestAnswer, uint64 latestTimestamp)",
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
GET_TRANSMITTERS = Function(
    "getTransmitters()",
    "(address[])",
    "666cab8d",
)
LATEST_CONFIG_DETAILS = Function(
    "latestConfigDetails()",
    "(uint32 configCount, uint32 blockNumber, bytes32 configDigest)",
    "81ff7048",
)
TYPE_AND_VERSION = Function(
    "typeAndVersion()",
    "(string)",
    "181f5a77",
)
HAS_ACCESS = Function(
    "hasAccess(address _user, bytes _calldata)",
    "(bool)",
    "6b14daf8",
)
CHECK_ENABLED = Function(
    "checkEnabled()",
    "(bool)",
    "dc7f0124",
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
        "NewTransmission(uint32 indexed aggregatorRoundId, int192 answer, address transmitter, uint32 "
        "observationsTimestamp, int192[] observations, bytes observers, int192 juelsPerFeeCoin, bytes32 "
        "configDigest, uint40 epochAndRound)"
    ),
    "c797025feeeaf2cd924c99e9205acb8ec04d5cad21c41ce637a38fb6dee6016a",
)
