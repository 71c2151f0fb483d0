"""The verify framework: formats, refusals, and that a wrong figure is seen."""

from __future__ import annotations

import gzip
import importlib
import json
import pkgutil
from pathlib import Path

import pytest

import scenarios.verify
from scenarios.verify import registry
from scenarios.verify.errors import NothingCheckedError, UnknownFormatError, VectorFileError
from scenarios.verify.registry import checkers, format_of
from scenarios.verify.run import exit_code, find_files, verify_paths

# One case by hand: 10 s at a price of 4 after reserves 100 and 400 were set at time 50.
CASE = {
    "init": [0, 0],
    "steps": [
        [50, 1, 100, 400, 50, "0x0", "0x0"],
        [60, 2, 200, 200, 60, hex(4 * 2**112 * 10), hex(2**112 // 4 * 10)],
    ],
}
GOOD = {"cases": [CASE]}


def write(path: Path, document: object) -> Path:
    text = json.dumps(document).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_a_matching_file_verifies(tmp_path: Path) -> None:
    (result,) = verify_paths([write(tmp_path / "uniswap_v2_cumulative.json", GOOD)])
    assert (result.cases, result.matched, result.mismatched) == (6, 6, 0)
    assert result.groups == {"blockTimestampLast": 2, "price0CumulativeLast": 2, "price1CumulativeLast": 2}
    assert exit_code([result]) == 0


def test_one_wrong_unit_is_seen_and_located(tmp_path: Path) -> None:
    wrong = json.loads(json.dumps(GOOD))
    wrong["cases"][0]["steps"][1][5] = hex(4 * 2**112 * 10 + 3)
    good = write(tmp_path / "uniswap_v2_cumulative.json", GOOD)
    bad = write(tmp_path / "uniswap_v2_cumulative_2.json", wrong)
    results = verify_paths([good, bad])
    assert [r.mismatched for r in results] == [0, 1]
    assert results[1].largest_error == 3
    assert "price0CumulativeLast cases[0].steps[1]" in str(results[1].first_mismatch)
    assert exit_code(results) == 4


@pytest.mark.parametrize(
    "name",
    [
        "uniswap_v2_cumulative.json",
        "uniswap_v2_cumulative_2.json",
        "uniswap_v2_cumulative_seed-77.json.gz",
        "Uniswap-V2-Cumulative.JSON",
    ],
)
def test_names_tell_the_format(name: str) -> None:
    assert format_of(name, {}) == "uniswap_v2_cumulative"


def test_the_format_field_wins_over_the_name() -> None:
    said = {"format": "kyber-exponential-reserve/1"}
    assert format_of("uniswap_v2_cumulative.json", said) == "kyber-exponential-reserve/1"


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("uniswap_v2_cumulativeness.json", {}),
        ("my_uniswap_v2.json", {}),
        ("uniswap_v2_cumulative.json", {"format": "kyber-exponential-reserve/2"}),
    ],
)
def test_an_unknown_format_lists_the_known_ones(name: str, document: dict[str, object]) -> None:
    with pytest.raises(UnknownFormatError) as refused:
        format_of(name, document)
    assert refused.value.exit_code == 2
    for known in checkers():
        assert known in refused.value.message


def test_folders_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    one = write(tmp_path / "uniswap_v2_cumulative.json", GOOD)
    two = write(tmp_path / "deep" / "uniswap_v2_cumulative_9.json.gz", GOOD)
    (tmp_path / "README.md").write_text("not a vector")
    assert set(find_files([tmp_path, one])) == {one, two}
    assert len(verify_paths([tmp_path, one])) == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("uniswap_v2_cumulative.json", b"{not json", "not JSON"),
        ("uniswap_v2_cumulative.json", b"\xff\xfe\xff", "not JSON"),
        ("uniswap_v2_cumulative.json", b"[" * 100_000, "not JSON"),
        ("uniswap_v2_cumulative.json", b"[1]", "a JSON object expected"),
        ("uniswap_v2_cumulative.json.gz", b"not gzip", "cannot be read"),
        ("uniswap_v2_cumulative.json.gz", gzip.compress(b"{}" * 9999, mtime=0)[:-20], "cannot be read"),
        ("uniswap_v2_cumulative.json", b"{}", "KeyError"),
        ("uniswap_v2_cumulative.json", b'{"cases": [{"init": [0], "steps": []}]}', "ValueError"),
        ("uniswap_v2_cumulative.json", b'{"cases": [{"init": [0.5, 0], "steps": []}]}', "TypeError"),
        ("uniswap_v2_cumulative.json", b'{"format": 7}', "format must be text"),
        ("curve_exp.json", b'{"cases": [[1, 0, 0]]}', "not a well-formed"),
    ],
)
def test_broken_files_are_told_apart_from_mismatches(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(VectorFileError) as refused:
        verify_paths([path])
    assert refused.value.exit_code == 2
    assert says in refused.value.message
    assert name in refused.value.message


def test_a_large_file_is_refused_even_when_it_is_compressed(tmp_path: Path) -> None:
    path = write(tmp_path / "uniswap_v2_cumulative.json.gz", {"cases": [], "padding": "0" * 100_000})
    assert path.stat().st_size < 1000
    with pytest.raises(VectorFileError, match="larger than 10000 bytes"):
        verify_paths([path], max_bytes=10_000)


def test_nothing_checked_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(NothingCheckedError) as refused:
        verify_paths([write(tmp_path / "uniswap_v2_cumulative.json", {"cases": []})])
    assert refused.value.exit_code == 2


def test_missing_paths_and_empty_folders(tmp_path: Path) -> None:
    for paths in ([tmp_path / "absent.json"], [tmp_path], []):
        with pytest.raises(VectorFileError):
            verify_paths(paths)


def test_the_table_of_modules_is_complete() -> None:
    """Each module beside the framework that exports checkers is in the table, and nothing else is."""
    names = [f"scenarios.verify.{m.name}" for m in pkgutil.iter_modules(scenarios.verify.__path__)]
    exporting = {name for name in names if hasattr(importlib.import_module(name), "CHECKERS")}
    assert exporting == set(registry.MODULES)
    assert list(registry.MODULES) == sorted(registry.MODULES)
