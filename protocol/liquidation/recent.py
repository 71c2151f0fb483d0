"""What was liquidated lately in each market, whoever held it: windows limit markets, not accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from protocol.transaction import State

Unwound: TypeAlias = Mapping[str, tuple[tuple[int, int], ...]]
"""By instrument, (second, units) of the positions of all accounts that were liquidated lately."""

LONGEST_WINDOW = 3_600
"""Seconds for which it is kept."""

KEY = "unwound positions"


def recall(state: State) -> Unwound:
    """Return what is kept among the state's values, so that a rollback restores it."""
    unwound = state.values.get(KEY, {})
    assert isinstance(unwound, Mapping)
    return unwound


def remember(state: State, instrument: str, now: int, units: int) -> None:
    """Add ``units`` liquidated at second ``now`` and forget what is older than the longest window."""
    unwound = recall(state)
    kept = tuple(row for row in unwound.get(instrument, ()) if row[0] > now - LONGEST_WINDOW)
    state.values[KEY] = {**unwound, instrument: (*kept, (now, units))}
