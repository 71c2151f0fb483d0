"""Checks that every market makes of its parameters when it is built."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.errors import ParameterError


def require_market(assets: Sequence[str], spot: Sequence[float], step_seconds: float) -> None:
    """Refuse missing or repeated assets, prices that are not positive, and steps without length."""
    if not assets or len(set(assets)) != len(assets):
        raise ParameterError("assets", list(assets), "at least one name, none twice")
    require_length("spot", spot, len(assets))
    for name, price in zip(assets, spot, strict=True):
        if not 0.0 < price < float("inf"):
            raise ParameterError(f"spot of {name}", price, "positive and finite")
    if not 0.0 < step_seconds < float("inf"):
        raise ParameterError("step_seconds", step_seconds, "positive and finite")


def require_length(what: str, values: Sequence[object], length: int) -> None:
    """Refuse a list that has not one value for each asset (or regime)."""
    if len(values) != length:
        raise ParameterError(f"number of values in {what}", len(values), str(length))


def require_within(what: str, values: Sequence[float], low: float, high: float) -> None:
    """Refuse values outside [low, high], and those that are not numbers."""
    for value in values:
        if not low <= value <= high:
            raise ParameterError(what, value, f"between {low} and {high}")
