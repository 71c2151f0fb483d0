"""Tellor.

Use values older than a dispute window (docs examples: 15-20 min) and skip disputed ones; queryId =
keccak256(abi.encode("SpotPrice", abi.encode("eth","usd"))).

Source: npm usingtellor 5.0.5 (MIT) contracts/interface/ITellor.sol; address: docs.arbitrum.io
oracles page (mainnet address unsourced here).
"""

from contracts_abi.entry import Event, Function

GET_DATA_BEFORE = Function(
    "getDataBefore(bytes32 _queryId, uint256 _timestamp)",
    "(bool _ifRetrieve, bytes _value, uint256 _timestampRetrieved)",
    "a792765f",
)
GET_NEW_VALUE_COUNTBY_QUERY_ID = Function(
    "getNewValueCountbyQueryId(bytes32 _queryId)",
    "(uint256)",
    "77b03e0d",
)
GET_TIMESTAMPBY_QUERY_IDAND_INDEX = Function(
    "getTimestampbyQueryIdandIndex(bytes32 _queryId, uint256 _index)",
    "(uint256)",
    "ce5e11bf",
)
RETRIEVE_DATA = Function(
    "retrieveData(bytes32 _queryId, uint256 _timestamp)",
    "(bytes)",
    "c5958af9",
)
IS_IN_DISPUTE = Function(
    "isInDispute(bytes32 _queryId, uint256 _timestamp)",
    "(bool)",
    "44e87f91",
)
EVENT_NEW_REPORT = Event(
    (
        "NewReport(bytes32 indexed _queryId, uint256 indexed _time, bytes _value, uint256 _nonce, bytes "
        "_queryData, address indexed _reporter)"
    ),
    "48e9e2c732ba278de6ac88a3a57a5c5ba13d3d8370e709b3b98333a57876ca95",
)
