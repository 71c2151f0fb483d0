"""The functions a market is written in: numpy, or numba kernels with the same bytes."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Protocol

from scenarios.errors import MissingExtraError
from scenarios.markets.elementary import Floats
from scenarios.seeds import Purpose


class Arithmetic(Protocol):
    """Numbers of places and elementary functions over arrays of paths.

    Both implementations return equal bytes on every processor, for every chunk of runs.
    """

    name: str

    def uniforms(
        self, key: tuple[int, int], runs: range, step: int, purpose: Purpose, lanes: int, first_lane: int = 0
    ) -> Floats:
        """Return uniforms in [0, 1) of 52 bits, shape (lanes, runs)."""
        ...

    def normals(
        self, key: tuple[int, int], runs: range, step: int, purpose: Purpose, count: int, first_lane: int = 0
    ) -> Floats:
        """Return standard normals, shape (count, runs); a lane gives four of them."""
        ...

    def exponential(self, x: Floats) -> Floats:
        """Return e**x for magnitudes up to 708."""
        ...

    def logarithm(self, x: Floats) -> Floats:
        """Return ln(x) of positive normal numbers."""
        ...


@cache
def arithmetic(fast: bool | None = None) -> Arithmetic:
    """Return the kernels or the reference.

    Parameters
    ----------
    fast
        True demands numba, False refuses it, None takes it where it is installed.

    Raises
    ------
    MissingExtraError
        Kernels are demanded and numba is not installed.
    """
    if fast is not False and find_spec("numba") is not None:
        from scenarios.markets.kernels import Kernels  # noqa: PLC0415 - half a second, only where used

        return Kernels()
    if fast:
        raise MissingExtraError("the kernels of market paths", "fast")
    from scenarios.markets.reference import Reference  # noqa: PLC0415 - beside its twin

    return Reference()
