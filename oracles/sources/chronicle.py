"""Chronicle Scribe: one value signed by exactly ``bar`` feeds; and the optimistic variant.

Source: chronicleprotocol/scribe src/Scribe.sol, ScribeOptimistic.sol (read, not executed). There is no
median on chain: the feeds compute the value before signing. The aggregated Schnorr signature is represented
by the set of its signers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import OracleError, OracleFutureError, OracleStaleError, OracleUnauthorisedError
from protocol.fixed_point import to_uint

DECIMALS = 18
CHALLENGE_PERIOD = 20 * 60


@dataclass(frozen=True, slots=True)
class Poke:
    """A signed value (u128, 18 decimals) and its age (u32 seconds)."""

    value: int = 0
    age: int = 0


@dataclass(frozen=True, slots=True)
class Scribe:
    """The contract's state.

    Parameters
    ----------
    feeds
        Lifted feeds.
    bar
        Signers needed, exactly.
    stored
        Value and block time of the last poke; a value of zero means no price.
    pending
        An optimistic poke: (value, block time) not final until the challenge period is over.
    challenge_period
        Seconds.
    """

    feeds: frozenset[str]
    bar: int
    stored: Poke = Poke()
    pending: Poke | None = None
    challenge_period: int = CHALLENGE_PERIOD

    def poke(self, now: int, poke: Poke, signers: Collection[str]) -> Self:
        """Store a value signed by exactly ``bar`` distinct feeds; the stored age is the block time.

        Raises
        ------
        OracleStaleError, OracleFutureError, OracleUnauthorisedError
            In the contract's order.
        """
        self._check(now, poke)
        if len(signers) != self.bar:
            raise OracleUnauthorisedError("BarNotReached", signers=len(signers), bar=self.bar)
        if len(set(signers)) != len(signers):
            raise OracleUnauthorisedError("DoubleSigningAttempted")
        if not self.feeds.issuperset(signers):
            raise OracleUnauthorisedError("InvalidFeedId")
        return replace(self, stored=Poke(to_uint(poke.value, 128, "value"), now), pending=None)

    def optimistic_poke(self, now: int, poke: Poke) -> Self:
        """Store a value that becomes valid unless it is challenged; one at a time.

        Raises
        ------
        OracleError
            ``InChallengePeriod`` while another one may still be challenged.
        OracleStaleError, OracleFutureError
            As :meth:`poke`.
        """
        self._check(now, poke)
        if self.pending is not None and now <= self.pending.age + self.challenge_period:
            raise OracleError("InChallengePeriod", since=self.pending.age)
        return replace(self, stored=self.current(now), pending=Poke(poke.value, now))

    def challenge(self, now: int, valid: bool) -> Self:
        """Challenge the pending poke: an invalid signature drops it, a valid one is final at once."""
        if self.pending is None or now > self.pending.age + self.challenge_period:
            raise OracleError("NoOpPokeToChallenge")
        return replace(self, stored=self.pending if valid else self.stored, pending=None)

    def current(self, now: int) -> Poke:
        """Return the value readers get at ``now``."""
        if self.pending is not None and now > self.pending.age + self.challenge_period:
            return self.pending
        return self.stored

    def _check(self, now: int, poke: Poke) -> None:
        newest = self.current(now).age
        if poke.age <= newest:
            raise OracleStaleError("StaleMessage", age=poke.age, stored=newest)
        if poke.age > now:
            raise OracleFutureError("FutureMessage", age=poke.age, now=now)


@dataclass(frozen=True)
class ChronicleFeed(Node):
    """The current value of a Scribe in the view's memory; its Chainlink-like round is always 1."""

    kind: ClassVar[str] = "chronicle"
    feed: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return value and age; zero refuses."""
        del readings
        stored = view.stored(self.feed, Scribe)
        poke = stored.current(view.time) if stored else Poke()
        if poke.value == 0:
            return refuse(self.id, Reason.NO_DATA, f"scribe {self.feed!r} has no value")
        return Reading(self.id, poke.value, DECIMALS, poke.age, round=1)
