"""Chainlink feeds through their proxies: newest round, past rounds, bounds and phase.

A round is only believed if its answer is positive, its time is set and not after the block, and its phase is
the proxy's. Which age is too old is the reader's business (heartbeats differ), so the time is always given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts_abi.families import chainlink_flux, chainlink_ocr2, chainlink_proxy
from oracles.chain.calls import Call, Outcome, Plan, call
from oracles.chain.errors import CallRevertedError, ChainError, NoAnswerError, UnusableStateError
from oracles.chain.header import Block
from oracles.chain.reader import LiveReader, Reader
from oracles.node import Sample
from oracles.sources.chainlink import PHASE_BITS, AggregatorProxy, Ocr2Aggregator, Round, RoundData

LOW_BITS = (1 << PHASE_BITS) - 1
ABSENT = (CallRevertedError, NoAnswerError)
BOUNDS = (
    (chainlink_ocr2.MIN_ANSWER, chainlink_ocr2.MAX_ANSWER),
    (chainlink_flux.MIN_SUBMISSION_VALUE, chainlink_flux.MAX_SUBMISSION_VALUE),
)
"""Least and most answer as OCR and, asked only where it has none of those, as flux aggregators name them."""


class ChainlinkRound(NamedTuple):
    """One round as the proxy gives it.

    Parameters
    ----------
    round_id
        Phase << 64 | round of the aggregator.
    answer
        In the feed's decimals.
    started_at, updated_at
        Unix seconds.
    answered_in_round
        As given; equal to the round in every OCR aggregator. Less in a round of a flux aggregator that timed
        out: its answer is that of the round named.
    """

    round_id: int
    answer: int
    started_at: int
    updated_at: int
    answered_in_round: int

    @property
    def phase(self) -> int:
        """Number of the aggregator behind the proxy."""
        return self.round_id >> PHASE_BITS

    @property
    def aggregator_round(self) -> int:
        """Round within the phase."""
        return self.round_id & LOW_BITS

    def check(self, feed: str, block: Block) -> None:
        """Refuse a round that is no price.

        Raises
        ------
        UnusableStateError
            For an answer that is not positive, or a time that is missing or after the block.
        """
        if self.updated_at == 0:
            raise UnusableStateError(f"{feed}: round {self.round_id} is empty", round=self.round_id)
        if self.answer <= 0:
            raise UnusableStateError(f"{feed}: the answer {self.answer} is not positive", answer=self.answer)
        if self.updated_at > block.timestamp:
            ahead = self.updated_at - block.timestamp
            raise UnusableStateError(
                f"{feed}: round {self.round_id} was written {ahead} s after the block",
                updated_at=self.updated_at,
                block_time=block.timestamp,
            )


@dataclass(frozen=True, slots=True)
class ChainlinkState:
    """A feed at one block.

    Parameters
    ----------
    proxy, aggregator
        Addresses; the aggregator is '' where the address read is itself one.
    description, decimals
        As the feed says.
    phase_id
        0 where there is no proxy.
    round
        The newest, checked.
    minimum, maximum
        Bounds of the aggregator; None where it has none. An answer at a bound may be clamped.
    """

    proxy: str
    aggregator: str
    description: str
    decimals: int
    phase_id: int
    round: ChainlinkRound
    minimum: int | None
    maximum: int | None

    def sample(self) -> Sample:
        """Return the newest round as a sample."""
        return Sample(self.round.updated_at, self.round.answer, self.decimals, self.round.round_id)

    def stored(self) -> AggregatorProxy | Ocr2Aggregator:
        """Return what the simulated readers of Chainlink read."""
        lowest, highest = self.minimum or 0, self.maximum or (1 << 191) - 1
        current = ReadAggregator(
            oracles=0,
            faulty=0,
            minimum=lowest,
            maximum=highest,
            decimals=self.decimals,
            rounds=(Round(self.round.answer, self.round.started_at, self.round.updated_at),),
            first_round=self.round.aggregator_round,
        )
        if self.phase_id == 0:
            return current
        unread = ReadAggregator(oracles=0, faulty=0, minimum=lowest, maximum=highest, first_round=1)
        return AggregatorProxy((unread,) * (self.phase_id - 1) + (current,))


@dataclass(frozen=True, slots=True)
class ReadAggregator(Ocr2Aggregator):
    """An aggregator of which only some rounds were read; asking for another fails instead of giving zeros.

    Parameters
    ----------
    first_round
        Number of the first of ``rounds``.
    """

    first_round: int = 1

    def latest_round_data(self) -> RoundData:
        """Return the newest round that was read."""
        return self.round_data(self.first_round + len(self.rounds) - 1)

    def round_data(self, round_id: int) -> RoundData:
        """Return a round that was read.

        Raises
        ------
        UnusableStateError
            For any other: what was not read is not known.
        """
        place = round_id - self.first_round
        if not 0 <= place < len(self.rounds):
            raise UnusableStateError(f"round {round_id} was not read", round=round_id)
        found = self.rounds[place]
        return (round_id, found.answer, found.started_at, found.updated_at, round_id)


def _round(values: Sequence[object]) -> ChainlinkRound:
    numbers = [value for value in values if isinstance(value, int)]
    return ChainlinkRound(*numbers)


def read_chainlink(feed: str, address: str, block: Block) -> Plan[ChainlinkState]:
    """Read a feed through its proxy (or an aggregator directly).

    Raises
    ------
    UnusableStateError
        Where no price can be formed.
    """
    newest = call(address, chainlink_proxy.LATEST_ROUND_DATA)
    decimals = call(address, chainlink_proxy.DECIMALS)
    description = call(address, chainlink_proxy.DESCRIPTION)
    aggregator = call(address, chainlink_proxy.AGGREGATOR)
    phase = call(address, chainlink_proxy.PHASE_ID)
    first = yield [newest, decimals, description, aggregator, phase]
    latest = _round(newest.values(first[0]))
    latest.check(feed, block)
    behind, phase_id = "", 0
    try:
        behind, phase_id = aggregator.address(first[3]), phase.integer(first[4])
    except ABSENT:
        if latest.phase != 0:
            raise
    if latest.phase != phase_id:
        raise UnusableStateError(
            f"{feed}: round {latest.round_id} is of phase {latest.phase}, the proxy is in phase {phase_id}",
            round=latest.round_id,
            phase=phase_id,
        )
    source = behind or address
    minimum, maximum = yield from _bounds(source)
    if (minimum is not None and latest.answer <= minimum) or (
        maximum is not None and latest.answer >= maximum
    ):
        raise UnusableStateError(
            f"{feed}: the answer {latest.answer} stands at the bound {minimum}..{maximum} and may be clamped",
            answer=latest.answer,
            minimum=minimum,
            maximum=maximum,
        )
    said = description.value(first[2])
    return ChainlinkState(
        proxy=address.lower(),
        aggregator=behind,
        description=str(said),
        decimals=decimals.integer(first[1]),
        phase_id=phase_id,
        round=latest,
        minimum=minimum,
        maximum=maximum,
    )


def _bounds(aggregator: str) -> Plan[tuple[int | None, int | None]]:
    found: list[int | None] = [None, None]
    for functions in BOUNDS:
        asked = [call(aggregator, function) for function in functions]
        outcomes = yield asked
        for place, (item, outcome) in enumerate(zip(asked, outcomes, strict=True)):
            try:
                found[place] = item.integer(outcome)
            except ABSENT:
                continue
        if found != [None, None]:
            break
    return found[0], found[1]


def read_answers(reader: Reader, feeds: Sequence[tuple[str, str]]) -> list[ChainlinkRound | ChainError]:
    """Read the newest rounds of many (name, address) feeds at once, the fast path of large snapshots.

    All calls travel as one Multicall3 request and are decoded column by column; an answer of any other shape
    goes through the scalar codec.

    Returns
    -------
    list
        In the order of ``feeds``: a checked round, or why there is none.
    """
    function = chainlink_proxy.LATEST_ROUND_DATA
    targets = [address for _, address in feeds]
    answer = reader.bulk(targets, function) if isinstance(reader, LiveReader) else None
    rounds: list[ChainlinkRound | ChainError]
    if answer is None or isinstance(answer, list):
        calls = [call(target, function) for target in targets]
        rounds = _one_by_one(calls, reader.call_many(calls) if answer is None else answer)
    else:
        columns = [answer.integers(number) for number in range(5)]
        rounds = list(map(ChainlinkRound._make, zip(*columns, strict=True)))
    for number, item in enumerate(rounds):
        if isinstance(item, ChainlinkRound):
            try:
                item.check(feeds[number][0], reader.block)
            except UnusableStateError as error:
                rounds[number] = error
    return rounds


def _one_by_one(calls: Sequence[Call], outcomes: Sequence[Outcome]) -> list[ChainlinkRound | ChainError]:
    found: list[ChainlinkRound | ChainError] = []
    for item, outcome in zip(calls, outcomes, strict=True):
        try:
            found.append(_round(item.values(outcome)))
        except ChainError as error:
            found.append(error)
    return found


def read_rounds(
    feed: str, address: str, first: int, last: int, *, gaps: bool = False
) -> Plan[list[ChainlinkRound]]:
    """Read the rounds ``first`` to ``last`` of one phase, which must follow each other without a gap.

    Parameters
    ----------
    gaps
        Leave out rounds that hold no answer: aggregators of the years before OCR skipped numbers.

    Raises
    ------
    UnusableStateError
        If a number does not match, or a round is missing and ``gaps`` is not set.
    """
    numbers = range(first, last + 1)
    calls = [call(address, chainlink_proxy.GET_ROUND_DATA, number) for number in numbers]
    outcomes = yield calls
    rounds: list[ChainlinkRound] = []
    for number, item, outcome in zip(numbers, calls, outcomes, strict=True):
        if gaps and not outcome.success:
            continue
        found = _round(item.values(outcome))
        if gaps and found.updated_at == 0:
            continue
        if found.round_id != number or found.updated_at == 0:
            raise UnusableStateError(f"{feed}: round {number} is not there", round=number)
        rounds.append(found)
    return rounds


def read_phases(address: str) -> Plan[list[tuple[int, int]]]:
    """Return (phase, newest round in it) for every aggregator that a proxy has had, oldest first.

    An aggregator that answers no more, or was never used, is left out.
    """
    phase = call(address, chainlink_proxy.PHASE_ID)
    (outcome,) = yield [phase]
    numbers = range(1, phase.integer(outcome) + 1)
    asked = [call(address, chainlink_proxy.PHASE_AGGREGATORS, number) for number in numbers]
    outcomes = (yield asked) if asked else []
    behind = [item.address(outcome) for item, outcome in zip(asked, outcomes, strict=True)]
    newest = [call(aggregator, chainlink_proxy.LATEST_ROUND_DATA) for aggregator in behind]
    outcomes = (yield newest) if newest else []
    phases: list[tuple[int, int]] = []
    for number, item, outcome in zip(numbers, newest, outcomes, strict=True):
        try:
            last = _round(item.values(outcome)).round_id
        except ABSENT:
            continue
        if 0 < last <= LOW_BITS:
            phases.append((number, last))
    return phases
