"""Chronicle feeds.

18 decimals always; whitelist ("toll") gates on-chain reads; latestRoundData is only partly
Chainlink compatible (Chronicle FAQ).

Source: GitHub chronicleprotocol/chronicle-std src/IChronicle.sol (MIT); address: found in several
public repositories and Sky spell sources naming chronicleprotocol/chronicles
deployments/prod/eth/Chronicle_ETH_USD_3.json.
"""

from contracts_abi.entry import Event, Function

READ = Function(
    "read()",
    "(uint256 value)",
    "57de26a4",
)
READ_WITH_AGE = Function(
    "readWithAge()",
    "(uint256 value, uint256 age)",
    "393e5ede",
)
TRY_READ = Function(
    "tryRead()",
    "(bool isValid, uint256 value)",
    "10b07b71",
)
TRY_READ_WITH_AGE = Function(
    "tryReadWithAge()",
    "(bool isValid, uint256 value, uint256 age)",
    "ceed3ef2",
)
WAT = Function(
    "wat()",
    "(bytes32 wat)",
    "4ca29923",
)
LATEST_ROUND_DATA = Function(
    "latestRoundData()",
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
    "feaf968c",
)
DECIMALS = Function(
    "decimals()",
    "(uint8)",
    "313ce567",
)
TOLLED = Function(
    "tolled(address who)",
    "(bool)",
    "3bee58f9",
)
BAR = Function(
    "bar()",
    "(uint8)",
    "febb0f7e",
)
EVENT_POKED = Event(
    "Poked(address indexed caller, uint128 val, uint32 age)",
    "7045db5134e0c7ca4bff0c0e096616ef4ebb36b719cd00c5f0ba4f4475ecceee",
)
