"""The stages of a liquidation and the ways between them."""

from __future__ import annotations

from enum import Enum

from protocol.errors import TransitionError


class Stage(Enum):
    """Where an account stands."""

    HEALTHY = "healthy"
    FLAGGED = "flagged"  # found short of margin; nothing has moved yet
    ACTIVE = "active"  # being unwound
    INSOLVENT = "insolvent"  # worth less than nothing: somebody else pays
    CLOSED = "closed"  # unwound whole, nothing left and nothing owed


NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.HEALTHY: frozenset({Stage.FLAGGED}),
    Stage.FLAGGED: frozenset({Stage.HEALTHY, Stage.ACTIVE}),
    Stage.ACTIVE: frozenset({Stage.HEALTHY, Stage.INSOLVENT, Stage.CLOSED}),
    Stage.INSOLVENT: frozenset({Stage.HEALTHY, Stage.ACTIVE, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.HEALTHY}),
}
"""Ways that exist; every design of the field walks these, some through several in one call."""


def advance(account: str, stage: Stage, wanted: Stage) -> Stage:
    """Return ``wanted`` if it can follow ``stage``; staying is always possible.

    Raises
    ------
    TransitionError
        If there is no such way.
    """
    if wanted is not stage and wanted not in NEXT[stage]:
        raise TransitionError(account, stage.value, wanted.value)
    return wanted
