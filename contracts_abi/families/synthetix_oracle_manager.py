"""Synthetix V3 oracle manager.

Source: npm @synthetixio/v3-contracts 8.10.0 (MIT) <chain>/meta.json and
OracleManagerProxy.readable.json; enum order npm @synthetixio/oracle-manager 3.13.0.
"""

from contracts_abi.entry import Event, Function

NODE_TYPES = (
    "NONE",
    "REDUCER",
    "EXTERNAL",
    "CHAINLINK",
    "UNISWAP",
    "PYTH",
    "PRICE_DEVIATION_CIRCUIT_BREAKER",
    "STALENESS_CIRCUIT_BREAKER",
    "CONSTANT",
    "PYTH_OFFCHAIN_LOOKUP",
)
REDUCER_OPERATIONS = ("RECENT", "MIN", "MAX", "MEAN", "MEDIAN", "MUL", "DIV", "MULDECIMAL", "DIVDECIMAL")

PROCESS = Function(
    "process(bytes32 nodeId)",
    (
        "((int256 price, uint256 timestamp, uint256 __slotAvailableForFutureUse1, uint256 "
        "__slotAvailableForFutureUse2) node)"
    ),
    "2a952b2d",
)
PROCESS_MANY_WITH_RUNTIME = Function(
    "processManyWithRuntime(bytes32[] nodeIds, bytes32[] runtimeKeys, bytes32[] runtimeValues)",
    (
        "((int256 price, uint256 timestamp, uint256 __slotAvailableForFutureUse1, uint256 "
        "__slotAvailableForFutureUse2)[] nodes)"
    ),
    "05d73a25",
)
GET_NODE = Function(
    "getNode(bytes32 nodeId)",
    "((uint8 nodeType, bytes parameters, bytes32[] parents) node)",
    "50c946fe",
)
GET_NODE_ID = Function(
    "getNodeId(uint8 nodeType, bytes parameters, bytes32[] parents)",
    "(bytes32 nodeId)",
    "625ca21c",
)
REGISTER_NODE = Function(
    "registerNode(uint8 nodeType, bytes parameters, bytes32[] parents)",
    "(bytes32 nodeId)",
    "deba1b98",
)
EVENT_NODE_REGISTERED = Event(
    "NodeRegistered(bytes32 nodeId, uint8 nodeType, bytes parameters, bytes32[] parents)",
    "cb64985827770858ec421ad26da7e558c757541643036ce44d6b4eb9e8e5dc5e",
)
