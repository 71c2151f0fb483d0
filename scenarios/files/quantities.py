"""The number types of the models: exact, from a number or a numeric text, never a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from scenarios.files.scalars import read_decimal_text

NUMBER_TEXT = r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"
NOT_NEGATIVE_TEXT = NUMBER_TEXT.replace("[-+]?", r"\+?", 1)

NUMBER_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": NUMBER_TEXT}]}
NOT_NEGATIVE_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": NOT_NEGATIVE_TEXT}]
}
POSITIVE_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": NOT_NEGATIVE_TEXT}]
}
FRACTION_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        {"type": "string", "pattern": NOT_NEGATIVE_TEXT},
    ]
}


def _exact(value: object) -> Decimal:
    number = read_decimal_text(value)
    if number is None:
        raise PydanticCustomError(
            "not-a-number", "this is not a number", {"expected": "a number such as 1250.5"}
        )
    return number


def _not_negative(number: Decimal) -> Decimal:
    if number < 0:
        raise PydanticCustomError(
            "negative", "a negative number", {"expected": "zero or more", "suggestion": str(-number)}
        )
    return number


def _positive(number: Decimal) -> Decimal:
    if number <= 0:
        raise PydanticCustomError("not-positive", "this is not above zero", {"expected": "more than zero"})
    return number


def _fraction(number: Decimal) -> Decimal:
    if not 0 <= number < 1:
        raise PydanticCustomError(
            "fraction",
            "this is not a fraction",
            {"expected": "a fraction from 0 to below 1: 0.003 is 0.30 %"},
        )
    return number


Number: TypeAlias = Annotated[Decimal, BeforeValidator(_exact), WithJsonSchema(NUMBER_SCHEMA)]
"""An exact number, written as a number or as numeric text."""
NotNegative: TypeAlias = Annotated[
    Decimal, BeforeValidator(_exact), AfterValidator(_not_negative), WithJsonSchema(NOT_NEGATIVE_SCHEMA)
]
"""An exact number not below zero."""
Positive: TypeAlias = Annotated[
    Decimal, BeforeValidator(_exact), AfterValidator(_positive), WithJsonSchema(POSITIVE_SCHEMA)
]
"""An exact number above zero."""
Fraction: TypeAlias = Annotated[
    Decimal, BeforeValidator(_exact), AfterValidator(_fraction), WithJsonSchema(FRACTION_SCHEMA)
]
"""An exact number from zero to below one."""
