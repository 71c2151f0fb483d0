"""Progress of a study: a line with the time left on a terminal, nothing in a pipe, JSON lines on request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Literal, Protocol, TextIO

Mode = Literal["auto", "silent", "terminal", "json"]
_WIDTH = 30
_INTERVAL = 0.1


class Progress(Protocol):
    """Told how far a study is."""

    def update(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` runs are finished, resumed ones included."""
        ...

    def close(self) -> None:
        """Say that no more will come."""
        ...


def choose_progress(mode: Mode, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Return the progress for a stream: ``auto`` shows a line on a terminal and nothing elsewhere."""
    if mode == "json":
        return JsonProgress(stream, clock)
    if mode == "terminal" or (mode == "auto" and stream.isatty()):
        return TerminalProgress(stream, clock)
    return SilentProgress()


class SilentProgress:
    """Say nothing."""

    def update(self, done: int, total: int) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Say nothing."""


class _Timed:
    """Knows the pace since the first update, so that resumed runs do not flatter it."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._first: int | None = None
        self._shown = -1.0
        self._finished = -1

    def _due(self, done: int, total: int) -> bool:
        """Say whether to write now: not more than ten times a second, the end always and once."""
        now = self._clock()
        if self._first is None:
            self._first = done
        if done == total:
            due = self._finished != total
            self._finished = total
            return due
        if self._shown >= 0.0 and now - self._shown < _INTERVAL:
            return False
        self._shown = now
        return True

    def _times(self, done: int, total: int) -> tuple[float, float | None]:
        """Return seconds passed and seconds left; None while there is no pace."""
        passed = self._clock() - self._began
        fresh = done - (self._first or 0)
        if done >= total:
            return passed, 0.0
        if fresh <= 0 or passed <= 0.0:
            return passed, None
        return passed, passed * (total - done) / fresh


class TerminalProgress(_Timed):
    """One line, written over itself."""

    def update(self, done: int, total: int) -> None:
        """Draw the line."""
        if not self._due(done, total):
            return
        passed, left = self._times(done, total)
        share = done / total if total else 1.0
        bar = "#" * int(share * _WIDTH)
        ahead = "time left unknown" if left is None else f"{duration(left)} left"
        text = f"[{bar:<{_WIDTH}}] {share:4.0%} {done:,} of {total:,} runs, {duration(passed)}, {ahead}"
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._first is not None:
            self._stream.write("\n")
            self._stream.flush()


class JsonProgress(_Timed):
    """One JSON document a line."""

    def update(self, done: int, total: int) -> None:
        """Write the line."""
        if not self._due(done, total):
            return
        passed, left = self._times(done, total)
        event = {
            "event": "progress",
            "done": done,
            "total": total,
            "elapsed_seconds": round(passed, 3),
            "seconds_left": None if left is None else round(left, 3),
        }
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""


def duration(seconds: float) -> str:
    """Return a duration in words short enough for a line."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60:02d} min"
