"""Results as CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import polars
import pytest

from protocol.errors import MissingExtraError
from protocol_texts import changed
from scenarios.cli.main import main
from scenarios.report import tables
from scenarios.report.manifest import build_manifest
from scenarios.report.tables import Table, run_tables, stress_tables, write_tables
from scenarios.simulation.run import run_path
from scenarios.simulation.stress import stress

MANIFEST = build_manifest(["backstop"], "x.yaml", b"", seed="7")
ODD = Table(
    "odd",
    ("name", "whole", "figure", "empty"),
    [('a "b", c\nd', 10**30, Decimal("0.1"), None), ("=1+1", 2, Decimal("1E-30"), None)],
)


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_csv_keeps_every_digit(tmp_path: Path) -> None:
    write_tables(tmp_path, [ODD], "csv", MANIFEST)
    first, second = read_csv(tmp_path / "odd.csv")
    assert first == {"name": 'a "b", c\nd', "whole": str(10**30), "figure": "0.1", "empty": ""}
    assert Decimal(second["figure"]) == Decimal("1E-30")


def test_parquet_has_the_same_figures_as_floats(tmp_path: Path) -> None:
    result = run_path(changed("perpetual-crash"))
    write_tables(tmp_path, [*run_tables(result), ODD], "csv", MANIFEST)
    files = write_tables(tmp_path, [*run_tables(result), ODD], "parquet", MANIFEST)
    assert len(files) == 8
    for file in files[:-1]:
        frame, rows = polars.read_parquet(file), read_csv(file.with_suffix(".csv"))
        assert frame.height == len(rows)
        for name in frame.columns:
            for cell, row in zip(frame[name], rows, strict=True):
                shown = row[name]
                assert (cell is None and shown == "") or cell == shown or float(cell) == float(shown)


def test_every_run_of_a_stress_test_is_a_row(tmp_path: Path) -> None:
    file = changed("lending-crash", run={"steps": 2, "step_seconds": 3600, "runs": 4})
    result = stress(file)
    write_tables(tmp_path, stress_tables(result), "csv", MANIFEST)
    rows = read_csv(tmp_path / "runs.csv")
    assert [row["run"] for row in rows] == ["0", "1", "2", "3"]
    assert [Decimal(row["liquidated"]) for row in rows] == [each.liquidated for each in result.rows]


@pytest.mark.parametrize(
    ("words", "names", "runs"),
    [
        (["run", "perpetual-crash"], {"metrics", "gains", "series", "health", "contagion", "events"}, None),
        (["stress", "perpetual-crash", "--runs", "2"], {"estimates", "runs"}, 2),
        (["compare", "perpetual-crash", "perpetual-crash", "--runs", "2"], {"comparison"}, 2),
        (
            ["sweep", "perpetual-crash", "--runs", "2", "--set", "liquidation.bonus=0.005,0.01"],
            {"settings"},
            2,
        ),
        (
            ["attack", "four-samples", "--generations", "1"],
            {"answer", "parameters", "paid", "events"},
            None,
        ),
    ],
)
def test_every_command_writes_tables_with_a_manifest(
    words: list[str], names: set[str], runs: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "made" / "here"
    assert main([*words, "--seed", "5", "--tables", str(folder)]) in {0, 1}
    assert "tables: " in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {f"{name}.csv" for name in names} | {"manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == "5"
    assert manifest.get("runs") == runs
    assert len(manifest["sha256"]) == 64


def test_parquet_without_polars_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError):
        write_tables(tmp_path, [ODD], "parquet", MANIFEST)
    assert main(["run", "no-such", "--tables", str(tmp_path / "t"), "--table-format", "parquet"]) == 2
    assert "install backstop[data]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
