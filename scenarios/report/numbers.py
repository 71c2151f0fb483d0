"""Numbers as people read them: grouped, rounded only where nobody could use the digits, never to a lie."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

from scenarios.result import Tolerance

COMMA = ","
THIN = "\N{NARROW NO-BREAK SPACE}"

# Enough digits for any 256-bit amount with its decimals; the caller's own context must not matter.
_CONTEXT = Context(prec=120, rounding=ROUND_HALF_EVEN)
_EXACT_DIGITS = 9
_ROUNDED_DIGITS = 6
_SMALLEST, _LARGEST = -9, 17


def _grouped(text: str, group: str) -> str:
    """Group the integer part of a plain decimal text by threes."""
    sign = text[: len(text) - len(text.lstrip("+-"))]
    integer, point, fraction = text[len(sign) :].partition(".")
    return f"{sign}{int(integer):,}".replace(",", group) + point + fraction


def _scientific(value: Decimal, digits: int) -> str:
    return f"{_CONTEXT.plus(value):.{digits - 1}e}"


def _not_finite(value: Decimal) -> str:
    if value.is_nan():
        return "not a number"
    return "\N{INFINITY}" if value > 0 else "-\N{INFINITY}"


def exact(value: Decimal) -> str:
    """Return every digit of a value without separators, in plain notation where it stays readable."""
    if not value.is_finite():
        return _not_finite(value)
    if value == 0:
        return "0"
    short = _stripped(value)
    return (
        f"{short:f}" if -40 <= short.adjusted() <= 80 and len(short.as_tuple().digits) < 120 else str(short)
    )


def _stripped(value: Decimal) -> Decimal:
    """Drop trailing zeros without rounding (``normalize`` rounds to the context)."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    kept = len(digits)
    while kept > 1 and digits[kept - 1] == 0:
        kept -= 1
    return Decimal((sign, digits[:kept], exponent + len(digits) - kept))


def human(value: Decimal, group: str = COMMA) -> str:
    """Return a value for reading.

    A value of at most nine significant digits is printed exactly, and so is a whole number below 10^18.
    Any other is rounded half to even: to whole units from 10^5 on, else to six significant digits,
    trailing zeros kept so that a rounded number shows that it is one. Below 10^-9 and from 10^18 on the
    notation is scientific.

    Parameters
    ----------
    value
        Any decimal, infinities and NaN included.
    group
        Separator of thousands.
    """
    if not value.is_finite():
        return _not_finite(value)
    if value == 0:
        return "0"
    short = _stripped(value)
    size = short.adjusted()
    exponent = short.as_tuple().exponent
    assert isinstance(exponent, int)
    if not _SMALLEST <= size <= _LARGEST:
        return _scientific(short, min(_ROUNDED_DIGITS, len(short.as_tuple().digits)))
    if len(short.as_tuple().digits) <= _EXACT_DIGITS or exponent >= 0:
        return _grouped(f"{short:f}", group)
    places = max(0, _ROUNDED_DIGITS - 1 - size)
    return _grouped(f"{short.quantize(Decimal(1).scaleb(-places), context=_CONTEXT):f}", group)


def whole(amount: int, decimals: int, group: str = COMMA) -> str:
    """Return a raw token amount in whole tokens, exact to the last unit, without trailing zeros.

    Parameters
    ----------
    amount
        Raw units, of either sign.
    decimals
        Decimals of the token, at least 0.
    """
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(decimals + 1, "0")
    integer, fraction = (digits[:-decimals], digits[-decimals:].rstrip("0")) if decimals else (digits, "")
    return _grouped(f"{sign}{integer}.{fraction}" if fraction else f"{sign}{integer}", group)


def deviation(value: Decimal, tolerance: Tolerance, group: str = COMMA) -> str:
    """Return a signed deviation, in percent under a relative tolerance and in the row's unit otherwise.

    Two decimals, or two significant digits where those are smaller; more digits where the rounded text
    would fall on the other side of the tolerance than the value does.
    """
    scale, unit = (100, " %") if tolerance.kind == "relative" else (1, "")
    if not value.is_finite():
        return _not_finite(value)
    if value == 0:
        return f"0{unit}"
    shown = _CONTEXT.multiply(value, Decimal(scale))
    limit = _CONTEXT.multiply(tolerance.value, Decimal(scale))
    size = shown.adjusted()
    if size < _SMALLEST or size > _LARGEST:
        return ("+" if shown > 0 else "") + _scientific(shown, 3) + unit
    places = max(2, 1 - size)
    inside = abs(shown) <= limit
    while places < 60:
        rounded = shown.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)
        if (abs(rounded) <= limit) == inside:
            break
        places += 1
    if tolerance.kind == "absolute":
        rounded = _stripped(rounded)
    return _grouped(f"{rounded:+f}", group) + unit


def tolerance_text(tolerance: Tolerance, group: str = COMMA) -> str:
    """Return a tolerance in the unit of its deviation; ``exact`` for zero."""
    if tolerance.value == 0:
        return "exact"
    if tolerance.kind == "relative":
        return f"{human(_CONTEXT.multiply(tolerance.value, Decimal(100)), group)} %"
    return human(tolerance.value, group)
