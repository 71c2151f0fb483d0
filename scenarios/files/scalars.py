"""Exact reading of one scalar, the same for YAML, TOML and JSON: no float, no guessed type.

The rules are those of the YAML 1.2 core schema, tightened where a guess would cost money:

=========================== ==========================================================================
``1``, ``-20``              integer
``0.1``, ``1e18``, ``1.``   `decimal.Decimal`, all digits kept
``true``, ``null``          boolean, nothing (also ``True``, ``TRUE``, ``~`` and empty)
``no``, ``on``, ``yes``     text
``12:30:00``, ``2020-02-18`` text
``0010``                    an error: 10 in YAML 1.2, 8 in YAML 1.1, forbidden in TOML and JSON
``0x52…``, ``0o17``         an error that says "quote it": addresses and hashes are text
``.nan``, ``.inf``          an error: not a number here
=========================== ==========================================================================
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

Scalar: TypeAlias = bool | int | Decimal | str | None

MAX_DIGITS = 120
"""Digits a number may have; 2**256 has 78."""
MAX_EXPONENT = 120
"""Largest power of ten, either way, of a number's first digit."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_BASED = re.compile(r"[-+]?0[xXoObB][0-9A-Fa-f_]+")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:inf|Infinity)|nan|NaN")
_ADDRESS_DIGITS = 40


class ScalarError(ValueError):
    """One scalar cannot be read.

    Parameters
    ----------
    code
        Stable name: ``unquoted-address``, ``not-finite``, ``leading-zero`` or ``number-size``.
    message, expected, suggestion
        As in `scenarios.files.errors.Problem`.
    """

    def __init__(self, code: str, message: str, expected: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.expected = expected
        self.suggestion = suggestion


def based_number_error(text: str) -> ScalarError:
    """Return the error for an unquoted ``0x``, ``0o`` or ``0b`` literal."""
    digits = len(text.lstrip("+-")) - 2
    kind = "an address" if digits == _ADDRESS_DIGITS else "a hash or code"
    if text.lstrip("+-")[1] not in "xX":
        kind = "a number in another base"
    return ScalarError(
        "unquoted-address",
        f"{kind} without quotes would be read as a number; quote it",
        "text in double quotes or a decimal number",
        f'"{text}"',
    )


def not_finite_error(text: str) -> ScalarError:
    """Return the error for an infinity or a NaN."""
    return ScalarError("not-finite", f"{text} is not a number here", "a finite decimal number")


def read_number(text: str) -> int | Decimal:
    """Read a decimal number exactly.

    Parameters
    ----------
    text
        A literal such as ``-20``, ``0.10`` or ``1.0e-7``.

    Returns
    -------
    int | decimal.Decimal
        An integer where the literal has neither point nor exponent.

    Raises
    ------
    ScalarError
        Leading zeros, or more digits or a larger exponent than any real amount has.
    """
    if _LEADING_ZERO.match(text):
        plain = re.sub(r"^([-+]?)0+(?=[0-9])", r"\1", text)
        raise ScalarError("leading-zero", f"{text} has leading zeros", "a number without them", plain)
    try:
        value = Decimal(text if len(text) <= 2 * MAX_DIGITS else "nan")
    except InvalidOperation:  # an exponent beyond all bounds
        value = Decimal("nan")
    digits = len(value.as_tuple().digits)
    if not value.is_finite() or digits > MAX_DIGITS or abs(value.adjusted()) > MAX_EXPONENT:
        raise ScalarError(
            "number-size",
            "the number is too long",
            f"at most {MAX_DIGITS} digits and a power of ten within {MAX_EXPONENT}",
        )
    return int(text) if _INTEGER.fullmatch(text) else value


def is_number(text: str) -> bool:
    """Return whether ``text`` is written as a decimal number."""
    return bool(_DECIMAL.fullmatch(text))


def is_based_number(text: str) -> bool:
    """Return whether ``text`` is a ``0x``, ``0o`` or ``0b`` literal and nothing else."""
    return bool(_BASED.fullmatch(text))


def read_plain(text: str) -> Scalar:
    """Read an unquoted YAML scalar.

    Raises
    ------
    ScalarError
        See the table of this module.
    """
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    first = text[0]
    if first not in "+-.0123456789":
        return text
    if is_number(text):
        return read_number(text)
    if is_based_number(text):
        raise based_number_error(text)
    if _NOT_FINITE.fullmatch(text):
        raise not_finite_error(text)
    return text


def read_decimal_text(value: object) -> Decimal | None:
    """Return the exact number in a number or a numeric text, or None if it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and is_number(value):
        try:
            return Decimal(read_number(value))
        except ScalarError:
            return None
    return None
