from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from scenarios.report import manifest as module
from scenarios.report.manifest import build_manifest

NOW = datetime(2026, 1, 2, 4, 4, 5, tzinfo=timezone(timedelta(hours=1)))


def test_says_what_was_typed_and_no_more() -> None:
    argv = ["/home/someone/.venv/bin/backstop", "replay", "my files/a.yaml", "--report", "out.html"]
    made = build_manifest(argv, "/home/someone/my files/a.yaml", b"id: a\n", now=NOW)
    assert made.command == "backstop replay 'my files/a.yaml' --report out.html"
    assert made.incident == "a.yaml"
    assert made.sha256 == hashlib.sha256(b"id: a\n").hexdigest()
    assert made.time == "2026-01-02T03:04:05Z"
    assert "someone" not in repr(made)


@pytest.mark.parametrize("program", ["-c", "", "C:\\tools\\backstop.exe", "/x/scenarios/cli/__main__.py"])
def test_program_has_its_name(program: str) -> None:
    assert build_manifest([program, "demo"], "a.yaml", b"").command == "backstop demo"


def test_lists_what_the_tool_requires() -> None:
    names = [name for name, _ in build_manifest(["backstop"], "a", b"").packages]
    assert {"numpy", "matplotlib", "networkx", "jinja2"} <= set(names)
    assert "pytest" not in names
    assert names == sorted(names, key=str.lower)


def test_time_of_a_reproducible_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1665525600")
    assert build_manifest(["backstop"], "a", b"").time == "2022-10-11T22:00:00Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    made = datetime.fromisoformat(build_manifest(["backstop"], "a", b"").time)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)


def test_commit_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")

    def run(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false")
        command = [git, "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    monkeypatch.setattr(module, "_ROOT", tmp_path)
    assert build_manifest(["backstop"], "a", b"").commit == ""
    run("init", "-q")
    assert build_manifest(["backstop"], "a", b"").commit == ""  # nothing committed yet
    (tmp_path / "file").write_text("one")
    run("add", "file")
    run("commit", "-q", "-m", "one")
    head = run("rev-parse", "HEAD")
    assert build_manifest(["backstop"], "a", b"").commit == head
    (tmp_path / "file").write_text("two")
    assert build_manifest(["backstop"], "a", b"").commit == f"{head}+"
