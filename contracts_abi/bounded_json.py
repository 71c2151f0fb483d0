"""JSON from untrusted hands: nesting is bounded, whatever the process has done to the recursion limit.

The parser recurses in C under Python's recursion limit. Some libraries raise that limit for the whole process
(web3's cryptography does), after which a few thousand brackets overflow the C stack and end the process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from threading import Lock

MAX_NESTING = 900
"""Levels allowed beyond the caller's own stack; deeper text is refused with ``RecursionError``."""

_LOCK = Lock()


def loads(text: str | bytes, *, parse_float: Callable[[str], object] | None = None) -> object:
    """Parse JSON.

    Raises
    ------
    ValueError
        The text is not JSON.
    RecursionError
        It nests deeper than ``MAX_NESTING``.
    """
    with _LOCK:  # the limit belongs to the process, so two threads must not restore each other's
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(min(before, _depth() + MAX_NESTING))
        try:
            return json.loads(text, parse_float=parse_float)
        finally:
            sys.setrecursionlimit(before)


def _depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame is not None:
        depth += 1
        frame = frame.f_back  # type: ignore[assignment] # the outermost frame's is None
    return depth
