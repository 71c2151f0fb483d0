from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.report.numbers import COMMA, THIN, deviation, exact, human, tolerance_text, whole
from scenarios.result import Tolerance

ANY = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=Decimal("-1e60"), max_value=Decimal("1e60")
)
AMOUNTS = st.integers(-(2**255), 2**256 - 1)
DECIMALS = st.integers(0, 36)
DEVIATIONS = st.decimals("-5", "5", places=12)
LIMITS = st.decimals("0", "1", places=4)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0.00", "0"),
        ("0.0382", "0.0382"),
        ("4999998.95", "4,999,998.95"),
        ("488302109", "488,302,109"),
        ("123456789012345678", "123,456,789,012,345,678"),
        ("115386512.4127", "115,386,512"),
        ("0.16734912553", "0.167349"),
        ("1.99999999999", "2.00000"),
        ("-99999.123456789", "-99,999.1"),
        ("2.5E+3", "2,500"),
        ("1.23456789E-12", "1.23457e-12"),
        ("1E+30", "1e+30"),
        ("Infinity", "∞"),
        ("-Infinity", "-∞"),
        ("NaN", "not a number"),
    ],
)
def test_human(value: str, text: str) -> None:
    assert human(Decimal(value)) == text


@given(ANY)
def test_human_is_exact_where_short_and_close_elsewhere(value: Decimal) -> None:
    read = Decimal(human(value).replace(",", ""))
    assert abs(read - value) <= abs(value) * Decimal("5.0001e-6")
    if len(exact(value).strip("-0.").replace(".", "").strip("0")) <= 6:
        assert read == value
    assert Decimal(human(value, THIN).replace(THIN, "")) == read


@given(ANY)
def test_exact_loses_nothing_whatever_the_context(value: Decimal) -> None:
    with localcontext(prec=3):
        text = exact(value)
    assert Decimal(text) == value


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (0, 6, "0"),
        (1, 6, "0.000001"),
        (-1, 18, "-0.000000000000000001"),
        (4_999_998_950_000, 6, "4,999,998.95"),
        (488_302_109, 0, "488,302,109"),
        (10**24, 18, "1,000,000"),
    ],
)
def test_whole(amount: int, decimals: int, text: str) -> None:
    assert whole(amount, decimals) == text


@given(AMOUNTS, DECIMALS)
def test_whole_is_exact_to_the_last_unit(amount: int, decimals: int) -> None:
    text = whole(amount, decimals, THIN).replace(THIN, "")
    assert ("-" in text) == (amount < 0)
    integer, _, fraction = text.lstrip("-").partition(".")
    assert int(integer + fraction.ljust(decimals, "0")) == abs(amount)
    assert not fraction.endswith("0")
    assert all(len(group) == 3 for group in whole(amount, decimals).lstrip("-").split(".")[0].split(",")[1:])


@pytest.mark.parametrize(
    ("value", "tolerance", "text"),
    [
        ("0", Tolerance("relative", Decimal(0)), "0 %"),
        ("0.00638718", Tolerance("relative", Decimal("0.02")), "+0.64 %"),
        ("-0.057", Tolerance("relative", Decimal("0.05")), "-5.70 %"),
        ("0.000000123", Tolerance("relative", Decimal("0.02")), "+0.000012 %"),
        # Outside by a hair: two decimals would print it as inside.
        ("0.0200004", Tolerance("relative", Decimal("0.02")), "+2.0000 %".replace("2.0000", "2.00004")),
        ("123.456", Tolerance("relative", Decimal("0.02")), "+12,345.60 %"),
        ("-1500", Tolerance("absolute", Decimal(1)), "-1,500"),
        ("0.25", Tolerance("absolute", Decimal(1)), "+0.25"),
        ("1E-30", Tolerance("absolute", Decimal(1)), "+1.00e-30"),
    ],
)
def test_deviation(value: str, tolerance: Tolerance, text: str) -> None:
    assert deviation(Decimal(value), tolerance) == text


@given(DEVIATIONS, LIMITS)
def test_a_printed_deviation_is_on_its_side_of_the_tolerance(value: Decimal, limit: Decimal) -> None:
    text = deviation(value, Tolerance("relative", limit)).removesuffix(" %").replace(COMMA, "")
    assert (abs(Decimal(text)) <= limit * 100) == (abs(value) <= limit)
    assert (Decimal(text) == 0) == (value == 0)


@pytest.mark.parametrize(
    ("tolerance", "text"),
    [
        (Tolerance("relative", Decimal("0.02")), "2 %"),
        (Tolerance("relative", Decimal("0.005")), "0.5 %"),
        (Tolerance("absolute", Decimal("2500")), "2,500"),
        (Tolerance("relative", Decimal("0.0")), "exact"),
    ],
)
def test_tolerance_text(tolerance: Tolerance, text: str) -> None:
    assert tolerance_text(tolerance) == text
