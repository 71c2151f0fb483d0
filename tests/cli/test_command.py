"""The command line as a user meets it: exit codes, streams, one JSON document, start-up."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.cli.main import main
from scenarios.files.library import list_incidents

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "scenarios/incidents/facts"
HEAVY = ("numpy", "pydantic", "networkx", "eth_abi", "web3", "matplotlib", "rich", "yaml")
HELP_CPU_SECONDS = 0.060


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code, out, _ = run(capsys, *words, "--json")
    parsed = json.loads(out)
    assert set(parsed) == {"schema_version", "success", "data", "errors", "warnings"}
    assert parsed["success"] is (code == 0)
    for message in (*parsed["errors"], *parsed["warnings"]):
        assert set(message) == {"level", "code", "message", "details"}
    return code, parsed


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom scenarios.cli.main import main\ncode = main(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "usage: backstop" in done.stdout
    assert done.stderr.strip() == "[]"


def test_help_takes_little_cpu() -> None:
    """The least of several runs, against a bare interpreter in the same minute plus a margin."""
    program = [
        sys.executable,
        "-c",
        "import sys; from scenarios.cli.main import main; sys.exit(main(['--help']))",
    ]

    def cpu(command: list[str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            command, stdout=subprocess.DEVNULL, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    ours = min(cpu(program) for _ in range(8))
    bare = min(cpu([sys.executable, "-c", "pass"]) for _ in range(8))
    assert ours < max(HELP_CPU_SECONDS, 6 * bare)


@pytest.mark.parametrize("name", list_incidents())
def test_replay_as_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, parsed = document(capsys, "replay", name)
    assert code == 0
    data = parsed["data"]
    assert isinstance(data, dict)
    assert data["incident"] == name
    for row in data["outcomes"]:
        assert {"name", "unit", "replayed", "published", "deviation", "tolerance", "within", "source"} <= set(
            row
        )
        for key in ("replayed", "published", "deviation"):
            values = row[key].values() if isinstance(row[key], dict) else [row[key]]
            assert all(value is None or isinstance(value, str) for value in values)
    numbers = [posting["amount"] for record in data["transactions"] for posting in record["postings"]]
    assert all(isinstance(number, str) or abs(number) < 1 << 53 for number in numbers)


def test_a_file_replays_like_its_bundled_form(capsys: pytest.CaptureFixture[str]) -> None:
    bundled = run(capsys, "replay", "resupply-2025-06-26", "--json")[1]
    path = str(FACTS / "resupply-2025-06-26.yaml")
    assert run(capsys, "replay", path, "--json")[1] == bundled


def test_an_outcome_out_of_tolerance_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (FACTS / "bzx1-2020-02-15.yaml").read_text()
    path = tmp_path / "bzx1-2020-02-15.yaml"
    path.write_text(text.replace("value: 51.345576", "value: 52"))
    code, out, _ = run(capsys, "replay", str(path))
    assert code == 1
    assert "outside" in out
    assert document(capsys, "replay", str(path))[0] == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("replay", "mango"), 2, "no bundled incident"),
        (("replay", "no/such/file.yaml"), 2, "no such file"),
        (("replay",), 2, "required"),
        (("frobnicate",), 2, "invalid choice"),
        (("replay", "mango-2022-10-11", "--report", "x.pdf"), 2, "must end in .html or .md"),
        (("validate", "no/such/file.yaml"), 2, "no such file"),
    ],
)
def test_usage_errors(
    words: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = run(capsys, *words)
    assert (got, out) == (code, "")
    assert says in err
    assert err.count("error:") == 1
    got, parsed = document(capsys, *words)
    assert got == code
    assert says in str(parsed["errors"])


BAD = {
    "a missing field": ("protocol: Warp Finance\n", "", "protocol"),
    "an extra field": ("chain: ethereum\n", "chain: ethereum\nchian: ethereum\n", "chian"),
    "a wrong unit": ("unit: LP, tolerance_abs", "unit: PL, tolerance_abs", "PL"),
    "a negative amount": ("asset: USDC, amount: 3917983", "asset: USDC, amount: -3917983", "-3917983"),
    "not a number": ("asset: USDC, amount: 3917983", "asset: USDC, amount: .nan", "nan"),
    "a step that needs more than is there": (
        "asset: USDC, amount: 3917983",
        "asset: USDC, amount: 39179830",
        "cash of",
    ),
    "an unknown venue": (
        "action: swap, venue: uniswap_v2_dai_weth, sell: WETH",
        "action: swap, venue: uniswap_v2_dai_wet, sell: WETH",
        "uniswap_v2_dai_wet",
    ),
    "an unknown action": ("action: supply, asset: LP", "action: suply, asset: LP", "supply"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_bad_input_gets_one_clear_error_and_leaves_nothing(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, says = BAD[case]
    text = (FACTS / "warp-2020-12-17.yaml").read_text()
    assert old in text
    path = tmp_path / "warp-2020-12-17.yaml"
    path.write_text(text.replace(old, new, 1))
    report = tmp_path / "out" / "report.html"
    code, out, err = run(capsys, "replay", str(path), "--report", str(report))
    assert code == 2
    assert out == ""
    assert says in err
    assert err.startswith(f"error: {path}")
    assert not report.parent.exists()
    assert document(capsys, "replay", str(path))[0] == 2


def test_a_report_is_written_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("r.html", "r.md"):
        code, out, err = run(capsys, "replay", "warp-2020-12-17", "--report", str(tmp_path / name))
        assert code == 0
        assert "lp_minted" in out
        assert name in err
        assert (tmp_path / name).stat().st_size > 2_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "r.md"]
    code, out, _ = run(capsys, "replay", "warp-2020-12-17", "--md")
    assert out.startswith("# ")


def test_an_unwritable_report_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, "replay", "warp-2020-12-17", "--report", str(tmp_path / "file" / "r.html"))
    assert code == 2
    assert "cannot write" in err


def test_lists_schema_doctor_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    _, parsed = document(capsys, "incidents")
    assert [row["id"] for row in parsed["data"]["incidents"]] == list(list_incidents())  # type: ignore[index,call-overload]
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert json.loads(out)["$defs"]
    code, parsed = document(capsys, "doctor")
    assert code == 0
    assert run(capsys, "--version")[1].startswith("backstop ")
    assert "usage" in run(capsys)[1]
    code, parsed = document(capsys, "validate", *list_incidents())
    assert code == 0


def test_an_internal_error_is_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode() -> tuple[str, ...]:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("scenarios.cli.incidents.list_incidents", explode)
    code, out, err = run(capsys, "incidents")
    assert (code, out) == (70, "")
    assert "by design" in err
    assert "-vv" in err
    with pytest.raises(ZeroDivisionError):
        main(["incidents", "-vv"])


def test_an_interrupt_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> tuple[str, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr("scenarios.cli.incidents.list_incidents", interrupt)
    assert run(capsys, "incidents")[0] == 130


def test_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "demo.html"
    code, out, _ = run(capsys, "demo", "--report", str(report))
    assert code == 0
    assert "matched_position" in out
    assert out.rstrip().endswith(f"report: {report}")
    assert report.exists()


def test_oracle_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "cost.html"
    code, out, _ = run(capsys, "oracle", "cost", "median-with-thin-twap", "--report", str(page))
    assert code == 1
    assert "Loss" in out
    assert "Capital" in out
    assert page.stat().st_size > 10_000
    code, parsed = document(capsys, "oracle", "cost", "median-with-thin-twap")
    assert code == 1
    assert parsed["data"]["rows"]  # type: ignore[index,call-overload]
    assert run(capsys, "oracle", "cost", "nothing.yaml")[0] == 2


def test_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = ROOT / "tests/vectors/oracles"
    code, parsed = document(capsys, "verify", str(vectors / "uniswap_v2_cumulative.json.gz"))
    assert code == 0
    (row,) = parsed["data"]["files"]  # type: ignore[index,call-overload]
    assert (row["mismatched"], row["first_mismatch"]) == (0, None)
    assert row["cases"] == row["matched"] > 0
    with gzip.open(vectors / "uniswap_v2_cumulative.json.gz") as stream:
        data = json.load(stream)
    data["cases"][0]["steps"][-1][-1] = "0x1"
    wrong = tmp_path / "uniswap_v2_cumulative_9.json"
    wrong.write_text(json.dumps(data))
    code, out, err = run(capsys, "verify", str(wrong))
    assert code == 4
    assert "mismatch" in err
    assert "mismatched" in out


def test_other_readers_are_in_json_and_on_request_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _, parsed = document(capsys, "replay", "warp-2020-12-17")
    data = parsed["data"]
    assert isinstance(data, dict)
    first, fair, *_ = data["counterfactuals"]
    assert (first["name"], first["verdict"]) == ("as deployed", "pays")
    assert (fair["kind"], fair["verdict"], fair["refused_at_step"]) == ("fair LP price", "refused", 5)
    assert fair["profit"] is None
    _, plain, _ = run(capsys, "replay", "warp-2020-12-17")
    assert "Other readers" not in plain
    _, asked, _ = run(capsys, "replay", "warp-2020-12-17", "--counterfactuals")
    assert asked.startswith(plain)
    assert "refused at step 5 2 sqrt(k p0 p1) at the same prices (fair LP price)" in asked


def test_options_are_not_abbreviated_and_json_is_answered_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "incidents", "--js")
    assert (code, out) == (2, "")
    assert "--js" in err
    code, out, _ = run(capsys, "replay", "mango-2022-10-11", "--json=1")
    assert code == 2
    assert json.loads(out)["success"] is False


def test_a_report_of_a_file_by_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, page = FACTS / "warp-2020-12-17.yaml", tmp_path / "page.html"
    code, out, _ = run(capsys, "replay", str(path), "--md", "--report", str(page))
    assert code == 0
    assert out.startswith("# Warp Finance")
    assert path.name in page.read_text()
