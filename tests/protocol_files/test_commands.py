"""The commands over protocol files: exit codes, JSON, reports, the same bytes for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.cli.main import main
from scenarios.files.protocol_checks import SHIPPED


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "open-twap"), 0),
        (("run", "perpetual-crash", "--seed", "4"), 0),
        (("stress", "lending-crash", "--runs", "2"), 0),
        (("attack", "four-samples", "--strategy", "publisher-minority", "--generations", "2"), 1),
        (("sweep", "four-samples", "--set", "listings.USDC.cash=1,2", "--runs", "1"), 0),
        (("compare", "open-twap", "open-twap", "--runs", "2"), 0),
    ],
)
def test_commands_answer_the_same_bytes_twice(
    words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first, second = run(capsys, *words, "--json"), run(capsys, *words, "--json")
    assert first == second
    assert first[0] == code
    assert json.loads(first[1])["data"]
    page = tmp_path / "page.html"
    assert run(capsys, *words, "--report", str(page))[0] == code
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "How it was made" in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_run_prints_the_event_log_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "run", "perpetual-crash", "--json")
    events = json.loads(out)["data"]["events"]
    assert {event["kind"] for event in events} >= {"publication", "position opened", "liquidation"}


def test_validate_and_schema_know_protocol_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "validate", "open-twap", "mango-2022-10-11")
    assert code == 0
    assert "protocol: An average that anyone may restart" in out
    code, out, _ = run(capsys, "schema", "--kind", "protocol")
    assert json.loads(out)["$id"] == "urn:backstop:schema:protocol:1"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("title: x\nlistings: {ETH: {cash: -1}}\n", encoding="utf-8")
    code, _, err = run(capsys, "validate", str(wrong))
    assert code == 2
    assert f"{wrong}:2:" in err


@pytest.mark.parametrize(
    "words",
    [
        ("run", "no-such-file"),
        ("run", "open-twap", "--report", "x.pdf"),
        ("stress", "open-twap", "--runs", "0"),
        ("attack", "open-twap", "--strategy", "pumpe"),
        ("run", "open-twap", "--seed", "-1"),
    ],
)
def test_wrong_usage_exits_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *words)
    assert code == 2
    assert not out
    assert err.startswith("error: ")


def test_compare_tells_two_files_of_one_title_apart(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = SHIPPED.read("four-samples").decode()
    for name, cash in (("a.yaml", ""), ("b.yaml", "# changed\n")):
        (tmp_path / name).write_text(cash + text, encoding="utf-8")
    tables = tmp_path / "tables"
    words = ("compare", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"), "--runs", "2")
    code, out, _ = run(capsys, *words, "--tables", str(tables))
    assert code == 0
    assert "a.yaml against" in out
    header = (tables / "comparison.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert len(set(header)) == len(header)


def test_an_attack_that_is_not_named_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "attack", "perpetual-crash")
    assert code == 2
    assert "which attack of this file is not said; there is none" in err
