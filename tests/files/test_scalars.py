"""One scalar, exactly, in every format."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scenarios.files.document import parse_document
from scenarios.files.scalars import ScalarError, read_decimal_text, read_plain

READ = [
    ("1", 1),
    ("-20", -20),
    ("+7", 7),
    ("0", 0),
    ("0.1", Decimal("0.1")),
    ("1.", Decimal("1")),
    (".5", Decimal("0.5")),
    ("1e18", Decimal("1E+18")),
    ("1.0e-7", Decimal("1.0E-7")),
    ("1.0e+12", Decimal("1.0E+12")),
    ("0.30", Decimal("0.30")),
    ("374.385477084842174221", Decimal("374.385477084842174221")),
    (str(2**256 - 1), 2**256 - 1),
    ("true", True),
    ("FALSE", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("no", "no"),
    ("on", "on"),
    ("yes", "yes"),
    ("ON", "ON"),
    ("12:30:00", "12:30:00"),
    ("2020-02-18", "2020-02-18"),
    ("2020-12-17T22:24:41Z", "2020-12-17T22:24:41Z"),
    ("1_000", "1_000"),
    ("1e", "1e"),
    ("3CRV", "3CRV"),
    ("0x12 (price move)", "0x12 (price move)"),
    ("-", "-"),
    ("...", "..."),
    ("nan", "nan"),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_plain_scalar(text: str, expected: object) -> None:
    got = read_plain(text)
    assert got == expected
    assert type(got) is type(expected)
    assert str(got) == str(expected)  # 0.30 keeps its digits


@pytest.mark.parametrize(
    ("text", "code", "suggestion"),
    [
        ("0010", "leading-zero", "10"),
        ("-007", "leading-zero", "-7"),
        ("00.5", "leading-zero", "0.5"),
        (".nan", "not-finite", None),
        (".NaN", "not-finite", None),
        ("-.inf", "not-finite", None),
        ("+.INF", "not-finite", None),
        ("0o17", "unquoted-address", '"0o17"'),
        ("0x1F", "unquoted-address", '"0x1F"'),
        ("0x" + "0" * 40, "unquoted-address", '"0x' + "0" * 40 + '"'),
        ("1" * 121, "number-size", None),
        ("1e121", "number-size", None),
        ("1e-121", "number-size", None),
        ("1e99999999999999999999999", "number-size", None),
        ("1" * 100_000, "number-size", None),
    ],
)
def test_scalar_that_cannot_be_read(text: str, code: str, suggestion: str | None) -> None:
    with pytest.raises(ScalarError) as caught:
        read_plain(text)
    assert (caught.value.code, caught.value.suggestion) == (code, suggestion)


def test_address_error_says_quote_it() -> None:
    with pytest.raises(ScalarError, match=r"an address without quotes .* quote it"):
        read_plain("0xbEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7")


@pytest.mark.parametrize("value", [True, None, "x", "0x10", "NaN", "1" * 200, [1]])
def test_no_number_hides_in_these(value: object) -> None:
    assert read_decimal_text(value) is None


LARGEST = 2**256 - 1
integers = st.integers(-LARGEST, LARGEST)
# Up to 78 digits and 36 places: every uint256 in tokens of up to 36 decimals.
decimals = st.builds(lambda digits, places: Decimal(f"{digits}e-{places}"), integers, st.integers(0, 36))


def read_in_every_format(number: str) -> list[object]:
    texts = {"a.yaml": f"x: {number}", "a.json": f'{{"x": {number}}}', "a.toml": f"x = {number}"}
    return [parse_document(text.encode(), file).data["x"] for file, text in texts.items()]


@given(integers | st.integers(-20, 20))
def test_integers_survive_every_format(number: int) -> None:
    for got in read_in_every_format(str(number)):
        assert type(got) is int
        assert got == number


@given(decimals)
def test_decimals_survive_every_format(number: Decimal) -> None:
    written = str(number) if "E" in str(number) or "." in str(number) else f"{number}.0"
    for got in read_in_every_format(written):
        assert isinstance(got, Decimal)
        assert got == number
        assert str(got) == written


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e90, max_value=1e90))
def test_a_float_s_shortest_text_is_read_as_written(number: float) -> None:
    assume(number == 0 or abs(number) > 1e-90)
    for got in read_in_every_format(repr(number)):
        assert isinstance(got, Decimal)
        assert got == Decimal(repr(number))
        assert float(got) == number
