"""UMA's optimistic oracle: an assertion with a bond is true unless somebody disputes in time.

Source: UMAprotocol/protocol optimistic-oracle contracts (read, not executed). Nobody watching for two
hours, or holders capturing the vote, make a false assertion true.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleError, OracleRangeError
from protocol.fixed_point import WAD, mul_div_up

LIVENESS = 7200
BURNED_SHARE = WAD // 2
DECIMALS = 18


def minimum_bond(final_fee: int, burned_share: int = BURNED_SHARE) -> int:
    """Return the smallest bond: final fee over the burned share (18 decimals), twice the fee by default."""
    return mul_div_up(final_fee, WAD, burned_share)


@dataclass(frozen=True, slots=True)
class Assertion:
    """One asserted value.

    Parameters
    ----------
    value
        18 decimals; 1e18 means true.
    asserted_at
        Seconds.
    bond
        In the bond token's units.
    liveness
        Seconds until it may be settled.
    disputed, resolution
        Whether it was disputed, and what the vote said (None before).
    """

    value: int
    asserted_at: int
    bond: int
    liveness: int = LIVENESS
    disputed: bool = False
    resolution: int | None = None

    @property
    def expiry(self) -> int:
        """When it may be settled: disputes need ``expiry > now``, settlement ``expiry <= now``."""
        return self.asserted_at + self.liveness

    def dispute(self, now: int, bond: int) -> Self:
        """Dispute with an equal bond.

        Raises
        ------
        OracleError
            ``Assertion is expired`` or already disputed.
        OracleRangeError
            A bond below the assertion's.
        """
        if self.disputed:
            raise OracleError("Assertion already disputed")
        if self.expiry <= now:
            raise OracleError("Assertion is expired", expiry=self.expiry, now=now)
        if bond < self.bond:
            raise OracleRangeError("Bond amount too low", bond=bond, needed=self.bond)
        return replace(self, disputed=True)

    def resolve(self, value: int) -> Self:
        """Record the token vote of a disputed assertion."""
        if not self.disputed:
            raise OracleError("Assertion not disputed")
        return replace(self, resolution=value)

    def settled(self, now: int) -> int | None:
        """Return the settled value, or None while it is open."""
        if self.disputed:
            return self.resolution
        return self.value if self.expiry <= now else None


@dataclass(frozen=True)
class UmaFeed(Node):
    """The settled value of an assertion in the view's memory; an open one refuses."""

    kind: ClassVar[str] = "uma"
    assertion: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the value at its expiry."""
        del readings
        stored = view.stored(self.assertion, Assertion)
        value = stored.settled(view.time) if stored else None
        if stored is None or value is None:
            return refuse(self.id, Reason.NO_DATA, f"assertion {self.assertion!r} is not settled")
        return Reading(self.id, value, DECIMALS, stored.expiry)
