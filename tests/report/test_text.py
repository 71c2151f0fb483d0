from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.report.measure import fit, width_of, wrap
from scenarios.report.text import plain, shorten

ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain <b>", "plain <b>"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("שלום 漢字 é", "שלום 漢字 é"),
        ("Z" + "\u0301" * 4, "Z" + "\u0301" * 3 + "\\u0301"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(ANY)
def test_plain_text_is_visible_encodable_and_stays(text: str) -> None:
    shown = plain(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert plain(shown) == shown
    shown.encode()


@given(ANY, st.integers(2, 20))
def test_shorten(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == plain(text) or short.endswith("…")


@pytest.mark.parametrize("text", ["W" * 300, "i" * 300, "漢" * 50, "short", "", "two words " * 30])
def test_fit_and_wrap_stay_inside(text: str) -> None:
    assert width_of(fit(text, 100, 9), 9) <= 100.001
    lines = wrap(text, 100, 9, "bold")
    assert len(lines) <= 2
    assert all(width_of(line, 9, "bold") <= 100.001 for line in lines)
    if text == "short":
        assert lines == ["short"]
    assert width_of("W", 9, "bold") > width_of("i", 9) > 0
