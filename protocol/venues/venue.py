"""The one small interface of every venue.

A venue is an immutable value: a trade returns what moved and the venue as it is afterwards. Rolling a
transaction back is then keeping the old value, and a what-if is free. Amounts are integers in the
asset's own units (wei for an 18-decimal token). No venue does I/O and none knows an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias, runtime_checkable

from protocol.errors import StateError

State: TypeAlias = Mapping[str, object]
"""Plain JSON data: strings, integers, lists and mappings of these."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What a swap moved.

    Parameters
    ----------
    sell, buy
        Assets handed in and taken out.
    amount_in
        Units that the pool took, fee included.
    amount_out
        Units that the trader received.
    fee
        Units charged, in ``fee_asset``.
    fee_asset
        The asset in which the venue charges.
    """

    sell: str
    buy: str
    amount_in: int
    amount_out: int
    fee: int = 0
    fee_asset: str = ""


@runtime_checkable
class Venue(Protocol):
    """Where assets trade."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Assets traded here, in the contract's order."""
        ...

    def reserves(self) -> Mapping[str, int]:
        """Return what the venue counts as its own, per asset, in raw units."""
        ...

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the units of ``buy`` paid for ``amount_in`` units of ``sell``; changes nothing."""
        ...

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Sell ``amount_in`` units at Unix second ``time``; return the trade and the venue afterwards.

        A venue that keeps averages takes ``time`` literally, as its contract takes the block's: leave it out
        only where nobody reads them.
        """
        ...

    def to_state(self) -> State:
        """Return the whole state as plain data."""
        ...

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the venue from what ``to_state`` returned."""
        ...


def state_int(state: State, key: str, default: int | None = None) -> int:
    """Return an integer of a state; decimal and 0x strings are accepted, floats and booleans are not."""
    value = state.get(key, default)
    if isinstance(value, str):
        return int(value, 0)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise StateError(key, "an integer", value)


def state_str(state: State, key: str, default: str | None = None) -> str:
    """Return a string of a state."""
    value = state.get(key, default)
    if isinstance(value, str):
        return value
    raise StateError(key, "a string", value)


def state_ints(state: State, key: str) -> tuple[int, ...]:
    """Return a list of integers of a state."""
    value = state.get(key)
    if not isinstance(value, list | tuple):
        raise StateError(key, "a list of integers", value)
    return tuple(state_int({key: item}, key) for item in value)


def state_strs(state: State, key: str) -> tuple[str, ...]:
    """Return a list of strings of a state."""
    value = state.get(key)
    if not isinstance(value, list | tuple):
        raise StateError(key, "a list of strings", value)
    return tuple(state_str({key: item}, key) for item in value)
