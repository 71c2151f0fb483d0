"""What can go wrong between a node and a number. Every fault ends in one of these, never in a wrong price.

An error says by its ``remedy`` what the client may do about it; details never carry a URL, only the label
of an endpoint.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from protocol.errors import BackstopError


class Remedy(Enum):
    """What may help against an error."""

    RETRY = "ask again after a pause, elsewhere if there is an elsewhere"
    SWITCH = "this endpoint will not do; ask another"
    SPLIT = "ask for less at once"
    FAIL = "no other answer is to be had"


class ChainError(BackstopError):
    """Base of what reading a chain raises; exit code 3: data or node not reachable."""

    code = "chain"
    exit_code = 3
    remedy: ClassVar[Remedy] = Remedy.FAIL


# Transport


class BadEndpointError(ChainError):
    """The text given as an endpoint is no http or https address."""

    code = "bad-endpoint"
    exit_code = 2


class ConnectionLostError(ChainError):
    """No connection, or it ended before the answer did."""

    code = "connection-lost"
    remedy = Remedy.RETRY


class TimedOutError(ChainError):
    """The answer was not whole within its time."""

    code = "timed-out"
    remedy = Remedy.RETRY


class HttpStatusError(ChainError):
    """The server answered with a status other than 200."""

    code = "http-status"
    remedy = Remedy.SWITCH


class ServerBusyError(HttpStatusError):
    """A status that says: later (500 and above)."""

    code = "server-busy"
    remedy = Remedy.RETRY


class RateLimitedError(ChainError):
    """The endpoint wants fewer requests."""

    code = "rate-limited"
    remedy = Remedy.RETRY

    def __init__(self, message: str, retry_after: float | None = None, **details: object) -> None:
        super().__init__(message, retry_after=retry_after, **details)
        self.retry_after = retry_after


class AnswerTooLargeError(ChainError):
    """More bytes than the limit of this request allows."""

    code = "answer-too-large"
    remedy = Remedy.SPLIT


class BudgetSpentError(ChainError):
    """The requests or seconds allowed for this run are used up."""

    code = "budget-spent"


# JSON-RPC


class NotJsonRpcError(ChainError):
    """The body is no JSON-RPC answer: HTML, cut text, a wrong shape."""

    code = "not-json-rpc"
    remedy = Remedy.RETRY


class AnswerMismatchError(ChainError):
    """Answers that do not belong to the questions: a foreign, missing or repeated id, another block."""

    code = "answer-mismatch"
    remedy = Remedy.RETRY


class NullAnswerError(ChainError):
    """The result is null where a value must be."""

    code = "null-answer"
    remedy = Remedy.RETRY


class NodeRefusedError(ChainError):
    """The node answered with an error of its own."""

    code = "node-refused"


class MethodMissingError(ChainError):
    """The node does not offer this method or this form of its parameters."""

    code = "method-missing"
    remedy = Remedy.SWITCH


class HeaderNotFoundError(ChainError):
    """The node does not know the block (yet, or any more)."""

    code = "header-not-found"
    remedy = Remedy.RETRY


class StatePrunedError(ChainError):
    """The node no longer keeps the state of that block."""

    code = "state-pruned"
    remedy = Remedy.SWITCH


class RangeTooLargeError(ChainError):
    """The node wants a smaller range of blocks or fewer results.

    Parameters
    ----------
    message
        What it said.
    suggestion
        First and last block that it proposes, if it does.
    """

    code = "range-too-large"
    remedy = Remedy.SPLIT

    def __init__(self, message: str, suggestion: tuple[int, int] | None = None, **details: object) -> None:
        super().__init__(message, suggestion=suggestion, **details)
        self.suggestion = suggestion


class OutOfGasError(ChainError):
    """The call needs more gas than the node grants."""

    code = "out-of-gas"
    remedy = Remedy.SPLIT


# Chain


class WrongChainError(ChainError):
    """The endpoint serves another chain than the one asked for."""

    code = "wrong-chain"
    remedy = Remedy.SWITCH

    def __init__(self, endpoint: str, expected: int, found: int) -> None:
        super().__init__(
            f"{endpoint} serves chain {found}, chain {expected} is asked for",
            endpoint=endpoint,
            expected=expected,
            found=found,
        )


class ReorganisedError(ChainError):
    """The block that reads were pinned to is no longer part of the chain."""

    code = "reorganised"

    def __init__(self, number: int, pinned: str, now: str) -> None:
        super().__init__(
            f"block {number} was {pinned}, now it is {now}: read again", number=number, pinned=pinned, now=now
        )


# Calls


class CallRevertedError(ChainError):
    """The contract refused the call.

    Parameters
    ----------
    message
        What it said.
    data
        Revert data.
    """

    code = "call-reverted"

    def __init__(self, message: str, data: bytes = b"", **details: object) -> None:
        super().__init__(message, data="0x" + data.hex(), **details)
        self.data = data


class NoAnswerError(ChainError):
    """A call returned nothing: there is no contract, or it has no such function."""

    code = "no-answer"


class UndecodableError(ChainError):
    """Returned bytes are not the canonical encoding of what the function returns."""

    code = "undecodable"


class UnusableStateError(ChainError):
    """Values that were read well but mean that no price or state can be formed from them."""

    code = "unusable-state"


class UnknownSourceError(ChainError):
    """No source of this name is known on this chain."""

    code = "unknown-source"
    exit_code = 2


class ExtraMissingError(ChainError):
    """An optional package is needed for this."""

    code = "extra-missing"
    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional package: install backstop[{extra}]", extra=extra)


# Evidence: exit code 4


class EvidenceError(ChainError):
    """Evidence does not verify."""

    code = "evidence"
    exit_code = 4


class QuorumError(EvidenceError):
    """Too few endpoints agree."""

    code = "no-quorum"


class ProofError(EvidenceError):
    """A header, proof, receipt or re-executed call contradicts what was claimed."""

    code = "proof"
    remedy = Remedy.SWITCH


class TamperedError(EvidenceError):
    """A recording is not what was written."""

    code = "tampered"


# Recordings


class RecordingError(ChainError):
    """A recording does not fit what is asked of it."""

    code = "recording"


class MissingRecordError(RecordingError):
    """The recording does not hold this read; the network is not asked instead."""

    code = "missing-record"
