"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from protocol.errors import BackstopError


class CannotWriteError(BackstopError):
    """A report could not be written; whatever stood at the path before is untouched."""

    code = "cannot-write"
    exit_code = 2

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot write {path}: {reason}", path=str(path), reason=reason)


def _mode(path: Path) -> int:
    """Return the permissions the file should have: those it has, else those a plain ``open`` would give."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write ``content`` beside ``path`` and rename it over, making missing folders.

    A reader sees the old file or the new one. Symbolic links are followed; a device or pipe is written
    directly.

    Raises
    ------
    CannotWriteError
        Nothing was replaced and no temporary file remains.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        target = path.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(target)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CannotWriteError(path, reason) from error
