"""Which implementation runs: compiled kernels where numba is installed, numpy everywhere."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

LINE = 64
"""Bytes of a cache line: a vector across two of them is read twice."""


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """Return a C-contiguous copy whose first element starts a cache line."""
    room = np.empty(array.nbytes + LINE, dtype=np.uint8)
    start = -room.ctypes.data % LINE
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@lru_cache(maxsize=1)
def _compiled() -> Any:
    return import_module("protocol.margin.kernels") if find_spec("numba") else None


def kernels(fast: bool | None) -> Any:
    """Return the module of compiled kernels, or None where numpy is to be used.

    Parameters
    ----------
    fast
        True demands the kernels, False refuses them, None takes them if numba is installed.

    Raises
    ------
    ModuleNotFoundError
        If they are demanded and numba (extra ``fast``) is not installed.
    """
    if fast is False:
        return None
    module = _compiled()
    if fast and module is None:
        raise ModuleNotFoundError("compiled kernels need numba: install the extra 'fast'", name="numba")
    return module


def in_ranges(work: Callable[[int, int], None], count: int, workers: int = 1, least: int = 4096) -> None:
    """Run ``work(first, last)`` over [0, count), cut into one range per worker thread.

    The result does not depend on the number of workers: ranges write to places of their own. ``least`` is the
    size below which a range is not worth a thread.
    """
    workers = max(1, min(workers, count // max(least, 1)))
    if workers == 1:
        work(0, count)
        return
    edges = [count * part // workers for part in range(workers + 1)]
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, *edge) for edge in pairwise(edges)]:
            done.result()
