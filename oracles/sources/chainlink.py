"""Chainlink: when the network reports, what the aggregator stores, and how the proxy numbers rounds.

Source of the rules: smartcontractkit/libocr contract2/OCR2Aggregator.sol and
offchainreporting2/reportingplugin/median/median.go; @chainlink/contracts AggregatorProxy.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from oracles.medians import median_ocr2
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse
from protocol.errors import (
    OracleError,
    OracleRangeError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
)

BILLION = 10**9
UINT32_MAX = (1 << 32) - 1
PHASE_BITS = 64


def deviates(old: int, new: int, threshold_ppb: int) -> bool:
    """Whether a new answer is worth a report: |new - old| / |old| >= threshold, as exact rationals.

    Parameters
    ----------
    old, new
        Answers in the feed's units.
    threshold_ppb
        ``AlphaPPB``, parts per billion. From an old answer of zero any other answer deviates.
    """
    if old == 0:
        return new != 0
    return abs(new - old) * BILLION >= threshold_ppb * abs(old)


@dataclass(frozen=True, slots=True)
class ReportRule:
    """When honest nodes agree to report.

    Parameters
    ----------
    heartbeat
        ``DeltaC`` in seconds: a report is due once more than this has passed.
    deviation_ppb
        ``AlphaPPB``.
    """

    heartbeat: int
    deviation_ppb: int

    def due(self, now: int, last_time: int | None, last_answer: int, answer: int) -> bool:
        """Whether a report is due; ``last_time`` is None before the first round of a configuration."""
        if last_time is None or now > last_time + self.heartbeat:
            return True
        return deviates(last_answer, answer, self.deviation_ppb)


@dataclass(frozen=True, slots=True)
class Round:
    """One stored transmission; a round that does not exist reads as zeros."""

    answer: int = 0
    started_at: int = 0
    updated_at: int = 0


RoundData = tuple[int, int, int, int, int]
"""(round id, answer, started at, updated at, answered in round)."""


@dataclass(frozen=True, slots=True)
class Ocr2Aggregator:
    """An OCR2 aggregator's state; every accepted report returns the next state.

    Parameters
    ----------
    oracles, faulty
        ``n`` and ``f`` of the configuration, 3f < n.
    minimum, maximum
        Answers outside revert the whole report, so the feed goes stale instead of clamping.
    decimals
        Of the answers.
    epoch_and_round
        Of the last report.
    rounds
        Stored rounds; round 1 is the first.
    """

    oracles: int
    faulty: int
    minimum: int
    maximum: int
    decimals: int = 8
    epoch_and_round: int = 0
    rounds: tuple[Round, ...] = ()

    def transmit(
        self,
        now: int,
        epoch_and_round: int,
        observations_time: int,
        observations: Sequence[int],
        signers: Sequence[int],
    ) -> Self:
        """Store a report.

        Parameters
        ----------
        now
            Block time.
        epoch_and_round
            Must rise.
        observations_time
            The nodes' own time of the observations, stored as ``startedAt``.
        observations
            As sent: the contract takes element n/2 and checks no order.
        signers
            Indexes of the oracles that signed; exactly f + 1, distinct.

        Raises
        ------
        OracleStaleError, OracleUnauthorisedError, OracleTooFewError, OracleRangeError
            In the contract's order, with its texts.
        """
        if epoch_and_round <= self.epoch_and_round:
            raise OracleStaleError("stale report", last=self.epoch_and_round, sent=epoch_and_round)
        if len(signers) != self.faulty + 1:
            raise OracleUnauthorisedError("wrong number of signatures", signatures=len(signers))
        if len(set(signers)) != len(signers):
            raise OracleUnauthorisedError("non-unique signature")
        if any(not 0 <= signer < self.oracles for signer in signers):
            raise OracleUnauthorisedError("signature error")
        if len(observations) <= self.faulty:
            raise OracleTooFewError("too few values to trust median", observations=len(observations))
        answer = median_ocr2(observations)
        if not self.minimum <= answer <= self.maximum:
            raise OracleRangeError("median is out of min-max range", answer=answer)
        new = Round(answer, observations_time, now)
        return replace(self, epoch_and_round=epoch_and_round, rounds=(*self.rounds, new))

    def latest_round_data(self) -> RoundData:
        """Return the newest round; zeros before the first report.

        ``answeredInRound`` always equals the round, so the usual check of it tests nothing.
        """
        return self.round_data(len(self.rounds))

    def round_data(self, round_id: int) -> RoundData:
        """Return a round; an unknown one reads as zeros, it does not revert."""
        if round_id > UINT32_MAX:
            return (0, 0, 0, 0, 0)
        stored = self.rounds[round_id - 1] if 1 <= round_id <= len(self.rounds) else Round()
        return (round_id, stored.answer, stored.started_at, stored.updated_at, round_id)


@dataclass(frozen=True, slots=True)
class AggregatorProxy:
    """The address consumers read: round id = phase << 64 | aggregator round.

    Parameters
    ----------
    phases
        Aggregators, oldest first; phase ids start at 1. Right after a switch the new phase may have no round:
        all zero but the phase bits.
    """

    phases: tuple[Ocr2Aggregator, ...]

    @property
    def phase_id(self) -> int:
        """Id of the current phase."""
        return len(self.phases)

    @property
    def decimals(self) -> int:
        """Of the current phase."""
        return self.phases[-1].decimals

    def latest_round_data(self) -> RoundData:
        """Return the newest round of the current phase."""
        return self._with_phase(self.phase_id, self.phases[-1].latest_round_data())

    def round_data(self, round_id: int) -> RoundData:
        """Return a round of any phase.

        Raises
        ------
        OracleError
            With the reason ``empty`` for a phase that does not exist: a call to address zero.
        """
        phase = round_id >> PHASE_BITS
        if not 1 <= phase <= self.phase_id:
            raise OracleError("empty", f"phase {phase} has no aggregator", phase=phase)
        return self._with_phase(phase, self.phases[phase - 1].round_data(round_id & ((1 << PHASE_BITS) - 1)))

    @staticmethod
    def _with_phase(phase: int, data: RoundData) -> RoundData:
        base = phase << PHASE_BITS
        return (base | data[0], data[1], data[2], data[3], base | data[4])


@dataclass(frozen=True)
class ChainlinkFeed(Node):
    """The latest answer of an aggregator or proxy kept in the view's memory.

    A feed without a round refuses: the contract answers zeros, and no reader should price with them.
    """

    kind: ClassVar[str] = "chainlink"
    feed: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return answer, round and block time of the newest round."""
        del readings
        aggregator = view.stored(self.feed, Ocr2Aggregator) or view.stored(self.feed, AggregatorProxy)
        if aggregator is None:
            return refuse(self.id, Reason.NO_DATA, f"no aggregator {self.feed!r}")
        round_id, answer, _, updated_at, _ = aggregator.latest_round_data()
        if updated_at == 0:
            return refuse(self.id, Reason.NO_DATA, f"{self.feed!r} has no round yet", round=round_id)
        return Reading(self.id, answer, aggregator.decimals, updated_at, round=round_id)

    @property
    def label(self) -> str:
        """The feed."""
        return f"Chainlink {self.feed}"
