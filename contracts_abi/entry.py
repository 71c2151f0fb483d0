"""Entries of an ABI: functions, events and errors, each with its selector written out.

Selectors are written, not computed, so that reading a chain needs no hash at start-up; the test suite holds
every one against keccak-256 of its signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from contracts_abi.codec import Value, decode, encode
from contracts_abi.errors import AbiDecodeError
from contracts_abi.types import Parameter, Type, parse_parameters


def _split(text: str) -> tuple[str, str]:
    name, _, rest = text.partition("(")
    return name, "(" + rest


@dataclass(frozen=True)
class Entry:
    """Name and parameters, in the human-readable form ``name(type name, ...)``."""

    declaration: str

    @property
    def name(self) -> str:
        """The name alone."""
        return _split(self.declaration)[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The inputs of a function, the fields of an event or error."""
        text = _split(self.declaration)[1]
        return () if text == "()" else parse_parameters(text)

    @cached_property
    def inputs(self) -> tuple[Type, ...]:
        """Their types."""
        return tuple(parameter.type for parameter in self.parameters)

    @cached_property
    def signature(self) -> str:
        """The text whose keccak-256 gives the selector."""
        return f"{self.name}({','.join(part.text for part in self.inputs)})"


@dataclass(frozen=True)
class Function(Entry):
    """A function that reads.

    Parameters
    ----------
    declaration
        Name and inputs.
    returns
        Outputs in parentheses, '' for none.
    selector_hex
        First four bytes of keccak-256 of the signature.
    """

    returns: str
    selector_hex: str

    @cached_property
    def selector(self) -> bytes:
        """The four bytes."""
        return bytes.fromhex(self.selector_hex)

    @cached_property
    def outputs(self) -> tuple[Type, ...]:
        """Types of the answer."""
        return tuple(parameter.type for parameter in parse_parameters(self.returns))

    def call(self, *arguments: object) -> bytes:
        """Return the call data for ``arguments``.

        Raises
        ------
        AbiEncodeError
            If an argument does not fit its type.
        """
        return self.selector + encode(self.inputs, arguments) if self.inputs else self.selector

    def decode(self, answer: bytes) -> tuple[Value, ...]:
        """Return the values of ``answer``.

        Raises
        ------
        AbiDecodeError
            If it is not their canonical encoding.
        """
        return decode(self.outputs, answer)


@dataclass(frozen=True)
class PrecompiledFunction(Function):
    """What a precompiled contract answers: the call data are the arguments alone, without a selector."""

    selector_hex: str = ""


@dataclass(frozen=True)
class Error(Entry):
    """A custom error, found at the front of revert data."""

    selector_hex: str

    @cached_property
    def selector(self) -> bytes:
        """The four bytes."""
        return bytes.fromhex(self.selector_hex)


@dataclass(frozen=True)
class Event(Entry):
    """An event; ``topic_hex`` is keccak-256 of the signature."""

    topic_hex: str

    @cached_property
    def topic(self) -> str:
        """Topic 0 with 0x."""
        return "0x" + self.topic_hex

    def decode(self, topics: tuple[bytes, ...], data: bytes) -> dict[str, Value]:
        """Return the fields of a log by name (``arg0`` and so on where the ABI gives none).

        Raises
        ------
        AbiDecodeError
            If the log is not one of this event.
        """
        indexed = [parameter for parameter in self.parameters if parameter.indexed]
        plain = [parameter for parameter in self.parameters if not parameter.indexed]
        if len(topics) != len(indexed) + 1 or topics[0].hex() != self.topic_hex:
            raise AbiDecodeError(f"the topics are not those of {self.name}", 0)
        values: dict[str, Value] = {}
        in_data = iter(decode([parameter.type for parameter in plain], data))
        in_topics = iter(topics[1:])
        for number, parameter in enumerate(self.parameters):
            name = parameter.name or f"arg{number}"
            if not parameter.indexed:
                values[name] = next(in_data)
            elif parameter.type.dynamic or parameter.type.kind in {"tuple", "array"}:
                values[name] = next(in_topics)  # a hash of the value is all that the log keeps
            else:
                values[name] = decode([parameter.type], next(in_topics))[0]
        return values
