"""Band's reference contract: rates of pairs, as relayed from its own chain (18 decimals).

Source: GitHub bandprotocol/band-std-reference-contracts-solidity contracts/IStdReference.sol.
"""

from contracts_abi.entry import Function

GET_REFERENCE_DATA = Function(
    "getReferenceData(string _base, string _quote)",
    "((uint256 rate, uint256 lastUpdatedBase, uint256 lastUpdatedQuote) data)",
    "65555bcc",
)
