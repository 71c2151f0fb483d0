"""A thin JSON-RPC client for a loopback node: one kept connection, single calls and batches."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from itertools import count
from typing import Any


class RpcError(RuntimeError):
    """The node answered with an error object."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')} ({error.get('code')})")
        self.code = error.get("code")
        self.data = error.get("data")


class Rpc:
    """A JSON-RPC endpoint at ``host:port``."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 30.0) -> None:
        self.url = f"http://{host}:{port}"
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self._ids = count(1)

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def __call__(self, method: str, *parameters: object) -> Any:
        """Return the result of one call."""
        return self.batch([(method, *parameters)])[0]

    def batch(self, calls: Sequence[tuple[object, ...]]) -> list[Any]:
        """Return the results of ``(method, *parameters)`` tuples sent as one request, in their order."""
        requests = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
            for method, *parameters in calls
        ]
        answers = {answer["id"]: answer for answer in self._post(requests)}
        results = []
        for request in requests:
            answer = answers[request["id"]]
            if "error" in answer:
                raise RpcError(str(request["method"]), answer["error"])
            results.append(answer["result"])
        return results

    def _post(self, requests: list[dict[str, object]]) -> list[dict[str, Any]]:
        body = json.dumps(requests)
        headers = {"Content-Type": "application/json"}
        try:
            self._connection.request("POST", "/", body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise
        answer: Any = json.loads(text)
        if response.status != http.HTTPStatus.OK or not isinstance(answer, list):
            raise RpcError("batch", {"message": f"status {response.status}: {text[:200]!r}"})
        return answer
