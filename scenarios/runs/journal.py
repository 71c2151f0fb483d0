"""The journal of a study: what is computed and where it lies, so that a killed study goes on.

A folder holds ``journal.jsonl`` (the study's identity, then one line for each finished chunk), ``chunks/``,
and at the end ``results.jsonl``, ``task.json`` (what was run) and ``manifest.json``. A chunk's file is
written whole, flushed to the disk and renamed before its line is; a line torn by a kill is cut off. Whatever
a line says is checked against the file's SHA-256 before it is believed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from scenarios.report.write import write_atomically
from scenarios.runs.errors import JournalError

FORMAT = 1
JOURNAL, CHUNKS, LOCK = "journal.jsonl", "chunks", "lock"
RESULTS, MANIFEST, DESCRIPTION = "results.jsonl", "manifest.json", "task.json"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Finished runs on the disk.

    Parameters
    ----------
    runs
        Which.
    file
        Name within the folder.
    sha256
        Of the file.
    """

    runs: range
    file: str
    sha256: str


class Journal:
    """A study's folder, open for one process at a time.

    Parameters
    ----------
    folder
        Made where it is missing.
    identity
        Hash of what decides the results; a folder of another study is refused.

    Raises
    ------
    JournalError
        Another study's folder, or one in use.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        (folder / CHUNKS).mkdir(parents=True, exist_ok=True)
        self._lock = _lock(folder)
        self._file: BufferedRandom | None = None
        try:
            self._file = self._open(identity)
            self.chunks = [chunk for chunk in self._read() if self._is_sound(chunk)]
        except BaseException:
            self.close()
            raise
        self._forget_stray_files()

    def add(self, runs: range, lines: bytes) -> Chunk:
        """Keep a chunk: its file first, then its line, both on the disk when this returns."""
        name = f"{CHUNKS}/{runs.start:012d}-{runs.stop:012d}.jsonl"
        write_atomically(self.folder / name, lines)
        chunk = Chunk(runs, name, hashlib.sha256(lines).hexdigest())
        self._append(chunk)
        self.chunks.append(chunk)
        return chunk

    def merge(self, runs: int) -> str:
        """Write ``results.jsonl`` in the order of runs from the chunks; return its SHA-256.

        One line at a time is in memory. The chunks' files are removed once the journal names the results.

        Raises
        ------
        JournalError
            A run is missing or stands twice in a row.
        """
        done = next((c for c in self.chunks if c.file == RESULTS and c.runs == range(runs)), None)
        if done is not None:
            return done.sha256
        most = max(chunk.runs.stop for chunk in self.chunks)
        if most > runs:
            raise JournalError(f"{self.folder} holds {most} runs already, {runs} are asked", held=most)
        digest = hashlib.sha256()
        fresh = self.folder / f"{RESULTS}.new"
        with fresh.open("wb") as out:
            reached = 0
            for chunk in sorted(self.chunks, key=lambda c: (c.runs.start, -c.runs.stop)):
                if chunk.runs.start > reached:
                    raise JournalError(f"run {reached} is missing", run=reached)
                with (self.folder / chunk.file).open("rb") as lines:
                    for run, line in zip(chunk.runs, lines, strict=True):
                        if run == reached < runs:
                            out.write(line)
                            digest.update(line)
                            reached += 1
            if reached < runs:
                raise JournalError(f"run {reached} is missing", run=reached)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.folder / RESULTS)
        result = Chunk(range(runs), RESULTS, digest.hexdigest())
        self._append(result)
        self.chunks = [result]
        self._forget_stray_files()
        return result.sha256

    def close(self) -> None:
        """Let another process have the folder."""
        if self._file is not None:
            self._file.close()
        self._lock.close()

    def _open(self, identity: str) -> BufferedRandom:
        """Open the journal, cut a torn last line off, and check or write its first line."""
        path = self.folder / JOURNAL
        file = path.open("a+b")
        file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
        header = {"format": FORMAT, "identity": identity, "kind": "study"}
        if not whole:
            file.write(_line(header))
            _to_disk(file)
        elif content[: content.index(b"\n") + 1] != _line(header):
            file.close()
            raise JournalError(f"{path} belongs to another study", path=str(path), identity=identity)
        return file

    def _read(self) -> Iterator[Chunk]:
        lines = (self.folder / JOURNAL).read_bytes().splitlines()[1:]
        latest: dict[str, Chunk] = {}  # results are written anew when a study is extended
        for number, line in enumerate(lines, start=2):
            try:
                entry = json.loads(line)
                chunk = Chunk(range(entry["start"], entry["stop"]), entry["file"], entry["sha256"])
            except (ValueError, KeyError, TypeError) as error:
                path = self.folder / JOURNAL
                raise JournalError(
                    f"{path}, line {number} is no chunk", path=str(path), line=number
                ) from error
            latest[chunk.file] = chunk
        yield from latest.values()

    def _is_sound(self, chunk: Chunk) -> bool:
        digest = hashlib.sha256()
        try:
            with (self.folder / chunk.file).open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
        except FileNotFoundError:
            return False
        return digest.hexdigest() == chunk.sha256

    def _append(self, chunk: Chunk) -> None:
        assert self._file is not None
        self._file.write(
            _line(
                {
                    "file": chunk.file,
                    "kind": "chunk",
                    "sha256": chunk.sha256,
                    "start": chunk.runs.start,
                    "stop": chunk.runs.stop,
                }
            )
        )
        _to_disk(self._file)

    def _forget_stray_files(self) -> None:
        """Remove what no line names: files of a kill between file and line, or of merged chunks."""
        known = {chunk.file for chunk in self.chunks}
        for path in (self.folder / CHUNKS).iterdir():
            if f"{CHUNKS}/{path.name}" not in known:
                path.unlink()
        (self.folder / f"{RESULTS}.new").unlink(missing_ok=True)


def _line(entry: dict[str, object]) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _to_disk(file: BufferedRandom) -> None:
    file.flush()
    os.fsync(file.fileno())


def _lock(folder: Path) -> BufferedRandom:
    """Lock a folder until the process ends, however it ends; a no-op where the system has no such lock."""
    file = (folder / LOCK).open("a+b")
    with contextlib.suppress(ImportError):
        import fcntl  # noqa: PLC0415 - not on every system

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise JournalError(f"{folder} is in use by another process", path=str(folder)) from error
    return file
