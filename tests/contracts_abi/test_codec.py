"""The codec against eth-abi as an independent writer, and against every way of being not canonical."""

from __future__ import annotations

from typing import Any

import eth_abi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts_abi.bulk import decode_equal_answers
from contracts_abi.codec import decode, encode
from contracts_abi.errors import AbiDecodeError, AbiEncodeError, AbiTypeError
from contracts_abi.families import chainlink_proxy, multicall3, uniswap_v2
from contracts_abi.types import Type, parse_types

ELEMENTARY = ["uint8", "uint80", "uint256", "int8", "int24", "int256", "address", "bool", "bytes4", "bytes32"]


def type_texts() -> st.SearchStrategy[str]:
    def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            inner.map(lambda t: f"{t}[]"),
            st.tuples(inner, st.integers(1, 3)).map(lambda p: f"{p[0]}[{p[1]}]"),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({','.join(parts)})"),
        )

    return st.recursive(st.sampled_from([*ELEMENTARY, "bytes", "string"]), compound, max_leaves=5)


def values_of(part: Type) -> st.SearchStrategy[Any]:
    match part.kind:
        case "uint":
            return st.integers(0, (1 << part.size) - 1)
        case "int":
            return st.integers(-(1 << (part.size - 1)), (1 << (part.size - 1)) - 1)
        case "address":
            return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
        case "bool":
            return st.booleans()
        case "fixed-bytes":
            return st.binary(min_size=part.size, max_size=part.size)
        case "bytes":
            return st.binary(max_size=70)
        case "string":
            return st.text(max_size=30)
        case "tuple":
            return st.tuples(*map(values_of, part.parts))
        case _:
            low, high = (part.size, part.size) if part.size > 0 else (0, 3)
            return st.lists(values_of(part.parts[0]), min_size=low, max_size=high).map(tuple)


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[list[str], tuple[Any, ...]]:
    texts = draw(st.lists(type_texts(), min_size=1, max_size=4))
    types = [parse_types(f"({text})")[0] for text in texts]
    return texts, tuple(draw(values_of(part)) for part in types)


@given(typed_values())
@settings(max_examples=300, deadline=None)
def test_same_bytes_as_eth_abi_and_back(case: tuple[list[str], tuple[Any, ...]]) -> None:
    texts, values = case
    types = parse_types(f"({','.join(texts)})")
    theirs = eth_abi.encode([part.text for part in types], values)
    assert encode(types, values) == theirs
    assert decode(types, theirs) == values


@given(typed_values(), st.data())
@settings(max_examples=300, deadline=None)
def test_one_changed_byte_is_refused_or_is_another_value(
    case: tuple[list[str], tuple[Any, ...]], data: st.DataObject
) -> None:
    texts, values = case
    types = parse_types(f"({','.join(texts)})")
    good = encode(types, values)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        other = decode(types, bad)
    except AbiDecodeError:
        return
    assert other != values
    assert encode(types, other) == bad  # accepted, so it is the canonical encoding of what was returned


def test_trailing_bytes_dirty_words_and_short_answers_are_refused() -> None:
    types = parse_types("(uint80,bool,bytes4,address)")
    good = encode(types, (1, True, b"abcd", "0x" + "11" * 20))
    for bad in (good + bytes(32), good[:-1], b"", b"\1" + good[1:], good[:32] + b"\1" + good[33:]):
        with pytest.raises(AbiDecodeError):
            decode(types, bad)


def test_aliased_pointers_are_refused_at_once() -> None:
    # 4000 array elements that all point at one 128 kB string: 500 MB if followed.
    content = bytes(128_000)
    count = 4000
    heads = b"".join((count * 32).to_bytes(32, "big") for _ in range(count))
    one = (32).to_bytes(32, "big") + count.to_bytes(32, "big") + heads
    bomb = one + len(content).to_bytes(32, "big") + content
    with pytest.raises(AbiDecodeError):
        decode(parse_types("(bytes[])"), bomb)


def test_announced_lengths_are_held_against_the_bytes_there() -> None:
    huge = (32).to_bytes(32, "big") + (1 << 62).to_bytes(32, "big")
    for text in ("(uint256[])", "(bytes)", "(string)", "((uint8,bytes)[])", "(uint256[][][][])"):
        with pytest.raises(AbiDecodeError):
            decode(parse_types(text), huge)


@pytest.mark.parametrize(
    "text", ["(uint7)", "(bytes33)", "(uint256[0])", "(())", "(foo)", "(uint8", "(uint8)x"]
)
def test_type_texts_that_are_refused(text: str) -> None:
    with pytest.raises(AbiTypeError):
        parse_types(text)


def test_depth_is_bounded() -> None:
    with pytest.raises(AbiTypeError):
        parse_types("(" * 40 + "uint8" + ")" * 40)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int8", 128),
        ("uint256", True),
        ("bool", 1),
        ("address", "0x1234"),
        ("bytes4", b"abc"),
        ("uint8[]", 5),
        ("bytes", "text"),
    ],
)
def test_values_that_do_not_fit(text: str, value: object) -> None:
    with pytest.raises(AbiEncodeError):
        encode(parse_types(f"({text})"), (value,))


def test_event_fields_come_from_topics_and_data() -> None:
    event = uniswap_v2.EVENT_SWAP
    topics = (bytes.fromhex(event.topic_hex), bytes(12) + b"\1" * 20, bytes(12) + b"\2" * 20)
    fields = event.decode(topics, encode(parse_types("(uint256,uint256,uint256,uint256)"), (1, 2, 3, 4)))
    assert fields["sender"] == "0x" + "01" * 20
    assert fields["to"] == "0x" + "02" * 20
    assert [fields[f"amount{n}"] for n in ("0In", "1In", "0Out", "1Out")] == [1, 2, 3, 4]
    with pytest.raises(AbiDecodeError):
        event.decode(topics[:2], b"")


def aggregate(answers: list[tuple[bool, bytes]]) -> bytes:
    return eth_abi.encode(["(bool,bytes)[]"], [answers])


ROUND = [part.text for part in chainlink_proxy.LATEST_ROUND_DATA.outputs]


@given(
    st.lists(st.tuples(*map(values_of, chainlink_proxy.LATEST_ROUND_DATA.outputs)), min_size=1, max_size=20)
)
@settings(max_examples=100, deadline=None)
def test_bulk_equals_scalar(rows: list[tuple[int, ...]]) -> None:
    answer = aggregate([(True, eth_abi.encode(ROUND, row)) for row in rows])
    columns = decode_equal_answers(chainlink_proxy.LATEST_ROUND_DATA.outputs, answer, len(rows))
    assert columns is not None
    assert len(columns) == len(rows)
    for number in range(5):
        assert columns.integers(number) == [row[number] for row in rows]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_bulk_is_as_strict_as_scalar(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from(ELEMENTARY), min_size=1, max_size=5))
    types = parse_types(f"({','.join(texts)})")
    rows = data.draw(st.lists(st.tuples(*map(values_of, types)), min_size=1, max_size=4))
    answer = aggregate([(True, eth_abi.encode([part.text for part in types], row)) for row in rows])
    at = data.draw(st.integers(0, len(answer) - 1))
    bad = (
        answer[:at]
        + bytes([answer[at] ^ data.draw(st.sampled_from([1, 2, 32, 64, 128, 255]))])
        + answer[at + 1 :]
    )
    columns = decode_equal_answers(types, bad, len(rows))
    try:
        outer = multicall3.AGGREGATE3.decode(bad)[0]
        assert isinstance(outer, tuple)
        scalar = [decode(types, content) for success, content in outer if success]  # type: ignore[misc,union-attr]
    except AbiDecodeError:
        assert columns is None
        return
    assert (columns is not None) == (len(scalar) == len(rows))


def test_bulk_leaves_failures_and_dynamic_types_to_the_scalar_codec() -> None:
    word = parse_types("(uint256)")
    assert decode_equal_answers(word, aggregate([(False, bytes(32))]), 1) is None
    assert decode_equal_answers(parse_types("(bytes)"), aggregate([(True, bytes(32))]), 1) is None
    assert decode_equal_answers(word, aggregate([]), 0) is None
