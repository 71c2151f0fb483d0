"""HTTP/1.1 to one endpoint over one kept connection: deadlines on the whole answer, and a limit on its bytes.

Ordinary clients limit the pause between two reads, so one byte now and then keeps them for ever. Here every
read gets only what is left of the request's own time, and a body is refused as soon as it is announced or
grown too large.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache

from oracles.chain.endpoint import Endpoint
from oracles.chain.errors import (
    AnswerTooLargeError,
    ConnectionLostError,
    HttpStatusError,
    NotJsonRpcError,
    RateLimitedError,
    ServerBusyError,
    TimedOutError,
)

MIB = 1 << 20
MAXIMUM_HEAD = 64 << 10
CHUNK = 256 << 10
OK, TOO_MANY, BUSY = 200, 429, 500


@dataclass(frozen=True, slots=True)
class Limits:
    """Time and size allowed for one request.

    Parameters
    ----------
    connect_seconds
        Until the connection stands, TLS included.
    answer_seconds
        From sending the request to the last byte of the answer.
    maximum_bytes
        Of the body.
    """

    connect_seconds: float = 5.0
    answer_seconds: float = 20.0
    maximum_bytes: int = 6 * MIB


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class HttpTransport:
    """One connection to one endpoint, opened when needed and kept."""

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None) -> None:
        self.endpoint = endpoint
        self.limits = limits or Limits()
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._head = self._request_head()

    def _request_head(self) -> bytes:
        end = self.endpoint
        host = f"[{end.host}]" if ":" in end.host else end.host
        default = 443 if end.secure else 80
        lines = [
            f"POST {end.path} HTTP/1.1",
            f"Host: {host}" + ("" if end.port == default else f":{end.port}"),
            "Content-Type: application/json",
            "Accept: application/json",
            "Accept-Encoding: identity",
            *self._secrets(),
            "Content-Length: ",
        ]
        return "\r\n".join(lines).encode("ascii")

    def _secrets(self) -> list[str]:
        headers = list(self.endpoint.headers)
        given = any(name.lower() == "authorization" for name, _ in headers)
        if self.endpoint.authorization and not given:
            headers.append(("Authorization", self.endpoint.authorization))
        return [f"{name}: {value}" for name, value in headers]

    def close(self) -> None:
        """Drop the connection."""
        sock, self._socket = self._socket, None
        self._buffer.clear()
        if sock is not None:
            sock.close()

    def post(self, body: bytes, *, deadline: float = float("inf"), maximum: int | None = None) -> bytes:
        """Send ``body`` and return the body of a 200 answer.

        Parameters
        ----------
        body
            JSON.
        deadline
            On ``time.monotonic``; the transport's own limits apply as well.
        maximum
            Bytes allowed, if other than the limits say.

        Raises
        ------
        TimedOutError, ConnectionLostError, AnswerTooLargeError
            Of the transfer.
        RateLimitedError, ServerBusyError, HttpStatusError, NotJsonRpcError
            Of the status or the encoding.
        """
        try:
            return self._post(body, deadline, self.limits.maximum_bytes if maximum is None else maximum)
        except BaseException:
            self.close()  # whatever is left on the wire belongs to a lost answer
            raise

    def _post(self, body: bytes, deadline: float, maximum: int) -> bytes:
        reused = self._socket is not None
        end = min(deadline, time.monotonic() + self.limits.answer_seconds)
        request = self._head + str(len(body)).encode() + b"\r\n\r\n" + body
        try:
            status, headers = self._exchange(request, end)
        except ConnectionLostError:
            if not reused or self._buffer:
                raise
            self.close()  # the server ended the idle connection: reads may be repeated once on a new one
            status, headers = self._exchange(request, end)
        if status != OK:
            raise self._status_error(status, headers)
        if headers.get("content-encoding", "identity") != "identity":
            raise NotJsonRpcError(f"{self.endpoint}: the answer is encoded though plain text was asked for")
        answer = self._body(headers, end, maximum)
        ended = headers.get("connection", "").lower() == "close" or headers[":version"] == "HTTP/1.0"
        if ended or self._buffer:  # bytes behind an answer would be taken for the next one
            self.close()
        return answer

    def _exchange(self, request: bytes, end: float) -> tuple[int, dict[str, str]]:
        sock = self._socket or self._connect(end)
        try:
            sock.settimeout(self._left(end))
            sock.sendall(request)
        except TimeoutError:
            raise self._late("the request could not be sent") from None
        except OSError as error:
            raise ConnectionLostError(f"{self.endpoint}: {type(error).__name__} while sending") from None
        return self._read_head(end)

    def _connect(self, end: float) -> socket.socket:
        until = min(end, time.monotonic() + self.limits.connect_seconds)
        place = self.endpoint
        try:
            sock = socket.create_connection((place.host, place.port), timeout=self._left(until))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place.secure:
                sock.settimeout(self._left(until))
                sock = _tls().wrap_socket(sock, server_hostname=place.host)
        except TimeoutError:
            raise self._late("no connection") from None
        except OSError as error:
            raise ConnectionLostError(f"{place}: no connection ({type(error).__name__})") from None
        self._socket = sock
        return sock

    def _left(self, end: float) -> float:
        left = end - time.monotonic()
        if left <= 0:
            raise self._late("no answer")
        return left

    def _late(self, what: str) -> TimedOutError:
        return TimedOutError(f"{self.endpoint}: {what} in time", endpoint=self.endpoint.label)

    def _more(self, end: float) -> bool:
        """Receive something into the buffer; return whether anything came."""
        sock = self._socket
        assert sock is not None
        sock.settimeout(self._left(end))
        try:
            got = sock.recv(CHUNK)
        except TimeoutError:
            raise self._late("no whole answer") from None
        except OSError as error:
            raise ConnectionLostError(f"{self.endpoint}: {type(error).__name__} while reading") from None
        self._buffer += got
        return bool(got)

    def _lost(self) -> ConnectionLostError:
        return ConnectionLostError(f"{self.endpoint}: the connection ended before the answer did")

    def _line(self, end: float, allowed: int) -> bytes:
        while (at := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > allowed:
                raise NotJsonRpcError(f"{self.endpoint}: a header line of more than {allowed} bytes")
            if not self._more(end):
                raise self._lost()
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 2]
        return line

    def _read_head(self, end: float) -> tuple[int, dict[str, str]]:
        while True:
            start = self._line(end, MAXIMUM_HEAD).decode("latin-1").split(" ", 2)
            if (
                len(start) < 2
                or not start[0].startswith("HTTP/1.")
                or not re.fullmatch("[1-5][0-9][0-9]", start[1])
            ):
                raise NotJsonRpcError(f"{self.endpoint}: the answer is not HTTP/1.1")
            headers = {":version": start[0]}
            room = MAXIMUM_HEAD
            while line := self._line(end, room):
                room -= len(line)
                if room < 0:
                    raise NotJsonRpcError(f"{self.endpoint}: headers of more than {MAXIMUM_HEAD} bytes")
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            if int(start[1]) >= 200:
                return int(start[1]), headers

    def _body(self, headers: dict[str, str], end: float, maximum: int) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks(end, maximum)
        length = headers.get("content-length")
        if length is None:
            while self._more(end):
                self._check_size(len(self._buffer), maximum)
            answer = bytes(self._buffer)
            self.close()
            return answer
        if not length.isdecimal() or len(length) > 18:
            raise NotJsonRpcError(f"{self.endpoint}: content-length is no number")
        self._check_size(int(length), maximum)
        return self._exactly(int(length), end)

    def _exactly(self, length: int, end: float) -> bytes:
        while len(self._buffer) < length:
            if not self._more(end):
                raise self._lost()
        answer = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return answer

    def _chunks(self, end: float, maximum: int) -> bytes:
        parts: list[bytes] = []
        total = 0
        while True:
            digits = self._line(end, 1024).split(b";")[0].strip()
            size = int(digits, 16) if re.fullmatch(b"[0-9a-fA-F]{1,15}", digits) else -1
            if size < 0:
                raise NotJsonRpcError(f"{self.endpoint}: a chunk without a length")
            total += size
            self._check_size(total, maximum)
            if size == 0:
                while self._line(end, 1024):
                    pass
                return b"".join(parts)
            parts.append(self._exactly(size + 2, end)[:-2])

    def _check_size(self, size: int, maximum: int) -> None:
        if size > maximum:
            raise AnswerTooLargeError(
                f"{self.endpoint}: an answer of {size} bytes or more, {maximum} allowed",
                size=size,
                maximum=maximum,
            )

    def _status_error(self, status: int, headers: dict[str, str]) -> HttpStatusError | RateLimitedError:
        text = f"{self.endpoint}: HTTP status {status}"
        if status in {TOO_MANY, 503} and (status == TOO_MANY or "retry-after" in headers):
            return RateLimitedError(text, _seconds(headers.get("retry-after")), status=status)
        if status >= BUSY:
            return ServerBusyError(text, status=status)
        return HttpStatusError(text, status=status)


def _seconds(text: str | None) -> float | None:
    """Return what Retry-After says in seconds: a number, or the date it names."""
    if text is None:
        return None
    try:
        return max(float(int(text)), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError):
        return None
