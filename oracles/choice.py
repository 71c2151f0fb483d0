"""What the sender of signed data may choose: the admissible answers, computed from the real rules.

Signed data proves who said it, not that it is the only thing that was said. Whoever sends the transaction
picks the signers (RedStone, Maker), the moment (Pyth, GMX) or the members (API3). Every answer listed here
was accepted by the same rule that a replay runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Generic, TypeVar

from oracles.sources.api3 import Beacon, update_set
from oracles.sources.gmx import GmxReport, GmxRule
from oracles.sources.maker import MakerMedian, SignedValue
from oracles.sources.pyth import PythPrice, not_older_than, parse_in_window
from oracles.sources.redstone import RedstonePackage, RedstoneRule
from protocol.errors import RuleError

Sent = TypeVar("Sent")

ENUMERATION_LIMIT = 20_000
"""More subsets than this are not enumerated; the extremes are still exact."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[Sent]):
    """The admissible answers of one read.

    Parameters
    ----------
    lowest, highest
        Extreme answers.
    lowest_sent, highest_sent
        What to send for them.
    answers
        All distinct answers, rising; None where they were too many to list.
    """

    lowest: int
    highest: int
    lowest_sent: Sent
    highest_sent: Sent
    answers: tuple[int, ...] | None


def _choice(candidates: Iterable[Sent], answer: Callable[[Sent], int], listed: bool) -> Choice[Sent] | None:
    accepted: list[tuple[int, Sent]] = []
    for candidate in candidates:
        try:
            accepted.append((answer(candidate), candidate))
        except RuleError:
            continue
    if not accepted:
        return None
    lowest = min(accepted, key=lambda pair: pair[0])
    highest = max(accepted, key=lambda pair: pair[0])
    answers = tuple(sorted({value for value, _ in accepted})) if listed else None
    return Choice(lowest[0], highest[0], lowest[1], highest[1], answers)


def redstone_choice(
    rule: RedstoneRule, now: int, signed: Sequence[RedstonePackage], feed: str
) -> Choice[tuple[RedstonePackage, ...]] | None:
    """Return what the sender may make of the signed packages; None where nothing is accepted.

    One timestamp and ``threshold`` signers are chosen; the median is monotone, so the ``threshold`` highest
    values give the highest answer.

    Parameters
    ----------
    rule
        Of the consumer.
    now
        Block time, seconds.
    signed
        Every package that the sender could get hold of.
    feed
        Which value is read.
    """
    candidates: list[tuple[RedstonePackage, ...]] = []
    listed = True
    for time in sorted({package.timestamp_ms for package in signed}):
        usable = sorted(
            (
                package
                for package in signed
                if package.timestamp_ms == time
                and package.signer in rule.signers
                and feed in dict(package.values)
            ),
            key=lambda package: dict(package.values)[feed],
        )
        if comb(len(usable), rule.threshold) <= ENUMERATION_LIMIT:
            candidates.extend(combinations(usable, rule.threshold))
        else:
            listed = False
            candidates.append(_distinct(usable, rule.threshold))
            candidates.append(_distinct(list(reversed(usable)), rule.threshold))
    return _choice(candidates, lambda packages: rule.values(now, packages, (feed,))[0], listed)


def _distinct(packages: Sequence[RedstonePackage], count: int) -> tuple[RedstonePackage, ...]:
    chosen: dict[str, RedstonePackage] = {}
    for package in packages:
        chosen.setdefault(package.signer, package)
    return tuple(chosen.values())[:count]


def pyth_window_choice(
    updates: Sequence[PythPrice], minimum: int, maximum: int, *, unique: bool = False
) -> Choice[PythPrice] | None:
    """Return what the sender may pick inside [minimum, maximum] publish time; ``unique`` leaves one."""
    return _choice(
        updates, lambda update: parse_in_window((update,), minimum, maximum, unique=unique).price, True
    )


def pyth_update_choice(
    stored: PythPrice | None, updates: Sequence[PythPrice], now: int, age: int
) -> Choice[PythPrice] | None:
    """Return the prices a reader with ``getPriceNoOlderThan(age)`` may be made to see.

    Strictly newer signed updates, and the stored price itself if nobody replaces it.
    """
    newer = [u for u in updates if stored is None or u.publish_time > stored.publish_time]
    candidates = newer if stored is None else [stored, *newer]
    return _choice(candidates, lambda update: not_older_than(update, now, age).price, True)


def gmx_choice(
    rule: GmxRule, now: int, reports: Sequence[GmxReport], reference: int | None, side: str
) -> Choice[GmxReport] | None:
    """Return the prices a keeper may execute at: ``bid`` (sells) or ``ask`` (buys) of any accepted report.

    Reports from the future of the block do not exist yet, so only those up to ``now`` are offered.
    """
    past = [report for report in reports if report.time <= now]

    def answer(report: GmxReport) -> int:
        checked = rule.check(now, report, reference)
        return checked.bid if side == "bid" else checked.ask

    return _choice(past, answer, True)


def gmx_ratio_choice(
    rule: GmxRule, now: int, first: Sequence[GmxReport], second: Sequence[GmxReport], precision: int = 10**18
) -> Choice[tuple[GmxReport, GmxReport]] | None:
    """Return first bid over second ask, times ``precision``, over all pairs within the time range."""
    pairs = [(one, two) for one in first for two in second if max(one.time, two.time) <= now]

    def answer(pair: tuple[GmxReport, GmxReport]) -> int:
        checked = rule.check_all(now, {"first": pair[0], "second": pair[1]}, {})
        return checked["first"].bid * precision // checked["second"].ask

    return _choice(pairs, answer, True)


def maker_choice(
    median: MakerMedian, now: int, signed: Sequence[SignedValue]
) -> Choice[tuple[SignedValue, ...]] | None:
    """Return what a poker of the Median may store: any quorum of authorised prices signed later."""
    ordered = sorted(signed, key=lambda price: price.value)
    if comb(len(ordered), median.quorum) <= ENUMERATION_LIMIT:
        candidates: Iterable[tuple[SignedValue, ...]] = combinations(ordered, median.quorum)
        return _choice(candidates, lambda prices: median.poke(now, prices).value, True)
    fresh = [price for price in ordered if price.signer in median.authorised and price.age > median.age]
    extremes = [_one_per_byte(fresh, median.quorum), _one_per_byte(fresh[::-1], median.quorum)]
    ready = [tuple(sorted(prices, key=lambda price: price.value)) for prices in extremes]
    return _choice(ready, lambda prices: median.poke(now, prices).value, False)


def _one_per_byte(prices: Sequence[SignedValue], count: int) -> tuple[SignedValue, ...]:
    chosen: dict[str, SignedValue] = {}
    for price in prices:
        chosen.setdefault(price.signer[2:4].lower(), price)
    return tuple(chosen.values())[:count]


def api3_choice(
    stored: Beacon, members: Sequence[Beacon], signed: Sequence[Sequence[Beacon]], now: int
) -> Choice[tuple[Beacon, ...]] | None:
    """Return what selective updates of a set's members may make of its value.

    Parameters
    ----------
    stored
        The set's stored value and time.
    members
        The members' stored values.
    signed
        For every member, the signed updates at hand; each may be submitted or kept back.
    now
        Block time.
    """
    options: list[list[Beacon]] = []
    for member, updates in zip(members, signed, strict=True):
        possible = [member]
        for update in updates:
            try:
                possible.append(member.update(now, update.value, update.timestamp))
            except RuleError:
                continue
        options.append(sorted(possible, key=lambda beacon: beacon.value))
    extremes = [tuple(option[0] for option in options), tuple(option[-1] for option in options)]
    return _choice(extremes, lambda chosen: update_set(stored, chosen).value, False)
