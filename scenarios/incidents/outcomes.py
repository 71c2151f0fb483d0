"""Replayed values beside the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    """Return a row for each published outcome, then for each name to predict (``units`` gives its unit)."""
    rows = [_compare_one(published, values.get(published.name, NO_RULE)) for published in incident.outcomes]
    rows += [_predict(name, units.get(name, ""), values.get(name, NO_RULE)) for name in incident.predict]
    return tuple(rows)


def _compare_one(published: Published, value: Decimal | Missing) -> Outcome:
    tolerance = (
        Tolerance("relative", published.tolerance_rel)
        if published.tolerance_rel is not None
        else Tolerance("absolute", published.tolerance_abs or Decimal(0))
    )
    if isinstance(value, Missing):
        return Outcome(
            published.name,
            published.unit,
            None,
            published.value,
            tolerance=tolerance,
            source=published.source,
            note=published.note or "",
            reason=value.reason,
        )
    deviation = _CONTEXT.subtract(value, published.value)
    allowed = tolerance.value
    within = abs(deviation) <= allowed * (abs(published.value) if tolerance.kind == "relative" else 1)
    if tolerance.kind == "relative":
        deviation = _CONTEXT.divide(deviation, abs(published.value)) if published.value else deviation
    return Outcome(
        published.name,
        published.unit,
        value,
        published.value,
        deviation,
        tolerance,
        within,
        published.source,
        published.note or "",
        "" if within else "outside the stated tolerance",
    )


def _predict(name: str, unit: str, value: Decimal | Missing) -> Outcome:
    if isinstance(value, Missing):
        return Outcome(name, unit, None, reason=value.reason)
    return Outcome(name, unit, value, reason="nothing is published in the file: a prediction")
