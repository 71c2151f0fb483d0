"""What each protocol action may do in each state of an oracle: the third question most protocols fuse.

Which price, is it good enough for THIS action, and what happens on refusal are three decisions. A table of
state and action keeps the second apart: liquidation may go on with a stale price while withdrawals stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from oracles.reading import Reading, Reason
from protocol.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class ActionTable:
    """A matrix of states and actions.

    Parameters
    ----------
    name
        Whose table it is.
    states
        From the most to the least severe.
    actions
        All actions the table knows.
    permitted
        (state, action) pairs that go ahead.
    """

    name: str
    states: tuple[str, ...]
    actions: tuple[str, ...]
    permitted: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, name: str, states: Iterable[str], blocked: Mapping[str, Iterable[str]]) -> Self:
        """Build from the states in which each action is blocked.

        Raises
        ------
        UnknownNameError
            Where a blocked state is not a state.
        """
        known = tuple(states)
        stops = {action: frozenset(names) for action, names in blocked.items()}
        for names in stops.values():
            for state in sorted(names - set(known)):
                raise UnknownNameError("oracle state", state, known)
        permitted = frozenset(
            (state, action) for action, names in stops.items() for state in known if state not in names
        )
        return cls(name, known, tuple(stops), permitted)

    def permits(self, state: str, action: str) -> bool:
        """Whether ``action`` goes ahead in ``state``.

        Raises
        ------
        UnknownNameError
            Of a state or action the table does not know.
        """
        if state not in self.states:
            raise UnknownNameError("oracle state", state, self.states)
        if action not in self.actions:
            raise UnknownNameError("action", action, self.actions)
        return (state, action) in self.permitted

    def actions_in(self, state: str) -> tuple[str, ...]:
        """Return the actions that go ahead in ``state``."""
        return tuple(action for action in self.actions if self.permits(state, action))


OK = "ok"


def state_of(reading: Reading) -> str:
    """Return the state of a reading: ``ok`` or the reason of its refusal."""
    return OK if reading.refusal is None else reading.refusal.reason.value


_VOLATILE = ("NonPositive", "TooVolatile")
_UNCERTAIN = (*_VOLATILE, "TooUncertain")
_STALE = (*_UNCERTAIN, "StaleForMargin")
_NOT_VALID = (*_STALE, "InsufficientDataPoints", "StaleForAMM")

DRIFT = ActionTable.of(
    "Drift",
    (*_NOT_VALID, "Valid"),
    {
        "FillOrderAmm": _NOT_VALID,
        "UpdateFunding": _UNCERTAIN,
        "OracleOrderPrice": _STALE,
        "MarginCalc": _STALE,
        "TriggerOrder": _VOLATILE,
        "SettlePnl": _UNCERTAIN,
        "FillOrderMatch": _UNCERTAIN,
        "Liquidate": _VOLATILE,
        "UpdateTwap": ("NonPositive",),
        "UpdateAMMCurve": ("NonPositive",),
    },
)
"""drift-labs/protocol-v2 programs/drift/src/math/oracle.rs (is_oracle_valid_for_action), read, not executed.

``StaleForAMM`` here is one state; the program's later versions split it by kind of fill. NonPositive never
arrives: see :mod:`oracles.sources.drift`.
"""

ACTIONS = ("borrow", "withdraw", "open", "close", "deposit", "repay", "liquidate", "fund", "settle")

_REFUSALS = tuple(reason.value for reason in Reason)

REVERTING = ActionTable.of(
    "reverting reader",
    (*_REFUSALS, OK),
    {action: () if action in {"deposit", "repay"} else _REFUSALS for action in ACTIONS},
)
"""The common lending market: whatever needs a price reverts on any refusal, liquidations included."""

LIQUIDATE_WHEN_STALE = ActionTable.of(
    "liquidate when stale",
    (*_REFUSALS, OK),
    {
        action: ()
        if action in {"deposit", "repay"}
        else tuple(
            reason for reason in _REFUSALS if action != "liquidate" or reason not in {"stale", "uncertain"}
        )
        for action in ACTIONS
    },
)
"""As the reverting reader, but liquidation goes on with a stale or uncertain price, as in Drift."""
