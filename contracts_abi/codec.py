"""Bounded ABI codec: encode, and decode the one canonical encoding only.

Solidity and Vyper write the parts of a value in order and without gaps, so every offset is known before it
is read. Demanding exactly that makes aliased, overlapping and self-pointing answers impossible: decoding is
linear in the bytes received and a value never takes more room than its bytes. Source of the format: Solidity
documentation, "Contract ABI Specification", strict mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from contracts_abi.errors import AbiDecodeError, AbiEncodeError
from contracts_abi.types import WORD, Type

Value = int | bool | str | bytes | tuple["Value", ...]
_ZEROS = bytes(WORD)


def decode(types: Sequence[Type], data: bytes) -> tuple[Value, ...]:
    """Decode ``data`` as exactly the values of ``types``.

    Returns
    -------
    tuple
        Integers as int, addresses as lower-case 0x text, arrays and tuples as tuples.

    Raises
    ------
    AbiDecodeError
        If ``data`` is not, byte for byte, the canonical encoding of such values.
    """
    values, end = _decode_sequence(types, data, 0)
    if end != len(data):
        raise AbiDecodeError(f"{len(data) - end} bytes behind the last value", end)
    return values


def _decode_sequence(types: Sequence[Type], data: bytes, start: int) -> tuple[tuple[Value, ...], int]:
    head = start
    tail = start + sum(part.head for part in types)
    if tail > len(data):
        raise AbiDecodeError(f"{tail - start} bytes expected, {len(data) - start} there", start)
    values: list[Value] = []
    for part in types:
        if part.dynamic:
            offset = int.from_bytes(data[head : head + WORD], "big")
            if offset != tail - start:
                raise AbiDecodeError(f"offset {offset} where {tail - start} is canonical", head)
            value, tail = _decode_dynamic(part, data, tail)
            head += WORD
        elif part.kind in {"tuple", "array"}:
            inner = part.parts if part.kind == "tuple" else part.parts * part.size
            value, head = _decode_sequence(inner, data, head)
        else:
            value = _decode_word(part, data, head)
            head += WORD
        values.append(value)
    return tuple(values), tail


def _decode_dynamic(part: Type, data: bytes, start: int) -> tuple[Value, int]:
    if part.kind == "tuple":
        return _decode_sequence(part.parts, data, start)
    if part.kind == "array" and part.size > 0:
        return _decode_sequence(part.parts * part.size, data, start)
    if start + WORD > len(data):
        raise AbiDecodeError("a length is missing", start)
    length = int.from_bytes(data[start : start + WORD], "big")
    start += WORD
    room = len(data) - start
    if part.kind == "array":
        element = part.parts[0]
        if length * (element.head + (element.smallest if element.dynamic else 0)) > room:
            raise AbiDecodeError(f"{length} elements of {element.text} do not fit {room} bytes", start)
        return _decode_sequence(part.parts * length, data, start)
    padded = -(-length // WORD) * WORD
    if padded > room:
        raise AbiDecodeError(f"{length} bytes announced, {room} there", start)
    content, padding = data[start : start + length], data[start + length : start + padded]
    if padding.strip(b"\0"):
        raise AbiDecodeError("padding is not zero", start + length)
    if part.kind == "bytes":
        return content, start + padded
    try:
        return content.decode(), start + padded
    except UnicodeDecodeError as error:
        raise AbiDecodeError("text is not UTF-8", start + error.start) from None


def _decode_word(part: Type, data: bytes, at: int) -> Value:
    word = data[at : at + WORD]
    kind = part.kind
    if kind == "uint":
        number = int.from_bytes(word, "big")
        if number >> part.size:
            raise AbiDecodeError(f"{number} does not fit {part.text}", at)
        return number
    if kind == "int":
        number = int.from_bytes(word, "big", signed=True)
        half = 1 << (part.size - 1)
        if not -half <= number < half:
            raise AbiDecodeError(f"{number} does not fit {part.text}", at)
        return number
    if kind == "address":
        if word[:12] != _ZEROS[:12]:
            raise AbiDecodeError("an address has dirty upper bytes", at)
        return "0x" + word[12:].hex()
    if kind == "bool":
        if word[:31] != _ZEROS[:31] or word[31] > 1:
            raise AbiDecodeError("a bool is neither 0 nor 1", at)
        return word[31] == 1
    if word[part.size :] != _ZEROS[part.size :]:
        raise AbiDecodeError(f"{part.text} has dirty padding", at)
    return word[: part.size]


def encode(types: Sequence[Type], values: Sequence[object]) -> bytes:
    """Encode ``values`` canonically.

    Raises
    ------
    AbiEncodeError
        If a value is not of its type or does not fit it.
    """
    if len(types) != len(values):
        raise AbiEncodeError(f"{len(types)} values expected, {len(values)} given")
    heads: list[bytes] = []
    tails: list[bytes] = []
    offset = sum(part.head for part in types)
    for part, value in zip(types, values, strict=True):
        if part.dynamic:
            tail = _encode_dynamic(part, value)
            heads.append(offset.to_bytes(WORD, "big"))
            tails.append(tail)
            offset += len(tail)
        elif part.kind in {"tuple", "array"}:
            heads.append(encode(part.parts * (part.size if part.kind == "array" else 1), _list(part, value)))
        else:
            heads.append(_encode_word(part, value))
    return b"".join(heads + tails)


def _list(part: Type, value: object) -> Sequence[object]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise AbiEncodeError(f"{part.text}: a sequence expected, got {value!r}")
    return value


def _encode_dynamic(part: Type, value: object) -> bytes:
    if part.kind == "tuple":
        return encode(part.parts, _list(part, value))
    if part.kind == "array":
        items = _list(part, value)
        if part.size > 0:
            return encode(part.parts * part.size, items)
        return len(items).to_bytes(WORD, "big") + encode(part.parts * len(items), items)
    content = value.encode() if part.kind == "string" and isinstance(value, str) else value
    if not isinstance(content, bytes):
        raise AbiEncodeError(f"{part.text}: got {value!r}")
    return len(content).to_bytes(WORD, "big") + content + bytes(-len(content) % WORD)


def _encode_word(part: Type, value: object) -> bytes:
    kind = part.kind
    if kind in {"uint", "int"} and isinstance(value, int) and not isinstance(value, bool):
        signed = kind == "int"
        low, high = (-(1 << (part.size - 1)), 1 << (part.size - 1)) if signed else (0, 1 << part.size)
        if low <= value < high:
            return value.to_bytes(WORD, "big", signed=signed)
    elif kind == "bool" and isinstance(value, bool):
        return int(value).to_bytes(WORD, "big")
    elif kind == "address" and isinstance(value, str):
        return bytes(12) + address_bytes(value)
    elif kind == "fixed-bytes" and isinstance(value, bytes) and len(value) == part.size:
        return value + bytes(WORD - part.size)
    raise AbiEncodeError(f"{value!r} is not of type {part.text}")


@lru_cache(maxsize=8192)
def address_bytes(address: str) -> bytes:
    """Return the 20 bytes of a 0x address.

    Raises
    ------
    AbiEncodeError
        If it is no address.
    """
    try:
        raw = bytes.fromhex(address[2:])
    except ValueError:
        raw = b""
    if len(raw) != 20 or len(address) != 42 or address[:2] != "0x":
        raise AbiEncodeError(f"{address!r} is no address")
    return raw
