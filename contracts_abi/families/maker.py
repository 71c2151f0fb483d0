"""Maker OSM and Median.

Peek/peep/read are whitelist-gated (bud): an unlisted eth_call reverts. Read the slots with
eth_getStorageAt/eth_getProof instead. Since 2025-04 the ETH OSM source is the Chronicle feed
0x46ef0071b1E2fF6B42d36e5A177EA43Ae5917f4E (Sky spell text found in public spell sources).

Storage: OSM cur: slot 3 (uint128 val | uint128 has<<128), believed; OSM nxt: slot 4: the price that
takes effect within the next hop (3600 s), believed.

Source: npm @makerdao/dai-plugin-mcd 1.8.5 (MIT) dist/addresses/mainnet.json, ABIs
dist/abis/OSM.json and Median.json.
"""

from contracts_abi.entry import Event, Function

PEEK = Function(
    "peek()",
    "(bytes32, bool)",
    "59e02dd7",
)
PEEP = Function(
    "peep()",
    "(bytes32, bool)",
    "0e5a6c70",
)
READ = Function(
    "read()",
    "(bytes32)",
    "57de26a4",
)
SRC = Function(
    "src()",
    "(address)",
    "2e7dc6af",
)
ZZZ = Function(
    "zzz()",
    "(uint64)",
    "a4dff0a2",
)
HOP = Function(
    "hop()",
    "(uint16)",
    "b0b8579b",
)
AGE = Function(
    "age()",
    "(uint32)",
    "262a9dff",
)
BAR = Function(
    "bar()",
    "(uint256)",
    "febb0f7e",
)
WAT = Function(
    "wat()",
    "(bytes32)",
    "4ca29923",
)
BUD = Function(
    "bud(address)",
    "(uint256)",
    "4fce7a2a",
)
EVENT_LOG_VALUE = Event(
    "LogValue(bytes32 val)",
    "296ba4ca62c6c21c95e828080cb8aec7481b71390585605300a8a76f9e95b527",
)
EVENT_LOG_MEDIAN_PRICE = Event(
    "LogMedianPrice(uint256 val, uint256 age)",
    "b78ebc573f1f889ca9e1e0fb62c843c836f3d3a2e1f43ef62940e9b894f4ea4c",
)
