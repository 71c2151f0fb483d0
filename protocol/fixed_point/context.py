"""Number contexts: one text of a rule, two planes.

A rule is written against a ``Context`` and never says ``//`` or ``/``: it asks for ``mul_down`` or
``div_to_zero`` by name. The ``Exact`` context holds numbers as Python integers with 18 decimals and rounds
as the contract does; the ``Float64`` context (module ``float64``) holds them as numpy arrays of float64, in
whole units, and broadcasts over accounts, scenarios or paths. Sums, differences, products by a number
without decimals and comparisons are written with the ordinary operators in both.

Numbers are never changed in place (``a = a + b``, not ``a += b``): an array would change for whoever else
holds it. A choice that depends on a number is ``where``, ``minimum`` or ``maximum``; ``if`` is left to what
belongs to the structure of a portfolio (is there a perpetual, is it a call) and is the same for all accounts
of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from math import isqrt
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from protocol.errors import DivisionByZeroError, OverflowedError
from protocol.fixed_point import WAD, div_to_zero
from protocol.fixed_point.rational import exp_down, ln_to_zero, power_down, sqrt_down

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    FloatArray: TypeAlias = npt.NDArray[np.float64]
    Flags: TypeAlias = bool | npt.NDArray[np.bool_]

N = TypeVar("N", int, "FloatArray")
"""A number of a rule: an integer with 18 decimals, or an array of float64."""


class Context(Protocol[N]):
    """What a rule may do with numbers; the rounding is in the name, operands are in the context's scale."""

    unit: N
    """The number one."""
    zero: N

    def of(self, wad: int) -> N:
        """Return a number given with 18 decimals."""
        ...

    def count(self, whole: int) -> N:
        """Return a number without decimals, such as seconds."""
        ...

    def mul_down(self, a: N, b: N) -> N:
        """Return floor(a * b) of unsigned numbers."""
        ...

    def mul_to_zero(self, a: N, b: N) -> N:
        """Return a * b of signed numbers, truncated toward zero."""
        ...

    def div_down(self, a: N, b: N) -> N:
        """Return floor(a / b) of unsigned numbers."""
        ...

    def div_to_zero(self, a: N, b: N) -> N:
        """Return a / b of signed numbers, truncated toward zero."""
        ...

    def div_or(self, a: N, b: N, otherwise: N) -> N:
        """Return a / b truncated toward zero, or ``otherwise`` where ``b`` is zero."""
        ...

    def ceil_or(self, a: N, b: N, otherwise: N) -> N:
        """Return a / b rounded up to a whole number without decimals, ``otherwise`` where ``b`` is zero."""
        ...

    def scaled_down(self, a: N, b: N, scale: int) -> N:
        """Return floor(a * b / scale): ``scale`` is the decimals that the product has too many."""
        ...

    def scaled_up(self, a: N, b: N, scale: int) -> N:
        """Return ceil(a * b / scale)."""
        ...

    def ratio_half_up(self, a: N, b: N, scale: int, otherwise: N) -> N:
        """Return a * scale / b rounded half up, or ``otherwise`` where ``b`` is zero."""
        ...

    def quotient_or(self, a: N, b: N, otherwise: N) -> N:
        """Return floor(a / b) without scaling, or ``otherwise`` where ``b`` is zero."""
        ...

    def quotient_down(self, a: N, b: N) -> N:
        """Return floor(a / b) where ``a`` already carries the decimals of both: no scaling."""
        ...

    def quotient_to_zero(self, a: N, b: N) -> N:
        """Return a / b truncated toward zero, without scaling."""
        ...

    def unsigned(self, value: N, bits: int, what: str) -> N:
        """Return ``value`` where a contract casts it to an unsigned type; refuse what does not fit."""
        ...

    def signed(self, value: N, what: str) -> N:
        """Return ``value`` where a contract keeps it in int256; refuse what does not fit."""
        ...

    def minimum(self, first: N, second: N) -> N:
        """Return the smaller."""
        ...

    def maximum(self, first: N, second: N) -> N:
        """Return the greater."""
        ...

    def absolute(self, value: N) -> N:
        """Return the absolute value."""
        ...

    def where(self, condition: Flags, yes: N, no: N) -> N:
        """Return ``yes`` where the condition holds."""
        ...

    def any(self, condition: Flags) -> bool:
        """Return whether the condition holds anywhere."""
        ...

    def worst(self, values: Sequence[N]) -> tuple[N, Any]:
        """Return the least value and the index of its first appearance."""
        ...

    def ranked(self, values: Sequence[N]) -> list[N]:
        """Return the values in ascending order."""
        ...

    def ln(self, value: N) -> N:
        """Return the natural logarithm."""
        ...

    def exp(self, value: N) -> N:
        """Return the exponential."""
        ...

    def sqrt(self, value: N) -> N:
        """Return the square root."""
        ...

    def root_of_square(self, value: N) -> N:
        """Return the root of a product of two numbers, which carries the decimals of both."""
        ...

    def power(self, base: N, exponent: N) -> N:
        """Return ``base`` to the ``exponent``."""
        ...


class Exact:
    """Python integers with 18 decimals; int256 and uint256 overflow as in checked Solidity."""

    unit = WAD
    zero = 0

    @staticmethod
    def of(wad: int) -> int:
        """Return ``wad`` itself."""
        return wad

    @staticmethod
    def count(whole: int) -> int:
        """Return ``whole`` itself."""
        return whole

    @staticmethod
    def mul_down(a: int, b: int) -> int:
        """Return floor(a * b / 10**18); refuse a product outside uint256."""
        product = a * b
        if product >> 256:
            raise OverflowedError("product", product, 256)
        return product // WAD

    @staticmethod
    def mul_to_zero(a: int, b: int) -> int:
        """Return a * b / 10**18 toward zero; refuse a product outside int256."""
        product = a * b
        if product >> 255 not in {0, -1}:
            raise OverflowedError("product", product, 255)
        return product // WAD if product >= 0 else -(-product // WAD)

    @staticmethod
    def div_down(a: int, b: int) -> int:
        """Return floor(a * 10**18 / b)."""
        if b == 0:
            raise DivisionByZeroError("div_down")
        return a * WAD // b

    @staticmethod
    def div_to_zero(a: int, b: int) -> int:
        """Return a * 10**18 / b toward zero."""
        return div_to_zero(a * WAD, b)

    @staticmethod
    def div_or(a: int, b: int, otherwise: int) -> int:
        """Return a * 10**18 / b toward zero, or ``otherwise`` if ``b`` is zero."""
        return div_to_zero(a * WAD, b) if b else otherwise

    @staticmethod
    def ceil_or(a: int, b: int, otherwise: int) -> int:
        """Return ceil(a / b), or ``otherwise`` if ``b`` is zero."""
        return -(-a // b) if b else otherwise

    @staticmethod
    def scaled_down(a: int, b: int, scale: int) -> int:
        """Return floor(a * b / scale)."""
        return a * b // scale

    @staticmethod
    def scaled_up(a: int, b: int, scale: int) -> int:
        """Return ceil(a * b / scale)."""
        return -(-a * b // scale)

    @staticmethod
    def ratio_half_up(a: int, b: int, scale: int, otherwise: int) -> int:
        """Return (a * scale + b // 2) // b, or ``otherwise`` if ``b`` is zero."""
        return (a * scale + b // 2) // b if b else otherwise

    @staticmethod
    def quotient_or(a: int, b: int, otherwise: int) -> int:
        """Return floor(a / b), or ``otherwise`` if ``b`` is zero."""
        return a // b if b else otherwise

    @staticmethod
    def quotient_down(a: int, b: int) -> int:
        """Return floor(a / b)."""
        if b == 0:
            raise DivisionByZeroError("quotient_down")
        return a // b

    @staticmethod
    def quotient_to_zero(a: int, b: int) -> int:
        """Return a / b toward zero."""
        return div_to_zero(a, b)

    @staticmethod
    def unsigned(value: int, bits: int, what: str) -> int:
        """Return ``value``; refuse one that is negative or needs more than ``bits`` bits."""
        if value < 0 or value >> bits:
            raise OverflowedError(what, value, bits)
        return value

    @staticmethod
    def signed(value: int, what: str) -> int:
        """Return ``value``; refuse one outside int256."""
        if (value if value >= 0 else ~value) >> 255:
            raise OverflowedError(what, value, 255)
        return value

    @staticmethod
    def minimum(first: int, second: int) -> int:
        """Return the smaller."""
        return min(first, second)

    @staticmethod
    def maximum(first: int, second: int) -> int:
        """Return the greater."""
        return max(first, second)

    @staticmethod
    def absolute(value: int) -> int:
        """Return the absolute value."""
        return abs(value)

    @staticmethod
    def where(condition: Flags, yes: int, no: int) -> int:
        """Return ``yes`` if the condition holds."""
        return yes if condition else no

    @staticmethod
    def any(condition: Flags) -> bool:
        """Return the condition."""
        return bool(condition)

    @staticmethod
    def worst(values: Sequence[int]) -> tuple[int, int]:
        """Return the least value and the index of its first appearance."""
        least = min(values)
        return least, values.index(least)

    @staticmethod
    def ranked(values: Sequence[int]) -> list[int]:
        """Return the values in ascending order."""
        return sorted(values)

    ln = staticmethod(ln_to_zero)
    root_of_square = staticmethod(isqrt)
    exp = staticmethod(exp_down)
    sqrt = staticmethod(sqrt_down)
    power = staticmethod(power_down)


EXACT = Exact()

D = TypeVar("D")


def convert(items: Sequence[D], number: Callable[[list[int], int], Any]) -> D:
    """Return one dataclass in which every integer of ``items`` is replaced by ``number(values, decimals)``.

    ``items`` have the same structure: text, booleans and the lengths of lists are equal in all of them. This
    turns parameters and portfolios of the exact plane into those of the array plane, singly or in batches.
    Numbers have 18 decimals unless the class says otherwise in ``DECIMALS`` by field name; None there means
    that the field belongs to the structure.

    Raises
    ------
    TypeError
        If the structures differ.
    """
    first = items[0]
    assert is_dataclass(first)
    decimals: Mapping[str, int | None] = getattr(first, "DECIMALS", {})
    values = {
        item.name: _convert([getattr(one, item.name) for one in items], decimals.get(item.name, 18), number)
        for item in fields(first)
    }
    kind: Any = type(first)
    result: D = kind(**values)
    return result


def _convert(values: list[Any], decimals: int | None, number: Callable[[list[int], int], Any]) -> Any:
    first = values[0]
    if isinstance(first, int) and not isinstance(first, bool) and decimals is not None:
        return number(values, decimals)
    if isinstance(first, tuple):
        if len({len(value) for value in values}) != 1:
            raise TypeError("a batch needs portfolios of one structure: lists of different lengths")
        return tuple(_convert(list(column), decimals, number) for column in zip(*values, strict=True))
    if is_dataclass(first):
        return convert(values, number)
    if any(value != first for value in values):
        raise TypeError(f"a batch needs portfolios of one structure: {first!r} and others")
    return first
