from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scenarios.report.write import CannotWriteError, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "report.html"
    write_atomically(path, "één")
    assert path.read_bytes() == "één".encode()
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["report.html"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_keeps_permissions_and_links(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    before = os.umask(0o027)
    try:
        write_atomically(target, "one")
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    target.chmod(0o604)
    link.symlink_to(target)
    write_atomically(link, "two")
    assert link.is_symlink()
    assert target.read_text() == "two"
    assert stat.S_IMODE(target.stat().st_mode) == 0o604


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_alone(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CannotWriteError, match="No space left on device") as caught:
        write_atomically(path, "new" * 1000)
    assert caught.value.code == "cannot-write"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.html"]


def test_refuses_a_folder_and_a_file_as_folder(tmp_path: Path) -> None:
    with pytest.raises(CannotWriteError):
        write_atomically(tmp_path, "text")
    (tmp_path / "file").write_text("kept")
    with pytest.raises(CannotWriteError):
        write_atomically(tmp_path / "file" / "report.html", "text")
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no device files")
def test_writes_to_a_device_directly() -> None:
    write_atomically(Path("/dev/null"), "text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    if Path("/dev/full").exists():
        with pytest.raises(CannotWriteError):
            write_atomically(Path("/dev/full"), "text")
