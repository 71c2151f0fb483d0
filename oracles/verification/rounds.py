"""A round of signed observations: who may sign, how many must, and what is refused.

With n members of which at most f lie and n > 3f, 2f + 1 observations make a round: the honest among them are
a majority, so the median lies between two honest values. The shape of Chainlink's off-chain reporting, where
one report carries the signed observations; here each is signed by its own member, so the submitter cannot put
words into a mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from oracles.medians import median
from oracles.verification.report import Domain, Signed
from protocol.errors import (
    OracleFutureError,
    OracleOrderError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted round."""

    round: int
    time: int
    value: int
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Committee:
    """The members of a feed and its last answer; accepting a round gives a new committee.

    Parameters
    ----------
    domain, feed
        What signatures must be for.
    members
        Checksummed addresses, no two alike.
    faults
        f: members that may lie; more than three times as many members are needed.
    max_age, max_ahead
        Seconds that an observation may lie behind and ahead of the reader's clock; both inclusive.
    even
        Which of two middle values speaks.
    last
        The answer of the last accepted round.
    """

    domain: Domain
    feed: str
    members: tuple[str, ...]
    faults: int
    max_age: int = 300
    max_ahead: int = 15
    even: Literal["lower", "upper"] = "lower"
    last: Answer | None = None

    def __post_init__(self) -> None:
        if len(set(self.members)) != len(self.members):
            raise OracleUnauthorisedError("repeated member", f"{len(self.members)} members, not all distinct")
        if self.faults < 0 or len(self.members) <= 3 * self.faults:
            raise OracleTooFewError(
                "faulty-oracle bound",
                f"{len(self.members)} members bear fewer than {self.faults} faults",
                members=len(self.members),
                faults=self.faults,
            )

    @property
    def quorum(self) -> int:
        """Observations that make a round: 2f + 1."""
        return 2 * self.faults + 1

    def accept(self, signed: Sequence[Signed], now: int) -> Committee:
        """Check a round and return the committee with its answer.

        Parameters
        ----------
        signed
            At least a quorum of observations, in any order; any one that fails refuses the whole round, as a
            contract's call would revert.
        now
            Unix second of the reader.

        Raises
        ------
        OracleTooFewError
            Fewer than a quorum.
        OracleUnauthorisedError
            A signature of a stranger (which one for another domain or feed is, too), or a member twice.
        OracleOrderError
            Observations of different rounds, another feed, or a round not above the last one.
        OracleStaleError, OracleFutureError
            An observation too old, older than the last answer, or too far ahead.
        """
        if len(signed) < self.quorum:
            raise OracleTooFewError(
                "quorum",
                f"{len(signed)} observations, {self.quorum} needed",
                got=len(signed),
                needed=self.quorum,
            )
        self._check_round(signed)
        signers: list[str] = []
        for item in signed:
            self._check_time(item.observation.time, now)
            signer = item.signer(self.domain)
            if signer not in self.members:
                raise OracleUnauthorisedError("unknown signer", f"{signer} is no member", signer=signer)
            if signer in signers:
                raise OracleUnauthorisedError("duplicate signer", f"{signer} signed twice", signer=signer)
            signers.append(signer)
        value = median([item.observation.value for item in signed], self.even)
        times = [item.observation.time for item in signed]
        answer = Answer(signed[0].observation.round, min(times), value, tuple(signers))
        return replace(self, last=answer)

    def _check_round(self, signed: Sequence[Signed]) -> None:
        rounds = {item.observation.round for item in signed}
        feeds = {item.observation.feed for item in signed}
        if len(rounds) != 1:
            raise OracleOrderError(
                "mixed rounds", f"observations of {len(rounds)} rounds", rounds=len(rounds)
            )
        if feeds != {self.feed}:
            raise OracleOrderError(
                "wrong feed", f"observations of {sorted(feeds)}, not of {self.feed!r} alone"
            )
        (this,) = rounds
        if self.last is not None and this <= self.last.round:
            raise OracleOrderError(
                "replayed round",
                f"round {this} is not above {self.last.round}",
                round=this,
                last=self.last.round,
            )

    def _check_time(self, time: int, now: int) -> None:
        if now - time > self.max_age:
            raise OracleStaleError(
                "stale", f"{now - time} s old, at most {self.max_age} s allowed", age=now - time
            )
        if time - now > self.max_ahead:
            raise OracleFutureError(
                "from the future",
                f"{time - now} s ahead, at most {self.max_ahead} s allowed",
                ahead=time - now,
            )
        if self.last is not None and time < self.last.time:
            raise OracleStaleError(
                "older than the last answer",
                f"{time} is before {self.last.time}",
                time=time,
                last=self.last.time,
            )
