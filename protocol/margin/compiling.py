"""How kernels are compiled, and the constants of masks that they share. Importing it imports numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

ONE, NONE, ALL, PART_BITS = np.uint64(1), np.uint64(0), np.uint64(2**64 - 1), np.uint64(255)
jit: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")
inlined: Callable[..., Any] = njit(inline="always", error_model="numpy")
