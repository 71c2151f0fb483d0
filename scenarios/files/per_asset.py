"""Values by asset that may also be one number for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from scenarios.files.quantities import (
    NOT_NEGATIVE_SCHEMA,
    NUMBER_SCHEMA,
    POSITIVE_SCHEMA,
    NotNegative,
    Number,
    Positive,
)

EVERY = "*"
"""Key of the value that holds for every asset which is not named."""


def _each(value: object) -> object:
    return value if isinstance(value, Mapping) else {EVERY: value}


def _each_pair(value: object) -> object:
    return value if isinstance(value, Mapping) else {EVERY: {EVERY: value}}


def _schema(one: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [one, {"type": "object", "additionalProperties": one}]})


Numbers: TypeAlias = Annotated[dict[str, Number], BeforeValidator(_each), _schema(NUMBER_SCHEMA)]
"""One number for all, or one for each asset."""
NotNegatives: TypeAlias = Annotated[
    dict[str, NotNegative], BeforeValidator(_each), _schema(NOT_NEGATIVE_SCHEMA)
]
"""The same, none below zero."""
Positives: TypeAlias = Annotated[dict[str, Positive], BeforeValidator(_each), _schema(POSITIVE_SCHEMA)]
"""The same, all above zero."""
_PAIRS: dict[str, Any] = {"type": "object", "additionalProperties": NUMBER_SCHEMA}
Correlations: TypeAlias = Annotated[
    dict[str, dict[str, Number]],
    BeforeValidator(_each_pair),
    WithJsonSchema({"anyOf": [NUMBER_SCHEMA, {"type": "object", "additionalProperties": _PAIRS}]}),
]
"""One number between every two assets, or ``{WETH: {WBTC: 0.8}}``; pairs that are not named have 0."""


def values_of(
    table: Mapping[str, Decimal], assets: Sequence[str], default: Decimal | None = None
) -> list[float]:
    """Return one float for each asset.

    Raises
    ------
    KeyError
        An asset has no value, and there is no default.
    """
    found = []
    for asset in assets:
        value = table.get(asset, table.get(EVERY, default))
        if value is None:
            raise KeyError(asset)
        found.append(float(value))
    return found


def matrix_of(table: Mapping[str, Mapping[str, Decimal]], assets: Sequence[str]) -> list[list[float]]:
    """Return the symmetric matrix ``[assets][assets]`` with a unit diagonal."""
    every = table.get(EVERY, {}).get(EVERY, Decimal(0))

    def between(first: str, second: str) -> float:
        if first == second:
            return 1.0
        given = table.get(first, {}).get(second, table.get(second, {}).get(first, every))
        return float(given)

    return [[between(row, column) for column in assets] for row in assets]
