"""Integer arithmetic as contracts do it; the rounding direction is in the name.

All values are Python integers. ``WAD`` = 10**18 and ``RAY`` = 10**27 are the usual scales, ``Q96`` and
``Q128`` the binary ones of Uniswap V3, ``Q112`` that of V2.
"""

from __future__ import annotations

from protocol.errors import DivisionByZeroError, OverflowedError

WAD = 10**18
RAY = 10**27
Q96 = 1 << 96
Q112 = 1 << 112
Q128 = 1 << 128
UINT256_MAX = (1 << 256) - 1


def mul_div_down(a: int, b: int, denominator: int) -> int:
    """Return floor(a * b / denominator); for non-negative operands this is Solidity's ``mulDiv``.

    Raises
    ------
    DivisionByZeroError
        For a denominator of zero.
    """
    if denominator == 0:
        raise DivisionByZeroError("mul_div_down")
    return a * b // denominator


def mul_div_up(a: int, b: int, denominator: int) -> int:
    """Return ceil(a * b / denominator).

    Raises
    ------
    DivisionByZeroError
        For a denominator of zero.
    """
    if denominator == 0:
        raise DivisionByZeroError("mul_div_up")
    return -(-a * b // denominator)


def div_up(a: int, b: int) -> int:
    """Return ceil(a / b).

    Raises
    ------
    DivisionByZeroError
        For a denominator of zero.
    """
    if b == 0:
        raise DivisionByZeroError("div_up")
    return -(-a // b)


def div_to_zero(a: int, b: int) -> int:
    """Return a / b rounded toward zero, as Solidity, C, Rust and the EVM's ``SDIV`` do.

    Raises
    ------
    DivisionByZeroError
        For a denominator of zero.
    """
    if b == 0:
        raise DivisionByZeroError("div_to_zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def to_uint(value: int, bits: int, what: str = "value") -> int:
    """Return ``value`` if it fits an unsigned integer of ``bits`` bits, else raise.

    Raises
    ------
    OverflowedError
        Where a checked contract would revert.
    """
    if value < 0 or value >> bits:
        raise OverflowedError(what, value, bits)
    return value


def wrap_uint(value: int, bits: int) -> int:
    """Return ``value`` modulo 2**bits: unchecked contract arithmetic."""
    return value & ((1 << bits) - 1)


def wrap_int(value: int, bits: int) -> int:
    """Return ``value`` wrapped to a two's-complement signed integer of ``bits`` bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
