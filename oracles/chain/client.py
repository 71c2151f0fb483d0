"""A JSON-RPC client over several endpoints: failover, retries within a budget, the right chain only."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from oracles.chain.endpoint import Endpoint, parse_endpoint
from oracles.chain.errors import (
    AnswerMismatchError,
    BadEndpointError,
    ChainError,
    MethodMissingError,
    NodeRefusedError,
    NotJsonRpcError,
    RateLimitedError,
    Remedy,
    WrongChainError,
)
from oracles.chain.jsonrpc import Request, decode_answers, encode_requests
from oracles.chain.policy import Policy, Statistics, TokenBucket
from oracles.chain.transport import HttpTransport

LOG = logging.getLogger("backstop.chain")
COOLING_SECONDS = 30.0
QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")


@dataclass(slots=True)
class _Place:
    """An endpoint with its connection and what is known of it."""

    endpoint: Endpoint
    transport: HttpTransport
    bucket: TokenBucket
    chain_id: int | None = None
    batches: bool = True
    resting_until: float = 0.0
    failures: int = 0


@dataclass(slots=True)
class _Operation:
    """One operation's way through endpoints and retries."""

    deadline: float
    tried: set[int] = field(default_factory=set)
    useless: set[int] = field(default_factory=set)
    attempts: int = 0
    failures: int = 0


class Client:
    """Ask nodes, and give back only answers to what was asked.

    Parameters
    ----------
    endpoints
        http(s) addresses in order of preference.
    chain_id
        The chain to be read; None accepts the first endpoint's and demands it of the others.
    policy
        Time, size, retries and rate.
    sleep, dice
        For tests.
    """

    def __init__(
        self,
        endpoints: Sequence[str | Endpoint],
        chain_id: int | None = None,
        policy: Policy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        dice: random.Random | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.statistics = Statistics()
        self._chain_id = chain_id
        self._sleep = sleep
        self._dice = dice or random.Random()  # noqa: S311 - spreads pauses, guards nothing
        self._next_id = 1
        self._places = [
            _Place(
                endpoint,
                HttpTransport(endpoint, self.policy.limits),
                TokenBucket(self.policy.requests_per_second),
            )
            for endpoint in (parse_endpoint(e) if isinstance(e, str) else e for e in endpoints)
        ]
        if not self._places:
            raise BadEndpointError("no RPC address is given: use --rpc-url or ETH_RPC_URL")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop all connections."""
        for place in self._places:
            place.transport.close()

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the endpoints; addresses are never shown."""
        return tuple(place.endpoint.label for place in self._places)

    @property
    def chain_id(self) -> int:
        """The chain read; asks the first endpoint that answers if nothing was demanded."""
        if self._chain_id is None:
            self.request("eth_chainId")
        assert self._chain_id is not None
        return self._chain_id

    def request(self, method: str, *parameters: object, maximum: int | None = None) -> Any:
        """Return the result of one call.

        Raises
        ------
        ChainError
            Of the last attempt, once none is left that could help.
        """
        answer = self.batch([Request(method, parameters)], maximum=maximum)[0]
        if isinstance(answer, ChainError):
            raise answer
        return answer

    def batch(
        self,
        requests: Sequence[Request],
        *,
        maximum: int | None = None,
        check: Callable[[list[Any | ChainError]], None] | None = None,
    ) -> list[Any | ChainError]:
        """Return a result or an error for each of ``requests``, all from one endpoint.

        Parameters
        ----------
        requests
            Sent in one HTTP request if the node takes batches, else one by one.
        maximum
            Bytes allowed for an answer.
        check
            Looks at the whole answer and raises a ``ChainError`` where it cannot be believed; its remedy
            then decides whether another endpoint is asked.

        Raises
        ------
        ChainError
            If no endpoint answers the batch as a whole.
        """
        if not requests:
            return []
        operation = _Operation(time.monotonic() + self.policy.total_seconds)
        while True:
            place = self._choose(operation)
            try:
                answers = self._ask(place, requests, operation, maximum)
                for answer in answers:  # an item that another try may answer condemns this try, not the batch
                    if isinstance(answer, ChainError) and answer.remedy in {Remedy.RETRY, Remedy.SWITCH}:
                        raise answer
                if check is not None:
                    check(answers)
            except ChainError as error:
                self._after(error, place, operation)
            else:
                place.failures = 0
                return answers

    def _choose(self, operation: _Operation) -> _Place:
        now = time.monotonic()
        left = [n for n in range(len(self._places)) if n not in operation.tried]
        best = min(left, key=lambda n: (self._places[n].resting_until > now, n))
        place = self._places[best]
        operation.tried.add(best)
        return place

    def _after(self, error: ChainError, place: _Place, operation: _Operation) -> None:
        """Decide what follows a failed try: nothing (raise), another endpoint, or a pause and all again."""
        self.statistics.failures += 1
        operation.failures += 1
        place.failures += 1
        LOG.debug("%s: %s", place.endpoint.label, error.code)
        if isinstance(error, AnswerMismatchError | NotJsonRpcError):
            place.transport.close()  # questions and answers may be out of step on this connection
        if error.remedy in {Remedy.FAIL, Remedy.SPLIT} or operation.attempts >= self.policy.attempts:
            raise error
        now = time.monotonic()
        if len(self._places) > 1:
            place.resting_until = now + COOLING_SECONDS
        if error.remedy is Remedy.SWITCH:
            operation.useless.add(self._places.index(place))
        if len(operation.tried) < len(self._places):
            return
        if len(operation.useless) == len(self._places):
            raise error
        retry_after = error.retry_after if isinstance(error, RateLimitedError) else None
        pause = self.policy.pause(operation.failures, retry_after, self._dice)
        if now + pause >= operation.deadline:
            raise error
        self.statistics.pauses += 1
        self._sleep(pause)
        operation.tried = set(operation.useless)

    def _ask(
        self, place: _Place, requests: Sequence[Request], operation: _Operation, maximum: int | None
    ) -> list[Any | ChainError]:
        if place.chain_id is None:
            self._check_chain(place, operation)
        if len(requests) == 1 or place.batches:
            try:
                return self._send(place, requests, operation, maximum)
            except (NodeRefusedError, MethodMissingError):
                if len(requests) == 1:
                    raise
                place.batches = False  # one error for the whole batch: the node does not take batches
        return [self._send(place, [request], operation, maximum)[0] for request in requests]

    def _check_chain(self, place: _Place, operation: _Operation) -> None:
        answer = self._send(place, [Request("eth_chainId")], operation, None)[0]
        if isinstance(answer, ChainError):
            raise answer
        found = parse_quantity(answer, f"{place.endpoint.label}: eth_chainId")
        if self._chain_id is not None and found != self._chain_id:
            raise WrongChainError(place.endpoint.label, self._chain_id, found)
        self._chain_id = place.chain_id = found

    def _send(
        self, place: _Place, requests: Sequence[Request], operation: _Operation, maximum: int | None
    ) -> list[Any | ChainError]:
        first = self._next_id
        self._next_id += len(requests)
        body = encode_requests(requests, first)
        operation.attempts += 1
        self.statistics.spend(self.policy, len(requests), len(body))
        if wait := place.bucket.wait():
            self._sleep(wait)
        answer = place.transport.post(body, deadline=operation.deadline, maximum=maximum)
        self.statistics.bytes_received += len(answer)
        return decode_answers(requests, first, answer, place.endpoint.label)


def parse_quantity(value: object, what: str) -> int:
    """Return the integer of a JSON-RPC quantity.

    Raises
    ------
    NotJsonRpcError
        If it is not 0x with hexadecimal digits, at most 64 of them.
    """
    if isinstance(value, str) and QUANTITY.fullmatch(value):
        return int(value, 16)
    raise NotJsonRpcError(f"{what}: a hexadecimal quantity expected")


def parse_bytes(value: object, what: str, length: int | None = None) -> bytes:
    """Return the bytes of a JSON-RPC data field.

    Raises
    ------
    NotJsonRpcError
        If it is not 0x with pairs of hexadecimal digits, ``length`` of them if given.
    """
    if isinstance(value, str) and value.startswith("0x"):
        digits = value[2:]
        try:
            raw = bytes.fromhex(digits)
        except ValueError:
            raw = None
        # fromhex skips blanks, which no node may send
        if raw is not None and len(digits) == 2 * len(raw) and length in {None, len(raw)}:
            return raw
    raise NotJsonRpcError(f"{what}: hexadecimal bytes expected")
