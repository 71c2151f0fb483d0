"""API3 reader proxies.

18 decimals; proxies are deterministic per dApp (dappId) and dAPI: compute with the package's
Api3ReaderProxyV1 helpers. timestamp may be the OEV-boosted one.

Source: npm @api3/contracts 34.0.0 (MIT) interfaces/IApi3ReaderProxy.sol, api3-server-v1/proxies.
"""

from contracts_abi.entry import Function

READ = Function(
    "read()",
    "(int224 value, uint32 timestamp)",
    "57de26a4",
)
DAPI_NAME = Function(
    "dapiName()",
    "(bytes32)",
    "868fa88c",
)
API3_SERVER_V1 = Function(
    "api3ServerV1()",
    "(address)",
    "2d6a744e",
)
