"""Read contracts at one block of a live chain.

One header is fetched; every later read names its hash (EIP-1898), so all values belong to one moment and a
node that lags or was reorganised answers with an error instead of an old price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from contracts_abi.entry import Function
from contracts_abi.families import multicall3
from contracts_abi.keccak import keccak256
from oracles.chain.calls import Call, Outcome, Plan
from oracles.chain.client import Client, parse_bytes
from oracles.chain.errors import (
    AnswerMismatchError,
    CallRevertedError,
    ChainError,
    HeaderNotFoundError,
    NodeRefusedError,
    OutOfGasError,
    Remedy,
    ReorganisedError,
    UndecodableError,
)
from oracles.chain.header import Block, parse_block
from oracles.chain.jsonrpc import Request
from oracles.chain.multicall import (
    ADDRESS,
    MAXIMUM_CALLS,
    check_identity,
    decode_aggregate,
    encode_aggregate,
    group,
    identity_calls,
    same_read_hex,
)

if TYPE_CHECKING:
    from contracts_abi.bulk import Columns

Made = TypeVar("Made")
INVALID_PARAMETERS = -32602
DIGITS_OF_HASH = 66


class Reader(Protocol):
    """Anything that answers calls at one block: a node, several that must agree, a recording."""

    @property
    def block(self) -> Block:
        """The block."""
        ...

    @property
    def trust(self) -> str:
        """How far its answers may be believed: ``claimed``, ``quorum``, ``recorded`` or ``proven``."""
        ...

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """Return the outcome of each call; a revert is an outcome."""
        ...

    def storage(self, address: str, slot: int) -> int:
        """Return a storage word."""
        ...

    def code(self, address: str) -> bytes:
        """Return the code of an account, empty if it has none."""
        ...


class LiveReader:
    """A node or several with failover, at one block.

    Parameters
    ----------
    client
        Where to ask.
    block
        The pinned block.
    use_multicall
        Whether Multicall3 with its genuine code stands on this chain.
    """

    trust = "claimed"

    def __init__(self, client: Client, block: Block, *, use_multicall: bool) -> None:
        self.client = client
        self.block = block
        self.use_multicall = use_multicall
        self._by_hash = True

    @classmethod
    def open(cls, client: Client, block: int | str = "latest") -> LiveReader:
        """Return a reader pinned to ``block``: a number, a hash, ``latest``, ``safe`` or ``finalized``.

        Raises
        ------
        ChainError
            If the block cannot be had.
        """
        tag, by_hash = _tag(block)
        place: object = {"blockHash": tag} if by_hash else tag
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"

        def check(answers: list[Any | ChainError]) -> None:
            found = parse_block(0, answers[0])
            if by_hash and found.hash != tag:
                raise AnswerMismatchError("another block than asked for was returned", asked=tag)
            if isinstance(block, int) and found.number != block:
                raise AnswerMismatchError("another block than asked for was returned", asked=block)

        answers = client.batch(
            [Request(method, (tag, False)), Request("eth_getCode", (multicall3.ADDRESS, place))], check=check
        )
        if isinstance(answers[0], ChainError):
            raise answers[0]
        found = parse_block(client.chain_id, answers[0])
        return cls(client, found, use_multicall=_is_multicall(answers[1]))

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """Return the outcome of each call at the pinned block.

        Raises
        ------
        ReorganisedError
            If the block is no longer part of the chain.
        ChainError
            If no endpoint answers.
        """
        if not calls:
            return []
        if len(calls) > 1 and self.use_multicall:
            return [outcome for part in group(calls) for outcome in self._split(part, self._aggregate)]
        size = self.client.policy.batch_size
        parts = [calls[start : start + size] for start in range(0, len(calls), size)]
        return [outcome for part in parts for outcome in self._split(part, self._single)]

    def bulk(self, targets: Sequence[str], function: Function) -> Columns | list[Outcome] | None:
        """Ask one function without arguments at many targets in one request.

        Returns
        -------
        Columns, list or None
            Columns where all answers are regular; outcomes where they are not; None where the calls do not
            fit one Multicall3 request.
        """
        from contracts_abi.bulk import decode_equal_answers

        count = len(targets)
        if not self.use_multicall or not 0 < count <= MAXIMUM_CALLS:
            return None
        known = tuple(expected for _, expected in identity_calls(self.block))
        found: list[Columns] = []

        def regular(data: bytes) -> bool:
            columns = decode_equal_answers(function.outputs, data, count, known)
            found[:] = [] if columns is None else [columns]
            return columns is not None

        asked = same_read_hex(tuple(targets), function, self.block.chain_id)
        outcomes = self._aggregate_checked(asked, count, regular)
        return found[0] if found else outcomes

    def storage(self, address: str, slot: int) -> int:
        """Return a storage word at the pinned block."""
        answer = self._pinned([Request("eth_getStorageAt", (address, hex(slot)))])[0]
        if isinstance(answer, ChainError):
            raise answer
        return int.from_bytes(parse_bytes(answer, "eth_getStorageAt", 32), "big")

    def code(self, address: str) -> bytes:
        """Return an account's code at the pinned block."""
        answer = self._pinned([Request("eth_getCode", (address,))])[0]
        if isinstance(answer, ChainError):
            raise answer
        return parse_bytes(answer, "eth_getCode")

    def pinned(self, requests: Sequence[Request]) -> list[Any]:
        """Ask for anything whose last parameter is a block; return the results.

        Raises
        ------
        ChainError
            Of the first request that failed.
        """
        answers = self._pinned(requests)
        for answer in answers:
            if isinstance(answer, ChainError):
                raise answer
        return answers

    def confirm(self) -> None:
        """Ask once more which block has the pinned number.

        Raises
        ------
        ReorganisedError
            If it is another one now.
        """
        answer = self.client.request("eth_getBlockByNumber", hex(self.block.number), False)
        self._same_block(answer)

    def _same_block(self, answer: Any) -> None:
        now = parse_block(self.block.chain_id, answer).hash
        if now != self.block.hash:
            raise ReorganisedError(self.block.number, self.block.hash, now)

    def _split(self, calls: Sequence[Call], ask: Callable[[Sequence[Call]], list[Outcome]]) -> list[Outcome]:
        try:
            return ask(calls)
        except ChainError as error:
            if error.remedy is not Remedy.SPLIT or len(calls) == 1:
                raise
        half = len(calls) // 2
        return [*self._split(calls[:half], ask), *self._split(calls[half:], ask)]

    def _aggregate_checked(
        self, data: str, count: int, regular: Callable[[bytes], bool] = lambda _: False
    ) -> list[Outcome]:
        """Return outcomes held against the block; none where ``regular`` took the whole answer.

        Behind the ``count`` calls in ``data`` stand those that name the block.
        """
        outcomes: list[Outcome] = []
        total = count + len(identity_calls(self.block))

        def check(answers: list[Any | ChainError]) -> None:
            if isinstance(answers[0], ChainError):
                raise answers[0]
            answer = parse_bytes(answers[0], "eth_call")
            if regular(answer):
                return
            try:
                outcomes[:] = decode_aggregate(answer, total)
            except UndecodableError as error:  # Multicall3 cannot do that, so the node did
                raise AnswerMismatchError(error.message, **error.details) from error
            check_identity(self.block, outcomes[count:])
            del outcomes[count:]

        self._pinned([Request("eth_call", ({"to": ADDRESS, "data": data},))], check)
        return outcomes

    def _aggregate(self, calls: Sequence[Call]) -> list[Outcome]:
        if len(calls) == 1:
            return self._single(calls)
        try:
            named = [item for item, _ in identity_calls(self.block)]
            data = "0x" + encode_aggregate([*calls, *named]).hex()
            outcomes = self._aggregate_checked(data, len(calls))
        except CallRevertedError as error:  # every call may fail, so only the common gas can have run out
            raise OutOfGasError(f"{len(calls)} calls in one: {error.message}", calls=len(calls)) from error
        # A call that failed without a word may only have run out of the common gas: ask it alone.
        silent = [n for n, outcome in enumerate(outcomes) if outcome == Outcome(False, b"")]
        if silent:
            for number, outcome in zip(silent, self._single([calls[n] for n in silent]), strict=True):
                outcomes[number] = outcome
        return outcomes

    def _single(self, calls: Sequence[Call]) -> list[Outcome]:
        return [_outcome(answer) for answer in self._pinned([_eth_call(item) for item in calls])]

    def _pinned(
        self, requests: Sequence[Request], check: Callable[[list[Any | ChainError]], None] | None = None
    ) -> list[Any | ChainError]:
        if self._by_hash:
            pinned = [Request(r.method, (*r.parameters, self.block.reference)) for r in requests]
            try:
                return self._refused_reference(self.client.batch(pinned, check=check))
            except NodeRefusedError as error:
                if error.details.get("rpc_code") != INVALID_PARAMETERS:
                    raise
                self._by_hash = False  # the node does not know EIP-1898
            except HeaderNotFoundError:
                self.confirm()
                raise
        by_number = [Request(r.method, (*r.parameters, hex(self.block.number))) for r in requests]
        by_number.append(Request("eth_getBlockByNumber", (hex(self.block.number), False)))

        def check_block(answers: list[Any | ChainError]) -> None:
            if isinstance(answers[-1], ChainError):
                raise answers[-1]
            self._same_block(answers[-1])
            if check is not None:
                check(answers[:-1])

        return self.client.batch(by_number, check=check_block)[:-1]

    @staticmethod
    def _refused_reference(answers: list[Any | ChainError]) -> list[Any | ChainError]:
        for answer in answers:
            if isinstance(answer, NodeRefusedError) and answer.details.get("rpc_code") == INVALID_PARAMETERS:
                raise answer
        return answers


def _tag(block: int | str) -> tuple[str, bool]:
    if isinstance(block, int):
        return hex(block), False
    return block.lower(), len(block) == DIGITS_OF_HASH


def _is_multicall(answer: Any | ChainError) -> bool:
    if isinstance(answer, ChainError):
        return False
    return "0x" + keccak256(parse_bytes(answer, "eth_getCode")).hex() == multicall3.RUNTIME_HASH


def _eth_call(item: Call) -> Request:
    return Request("eth_call", ({"to": item.target, "data": "0x" + item.data.hex()},))


def _outcome(answer: Any | ChainError) -> Outcome:
    if isinstance(answer, CallRevertedError):
        return Outcome(False, answer.data)
    if isinstance(answer, ChainError):
        raise answer
    return Outcome(True, parse_bytes(answer, "eth_call"))


def run_plans(reader: Reader, plans: Sequence[Plan[Made]]) -> list[Made | ChainError]:
    """Advance all plans together, one request for all their calls of a step.

    Returns
    -------
    list
        What each plan made, or the error that ended it; an error of one does not touch the others.

    Raises
    ------
    ChainError
        If the reader itself fails.
    """
    made: dict[int, Made | ChainError] = {}
    waiting: dict[int, Sequence[Call]] = {}

    def advance(number: int, outcomes: Sequence[Outcome] | None) -> None:
        try:
            plan = plans[number]
            waiting[number] = next(plan) if outcomes is None else plan.send(outcomes)
        except StopIteration as done:
            made[number] = done.value
        except ChainError as error:
            made[number] = error

    for number in range(len(plans)):
        advance(number, None)
    while waiting:
        step, waiting = waiting, {}
        outcomes = reader.call_many([item for calls in step.values() for item in calls])
        position = 0
        for number, calls in step.items():
            advance(number, outcomes[position : position + len(calls)])
            position += len(calls)
    return [made[number] for number in range(len(plans))]


def run_plan(reader: Reader, plan: Plan[Made]) -> Made:
    """Return what ``plan`` makes.

    Raises
    ------
    ChainError
        That ended it.
    """
    made = run_plans(reader, [plan])[0]
    if isinstance(made, ChainError):
        raise made
    return made
