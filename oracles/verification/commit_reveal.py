"""Commit and reveal: nobody sees another's value before his own is fixed.

A commitment binds member, feed, round, value and a secret salt, so it can be neither copied nor opened as
something else. Who does not reveal loses the bond; what is left is a choice between revealing and not, and
`withholding` says what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from oracles.medians import EvenRule, median
from oracles.signatures import keccak256
from oracles.verification.report import Domain
from protocol.errors import OracleOrderError, OracleStaleError, OracleTooFewError, OracleUnauthorisedError

COMMITMENT_TYPE = "Commitment(string feed,uint64 round,address member,int256 value,bytes32 salt)"
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a finished round gives.

    Parameters
    ----------
    value
        Median of what was revealed.
    revealed
        Values by member.
    forfeited
        Bonds lost, by member that committed and did not reveal.
    """

    value: int
    revealed: Mapping[str, int]
    forfeited: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CommitReveal:
    """One round; every action gives a new round.

    Parameters
    ----------
    domain, feed, round
        What commitments are bound to.
    members
        Who may take part.
    commit_until, reveal_until
        Unix seconds; an action at exactly the second is in time.
    bond
        What a member stands to lose, in units of the bond's asset.
    minimum
        Reveals without which there is no answer.
    commitments, values
        So far, by member.
    """

    domain: Domain
    feed: str
    round: int
    members: tuple[str, ...]
    commit_until: int
    reveal_until: int
    bond: int
    minimum: int
    even: EvenRule = "lower"
    commitments: Mapping[str, bytes] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)

    def commitment(self, member: str, value: int, salt: bytes) -> bytes:
        """Return the hash that ``member`` publishes first; ``salt`` must be 32 random bytes."""
        from eth_abi.abi import encode  # noqa: PLC0415 - only where something is hashed

        if len(salt) != SALT_BYTES:
            raise OracleUnauthorisedError("salt", f"{len(salt)} bytes, {SALT_BYTES} needed", length=len(salt))
        types = ["bytes32", "bytes32", "uint64", "address", "int256", "bytes32"]
        kind, feed = keccak256(COMMITMENT_TYPE.encode()), keccak256(self.feed.encode())
        content = keccak256(encode(types, [kind, feed, self.round, member, value, salt]))
        return keccak256(b"\x19\x01" + self.domain.separator + content)

    def commit(self, member: str, commitment: bytes, now: int) -> CommitReveal:
        """Take a commitment.

        Raises
        ------
        OracleUnauthorisedError
            A stranger, or a member for the second time.
        OracleStaleError
            Too late.
        """
        if member not in self.members:
            raise OracleUnauthorisedError("unknown member", f"{member} is no member", member=member)
        if now > self.commit_until:
            raise OracleStaleError(
                "late commitment", f"{now - self.commit_until} s too late", late=now - self.commit_until
            )
        if member in self.commitments:
            raise OracleUnauthorisedError("second commitment", f"{member} is bound already", member=member)
        return replace(self, commitments={**self.commitments, member: commitment})

    def reveal(self, member: str, value: int, salt: bytes, now: int) -> CommitReveal:
        """Open a commitment.

        Raises
        ------
        OracleOrderError
            Before everybody is bound.
        OracleStaleError
            Too late.
        OracleUnauthorisedError
            Nothing was committed, something else was, or it is open already.
        """
        if now <= self.commit_until:
            raise OracleOrderError(
                "early reveal", f"commitments are taken for {self.commit_until - now} s more", now=now
            )
        if now > self.reveal_until:
            raise OracleStaleError(
                "late reveal", f"{now - self.reveal_until} s too late", late=now - self.reveal_until
            )
        if member in self.values:
            raise OracleUnauthorisedError("second reveal", f"{member} has revealed", member=member)
        if self.commitments.get(member) != self.commitment(member, value, salt):
            raise OracleUnauthorisedError(
                "wrong opening", f"this is not what {member} committed", member=member
            )
        return replace(self, values={**self.values, member: value})

    def settle(self, now: int) -> Settlement:
        """Close the round.

        Raises
        ------
        OracleOrderError
            Reveals are still taken and one is missing.
        OracleTooFewError
            Fewer reveals than the minimum.
        """
        missing = [member for member in self.commitments if member not in self.values]
        if now <= self.reveal_until and (missing or now <= self.commit_until):
            raise OracleOrderError(
                "too early", f"{len(missing)} members may still reveal", missing=len(missing)
            )
        if len(self.values) < max(self.minimum, 1):
            raise OracleTooFewError(
                "reveals",
                f"{len(self.values)} revealed, {self.minimum} needed",
                revealed=len(self.values),
                needed=self.minimum,
            )
        value = median(list(self.values.values()), self.even)
        return Settlement(value, dict(self.values), dict.fromkeys(missing, self.bond))


@dataclass(frozen=True, slots=True)
class Withholding:
    """What members who act together make of a round by not revealing.

    Parameters
    ----------
    low, high
        Answers they can choose between once they have seen all others.
    low_cost, high_cost
        Bonds lost for them.
    """

    low: int
    high: int
    low_cost: int
    high_cost: int


def withholding(
    values: Mapping[str, int], colluding: frozenset[str], bond: int, minimum: int, even: EvenRule = "lower"
) -> Withholding:
    """Return the free choice of the last to reveal: every subset of the colluding may stay silent.

    Parameters
    ----------
    values
        Committed values of all.

    Raises
    ------
    OracleTooFewError
        There is no answer even if all reveal.
    """
    outcomes: list[tuple[int, int]] = []
    for silent in range(len(colluding) + 1):
        for group in combinations(sorted(colluding), silent):
            rest = [value for member, value in values.items() if member not in group]
            if len(rest) >= max(minimum, 1):
                outcomes.append((median(rest, even), silent * bond))
    if not outcomes:
        raise OracleTooFewError("reveals", f"{len(values)} committed, {minimum} needed", needed=minimum)
    low = min(outcomes)
    high = max(outcomes, key=lambda outcome: (outcome[0], -outcome[1]))
    return Withholding(low[0], high[0], low[1], high[1])
