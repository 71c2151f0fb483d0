"""Replayed values beside the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal

from scenarios.files.models import Incident
from scenarios.files.models import Outcome as Published
from scenarios.result import Outcome, Tolerance

_CONTEXT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why an outcome is not replayed: the fact that the file does not hold."""

    reason: str


NO_RULE = Missing("this replay has no rule that yields a figure of this name")


def compare(
    incident: Incident, values: Mapping[str, Decimal | Missing], units: Mapping[str, str]
) -> tuple[Outcome, ...]:
    """Return a row for each published outcome, then for each name to predict (``units`` gives its unit).

    A figure that has one value per asset is ``name.asset`` in ``values``, and so many rows.
    """
    rows: list[Outcome] = []
    for published in incident.outcomes:
        if isinstance(published.value, dict):
            for part, figure in published.value.items():
                name = f"{published.name}.{part}"
                rows.append(_compare_one(published, name, figure, values.get(name, NO_RULE)))
        else:
            value = values.get(published.name, NO_RULE)
            rows.append(_compare_one(published, published.name, published.value, value))
    for name in incident.predict:
        parts = [part for part in values if part.startswith(f"{name}.")]
        for part in parts or [name]:
            rows.append(_predict(part, units.get(name, ""), values.get(part, NO_RULE)))
    return tuple(rows)


def _compare_one(published: Published, name: str, figure: Decimal, value: Decimal | Missing) -> Outcome:
    tolerance = (
        Tolerance("relative", published.tolerance_rel)
        if published.tolerance_rel is not None
        else Tolerance("absolute", published.tolerance_abs or Decimal(0))
    )
    row = Outcome(
        name,
        published.unit,
        None,
        figure,
        tolerance=tolerance,
        source=published.source,
        note=published.note,
    )
    if isinstance(value, Missing):
        return replace(row, reason=value.reason)
    deviation = _CONTEXT.subtract(value, figure)
    relative = tolerance.kind == "relative"
    within = abs(deviation) <= tolerance.value * (abs(figure) if relative else 1)
    if relative and figure:
        deviation = _CONTEXT.divide(deviation, abs(figure))
    reason = "" if within else "outside the stated tolerance"
    return replace(row, replayed=value, deviation=deviation, within=within, reason=reason)


def _predict(name: str, unit: str, value: Decimal | Missing) -> Outcome:
    if isinstance(value, Missing):
        return Outcome(name, unit, None, reason=value.reason)
    return Outcome(name, unit, value)
