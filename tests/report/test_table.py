from __future__ import annotations

import io
import re

import pytest

from hostile_replay import HOSTILE
from sample_replay import SAMPLE
from scenarios.report.table import Color, print_outcomes, terminal
from scenarios.result import Replay

ESCAPE = "\x1b["


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(
    replay: Replay, color: Color = "never", width: int = 110, stream: io.StringIO | None = None
) -> str:
    stream = stream or io.StringIO()
    print_outcomes(replay, terminal(color, stream=stream, width=width))
    return stream.getvalue()


def test_rows_and_reasons() -> None:
    text = printed(SAMPLE)
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert rows["Outcome"] == ["Outcome", "Published", "Replayed", "Deviation", "Verdict"]
    assert rows["bad_debt"] == ["bad_debt", "[USD]", "115,000,000", "108,442,119", "-5.70", "%", "outside"]
    assert rows["least_price_of_first_withdrawal"][2:] == ["-", "0.167349", "-", "predicted"]
    assert rows["returned_after_vote"][2:] == ["67,000,000", "-", "-", "not", "replayed"]
    assert "missing fact (returned_after_vote): the settlement is a vote" in text
    assert "outside (bad_debt): the published figure counts" in text
    assert text.rstrip().endswith("1 not replayed for want of a fact.")


@pytest.mark.parametrize("width", [20, 50, 83, 84, 90, 120, 200])
def test_every_width_keeps_every_digit(width: int) -> None:
    text = printed(SAMPLE, width=width)
    for number in ("488,302,109", "425,701,779", "115,386,512", "-5.70 %", "0.167349", "not replayed"):
        assert number in text
    table = text.split("outside (bad_debt)")[0]
    assert max(map(len, table.splitlines())) <= max(width, 26)


@pytest.mark.parametrize(
    ("color", "no_color", "tty", "coloured"),
    [
        ("auto", "", True, True),
        ("auto", "1", True, False),
        ("auto", "", False, False),
        ("always", "1", False, True),
        ("never", "", True, False),
    ],
)
def test_colour(
    color: Color, no_color: str, tty: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    text = printed(SAMPLE, color, stream=Tty() if tty else io.StringIO())
    assert (f"{ESCAPE}31m" in text or f"{ESCAPE}1;31m" in text) == coloured
    assert (ESCAPE in text) == coloured


@pytest.mark.parametrize("width", [40, 110])
def test_hostile_names_reach_the_terminal_as_text(width: int) -> None:
    text = printed(HOSTILE, width=width)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "425,701,779" in text


def test_a_terminal_without_unicode() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_outcomes(HOSTILE, terminal("never", stream=stream, width=100))
    stream.flush()
    assert b"425,701,779" in raw.getvalue()


def test_no_outcome() -> None:
    empty = Replay("x", "x", "x", "x", "x", (), "x", ())
    assert printed(empty) == "x\nThe incident file asks for no figure.\n"
