"""A loopback HTTP server between a client and a node that may answer wrongly in every way.

A fault is a function of an :class:`Exchange`: it looks at the questions, may ask the node, and writes
whatever it likes. Requests and calls are counted, so a test can say how many a read may cost.
"""

from __future__ import annotations

import copy
import http.client
import json
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class Exchange:
    """One HTTP request on its way."""

    def __init__(self, proxy: FaultProxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.proxy = proxy
        self.handler = handler
        self.body = body
        self.document: Any = json.loads(body)

    @property
    def questions(self) -> list[dict[str, Any]]:
        return self.document if isinstance(self.document, list) else [self.document]

    @property
    def methods(self) -> list[str]:
        return [question["method"] for question in self.questions]

    def asks(self, method: str) -> bool:
        return method in self.methods

    def answers(self) -> Any:
        """Return the node's true answer, a copy that may be changed."""
        return copy.deepcopy(self.proxy.ask_node(self.document))

    def answer_list(self) -> list[dict[str, Any]]:
        found = self.answers()
        return found if isinstance(found, list) else [found]

    def send_list(self, answers: list[Any]) -> None:
        """Send answers in the shape of the question."""
        self.send_json(answers if isinstance(self.document, list) else (answers[0] if answers else None))

    def pass_on(self) -> None:
        self.send_json(self.answers())

    def send_json(self, document: Any, status: int = 200, **headers: str) -> None:
        self.send_bytes(json.dumps(document).encode(), status, **headers)

    def send_bytes(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.handler.send_response(status)
        for name, value in {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def error(self, code: int, message: str, status: int = 200, data: Any = None) -> None:
        """Answer every question with an error of the node."""
        extra = {"data": data} if data is not None else {}
        self.send_list(
            [
                {"jsonrpc": "2.0", "id": q["id"], "error": {"code": code, "message": message, **extra}}
                for q in self.questions
            ]
        )

    def hang(self) -> None:
        self.proxy.released.wait(20)
        self.handler.close_connection = True

    def drip(self, seconds: float = 0.05) -> None:
        self.handler.send_response(200)
        self.handler.send_header("content-length", "100000")
        self.handler.end_headers()
        while not self.proxy.released.is_set():
            self.handler.wfile.write(b" ")
            self.handler.wfile.flush()
            time.sleep(seconds)

    def endless(self, announced: int | None) -> None:
        """Send zeros until the other side hangs up."""
        self.handler.send_response(200)
        if announced is not None:
            self.handler.send_header("content-length", str(announced))
        self.handler.end_headers()
        block = b"0" * 65536
        sent = 0
        while not self.proxy.released.is_set() and (announced is None or sent < announced):
            self.handler.wfile.write(block)
            sent += len(block)
        self.handler.close_connection = True

    def cut(self) -> None:
        body = json.dumps(self.answers()).encode()
        self.handler.send_response(200)
        self.handler.send_header("content-length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body[: len(body) // 2])
        self.handler.close_connection = True


Fault = Callable[[Exchange], None]


def honest(exchange: Exchange) -> None:
    """Pass question and answer on."""
    exchange.pass_on()


class FaultProxy:
    """The server; ``fault`` may be changed at any time."""

    def __init__(self, node_url: str, fault: Fault = honest, delay: float = 0.0) -> None:
        self.fault = fault
        self.delay = delay
        self.released = Event()
        self.requests = 0
        self.calls: Counter[str] = Counter()
        self._node = urlsplit(node_url)
        self._lock = Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with proxy._lock:
                    proxy.requests += 1
                exchange = Exchange(proxy, self, body)
                with proxy._lock:
                    proxy.calls.update(exchange.methods)
                if proxy.delay:
                    time.sleep(proxy.delay)
                try:
                    proxy.fault(exchange)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def ask_node(self, document: Any) -> Any:
        connection = http.client.HTTPConnection(str(self._node.hostname), self._node.port, timeout=30)
        try:
            connection.request("POST", "/", json.dumps(document), {"content-type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
