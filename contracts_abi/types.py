"""Solidity types as small immutable trees, parsed from the human-readable form of an ABI entry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from contracts_abi.errors import AbiTypeError

WORD = 32
MAXIMUM_DEPTH = 8
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ELEMENTARY = re.compile(r"(uint|int|bytes)([0-9]{1,3})|(address|bool|bytes|string)")


@dataclass(frozen=True, slots=True)
class Type:
    """One Solidity type.

    Parameters
    ----------
    text
        Canonical text, as it enters a signature.
    kind
        uint, int, address, bool, fixed-bytes, bytes, string, array or tuple.
    size
        Bits of an integer, bytes of a ``bytesN``, length of an array (-1: any).
    parts
        The element of an array, the components of a tuple.
    dynamic
        Whether the encoding stands behind an offset.
    head
        Bytes in the head: 32 for a dynamic type.
    smallest
        Least bytes any value takes, offset not counted.
    """

    text: str
    kind: str
    size: int = 0
    parts: tuple[Type, ...] = ()
    dynamic: bool = False
    head: int = WORD
    smallest: int = WORD


@dataclass(frozen=True, slots=True)
class Parameter:
    """A type with the name it has in the ABI entry ('' if none) and whether a topic holds it."""

    type: Type
    name: str = ""
    indexed: bool = False


@dataclass(slots=True)
class _Reader:
    text: str
    position: int = 0
    depth: int = field(default=0)

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self, token: str) -> bool:
        if self.text.startswith(token, self.position):
            self.position += len(token)
            return True
        return False

    def spaces(self) -> None:
        while self.peek() == " ":
            self.position += 1

    def fail(self, why: str) -> AbiTypeError:
        return AbiTypeError(f"{self.text!r}: {why} at character {self.position}")

    def parameters(self) -> tuple[Parameter, ...]:
        if not self.take("("):
            raise self.fail("( expected")
        found: list[Parameter] = []
        self.spaces()
        if self.take(")"):
            return ()
        while True:
            self.spaces()
            found.append(self.parameter())
            self.spaces()
            if self.take(")"):
                return tuple(found)
            if not self.take(","):
                raise self.fail(", or ) expected")

    def parameter(self) -> Parameter:
        kind = self.type()
        indexed, name = False, ""
        while True:
            self.spaces()
            word = _NAME.match(self.text, self.position)
            if word is None:
                return Parameter(kind, name, indexed)
            self.position = word.end()
            if word[0] == "indexed":
                indexed = True
            else:
                name = word[0]

    def type(self) -> Type:
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise self.fail(f"nested deeper than {MAXIMUM_DEPTH}")
        if self.peek() == "(":
            made = tuple_of(tuple(parameter.type for parameter in self.parameters()))
        else:
            match = _ELEMENTARY.match(self.text, self.position)
            if match is None:
                raise self.fail("no type")
            self.position = match.end()
            made = _elementary(match[0], match[1], match[2])
        while self.take("["):
            end = self.text.find("]", self.position)
            count = self.text[self.position : end]
            if end < 0 or (count and not count.isdecimal()):
                raise self.fail("array length or ] expected")
            self.position = end + 1
            made = array_of(made, int(count) if count else -1)
        self.depth -= 1
        return made


def _elementary(text: str, family: str | None, digits: str | None) -> Type:
    if family is None:
        if text in {"bytes", "string"}:
            return Type(text, text, dynamic=True)
        return Type(text, text, size=160 if text == "address" else 1)
    size = int(digits or 0)
    if family == "bytes":
        if not 1 <= size <= WORD:
            raise AbiTypeError(f"{text}: 1 to 32 bytes")
        return Type(text, "fixed-bytes", size=size)
    if size % 8 or not 8 <= size <= 256:
        raise AbiTypeError(f"{text}: 8 to 256 bits in steps of 8")
    return Type(text, family, size=size)


def tuple_of(parts: tuple[Type, ...]) -> Type:
    """Return the tuple type of ``parts``; an empty one takes no bytes, so an array of it has no bound."""
    if not parts:
        raise AbiTypeError("an empty tuple is not allowed")
    dynamic = any(part.dynamic for part in parts)
    head = sum(part.head for part in parts)
    smallest = head + sum(part.smallest for part in parts if part.dynamic)
    text = f"({','.join(part.text for part in parts)})"
    return Type(text, "tuple", len(parts), parts, dynamic, WORD if dynamic else head, smallest)


def array_of(element: Type, length: int) -> Type:
    """Return the array type; a length of zero is not allowed, -1 means any."""
    if length == 0:
        raise AbiTypeError("an array of length 0 is not allowed")
    text = f"{element.text}[{length if length > 0 else ''}]"
    each = element.head + (element.smallest if element.dynamic else 0)
    if length < 0:
        return Type(text, "array", -1, (element,), dynamic=True)
    head = WORD if element.dynamic else each * length
    return Type(text, "array", length, (element,), element.dynamic, head, each * length)


@lru_cache(maxsize=1024)
def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """Parse ``(uint80 roundId, int256 answer)``; the empty text means no parameters.

    Raises
    ------
    AbiTypeError
        For anything else than Solidity types with optional names.
    """
    if not text:
        return ()
    reader = _Reader(text)
    found = reader.parameters()
    if reader.position != len(text):
        raise reader.fail("end expected")
    return found


def parse_types(text: str) -> tuple[Type, ...]:
    """Parse a parenthesised list of types."""
    return tuple(parameter.type for parameter in parse_parameters(text))
