"""For those who hold a ``Web3`` object: the same client behind it.

web3's own HTTP provider asks for the chain id before every call without looking at the answer, accepts
answers to other questions, and hands out shifted values when a batch lacks one. Behind this provider a
request goes out once, and only the answer to it comes back, from the chain that was asked for.
"""

from __future__ import annotations

from typing import Any, cast

from web3 import Web3
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from oracles.chain.client import Client
from oracles.chain.errors import CallRevertedError, ChainError, NodeRefusedError
from oracles.chain.jsonrpc import Request


class ClientProvider(JSONBaseProvider):
    """A web3 provider over a :class:`Client`; errors of the transport come out as ``ChainError``."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.global_ccip_read_enabled = False  # a contract must not make a price reader call web servers

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one request."""
        if method == "eth_chainId":  # known and demanded once; web3 asks before every call
            return cast("RPCResponse", {"jsonrpc": "2.0", "id": 0, "result": hex(self.client.chain_id)})
        return self._response(self.client.batch([Request(method, params)])[0])

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """Answer a batch, in its order, each with its own answer."""
        answers = self.client.batch([Request(method, params) for method, params in requests])
        return [self._response(answer, number) for number, answer in enumerate(answers)]

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Whether an endpoint answers for the right chain."""
        try:
            self.client.request("eth_blockNumber")
        except ChainError:
            if show_traceback:
                raise
            return False
        return True

    @staticmethod
    def _response(answer: Any, number: int = 0) -> RPCResponse:
        if isinstance(answer, CallRevertedError):
            error = {"code": 3, "message": f"execution reverted: {answer.message}"}
            error |= {"data": "0x" + answer.data.hex()}
        elif isinstance(answer, NodeRefusedError):
            error = {"code": answer.details.get("rpc_code") or -32000, "message": answer.message}
        elif isinstance(answer, ChainError):
            raise answer
        else:
            return cast("RPCResponse", {"jsonrpc": "2.0", "id": number, "result": answer})
        return cast("RPCResponse", {"jsonrpc": "2.0", "id": number, "error": error})


def web3_of(client: Client) -> Web3:
    """Return a ``Web3`` object that reads through ``client``."""
    return Web3(ClientProvider(client))
