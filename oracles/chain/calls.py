"""A call to a contract and its outcome, before anyone knows how it travels."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from contracts_abi.codec import Value
from contracts_abi.entry import Function
from contracts_abi.errors import AbiDecodeError
from oracles.chain.errors import CallRevertedError, NoAnswerError, UndecodableError
from oracles.chain.jsonrpc import revert_reason

Answer = TypeVar("Answer")


class Outcome(NamedTuple):
    """What a call gave: returned data, or revert data with ``success`` false."""

    success: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One read of a contract.

    Parameters
    ----------
    target
        Lower-case 0x address.
    function
        What is called.
    data
        Encoded call.
    """

    target: str
    function: Function
    data: bytes

    def values(self, outcome: Outcome) -> tuple[Value, ...]:
        """Return the values of ``outcome``.

        Raises
        ------
        CallRevertedError
            If the contract refused.
        NoAnswerError
            If nothing came back.
        UndecodableError
            If the bytes are not canonical values of the function.
        """
        name = f"{self.function.name} of {self.target}"
        if not outcome.success:
            reason = revert_reason(outcome.data) or "no reason given"
            raise CallRevertedError(f"{name} reverted: {reason}", outcome.data, target=self.target)
        if not outcome.data and self.function.outputs:
            raise NoAnswerError(
                f"{name} returned nothing: no contract there, or none with this function", target=self.target
            )
        try:
            return self.function.decode(outcome.data)
        except AbiDecodeError as error:
            raise UndecodableError(f"{name}: {error}", target=self.target) from error

    def value(self, outcome: Outcome) -> Value:
        """Return the only value of ``outcome``; raises as :meth:`values`."""
        return self.values(outcome)[0]

    def integer(self, outcome: Outcome) -> int:
        """Return the only value of ``outcome`` as an integer; raises as :meth:`values`."""
        found = self.value(outcome)
        assert isinstance(found, int)
        return found

    def address(self, outcome: Outcome) -> str:
        """Return the only value of ``outcome`` as an address; raises as :meth:`values`."""
        found = self.value(outcome)
        assert isinstance(found, str)
        return found


def call(target: str, function: Function, *arguments: object) -> Call:
    """Return the call of ``function`` at ``target``."""
    return Call(target.lower(), function, function.call(*arguments))


Plan = Generator[Sequence[Call], Sequence[Outcome], Answer]
"""A reader as a dialogue: yields calls, is sent their outcomes, returns what it made of them.

Many plans advance together, so that all their calls of one step travel as one request.
"""


def together(*plans: Plan[Answer]) -> Plan[tuple[Answer, ...]]:
    """Return the plan that advances all ``plans`` step by step; the first that fails ends it."""
    made: dict[int, Answer] = {}
    outcomes: dict[int, Sequence[Outcome] | None] = dict.fromkeys(range(len(plans)))
    while outcomes:
        waiting: dict[int, Sequence[Call]] = {}
        for number, sent in outcomes.items():
            try:
                waiting[number] = next(plans[number]) if sent is None else plans[number].send(sent)
            except StopIteration as done:
                made[number] = done.value
        outcomes = {}
        if waiting:
            answers = iter((yield [item for calls in waiting.values() for item in calls]))
            outcomes = {number: [next(answers) for _ in calls] for number, calls in waiting.items()}
    return tuple(made[number] for number in range(len(plans)))
