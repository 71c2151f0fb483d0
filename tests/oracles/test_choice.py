"""What a sender may choose, against brute force over the real rules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.choice import (
    api3_choice,
    gmx_choice,
    gmx_ratio_choice,
    maker_choice,
    pyth_update_choice,
    pyth_window_choice,
    redstone_choice,
)
from oracles.medians import median_api3
from oracles.sources.api3 import Beacon
from oracles.sources.gmx import GmxReport, GmxRule
from oracles.sources.maker import MakerMedian, SignedValue
from oracles.sources.pyth import PythPrice
from oracles.sources.redstone import RedstonePackage, RedstoneRule
from protocol.errors import RuleError

NOW = 1_800_000_000
PRICES = st.integers(1, 10**6)
few = settings(max_examples=40, deadline=None)


def package(signer: str, price: int, seconds: int = NOW) -> RedstonePackage:
    return RedstonePackage(signer, seconds * 1000, (("F", price),))


def test_three_of_five_redstone_signers_are_the_senders_choice() -> None:
    """The primary production service takes 3 of 5: the sender may pick the three highest."""
    rule = RedstoneRule(frozenset("abcde"), 3)
    signed = [
        package(signer, price) for signer, price in zip("abcde", (100, 101, 102, 103, 104), strict=True)
    ]
    choice = redstone_choice(rule, NOW, signed, "F")
    assert choice is not None
    assert (choice.lowest, choice.highest) == (101, 103)
    assert choice.answers == (101, 102, 103)
    assert {p.signer for p in choice.highest_sent} >= {"d", "e"}


@few
@given(
    st.lists(st.tuples(st.sampled_from("abcdX"), PRICES, st.sampled_from([0, 100, 181])), max_size=5),
    st.integers(1, 3),
)
def test_redstone_choice_is_what_brute_force_finds(rows: list[tuple[str, int, int]], threshold: int) -> None:
    rule = RedstoneRule(frozenset("abcd"), threshold)
    signed = [package(signer, price, NOW - age) for signer, price, age in rows]
    found: set[int] = set()
    for size in range(len(signed) + 1):
        for sent in permutations(signed, size):
            try:
                found.add(rule.values(NOW, sent, ("F",))[0])
            except RuleError:
                continue
    choice = redstone_choice(rule, NOW, signed, "F")
    assert (set(choice.answers or ()) if choice else set()) == found
    if choice:
        assert (choice.lowest, choice.highest) == (min(found), max(found))


def test_many_signers_give_exact_extremes_without_a_list() -> None:
    rule = RedstoneRule(frozenset(str(n) for n in range(40)), 21)
    signed = [package(str(n), 1000 + n) for n in range(40)]
    choice = redstone_choice(rule, NOW, signed, "F")
    assert choice is not None
    assert choice.answers is None
    # The middle of the 21 lowest and of the 21 highest.
    assert (choice.lowest, choice.highest) == (1010, 1029)


def pyth(time: int, price: int, previous: int) -> PythPrice:
    return PythPrice(price, 1, -8, time, previous)


@few
@given(st.lists(PRICES, min_size=1, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_pyth_window_gives_its_moments_and_unique_gives_one(
    prices: list[int], start: int, length: int
) -> None:
    updates = [pyth(NOW + 2 * k, price, NOW + 2 * k - 2) for k, price in enumerate(prices)]
    low, high = NOW + start, NOW + start + length
    inside = [u.price for u in updates if low <= u.publish_time <= high]
    choice = pyth_window_choice(updates, low, high)
    assert (choice.answers if choice else ()) == tuple(sorted(set(inside)))
    only = pyth_window_choice(updates, low, high, unique=True)
    first = next((u for u in updates if low <= u.publish_time <= high), None)
    if first is None or first.previous_publish_time >= low:
        assert only is None
    else:
        assert only is not None
        assert only.answers == (first.price,)


def test_pyth_sender_may_keep_the_stored_price_or_any_newer_one_in_age() -> None:
    stored = pyth(NOW - 50, 100, 0)
    updates = [pyth(NOW - 70, 1, 0), pyth(NOW - 40, 90, 0), pyth(NOW - 5, 120, 0), pyth(NOW + 61, 999, 0)]
    choice = pyth_update_choice(stored, updates, NOW, 60)
    assert choice is not None
    # Older than stored: impossible. 61 s ahead: stale by the absolute difference; 60 s ahead would pass.
    assert choice.answers == (90, 100, 120)
    assert pyth_update_choice(None, [pyth(NOW + 60, 7, 0)], NOW, 60) is not None
    assert pyth_update_choice(stored, [], NOW, 49) is None


def test_a_gmx_keeper_has_five_minutes() -> None:
    reports = [GmxReport(1000 + second, 1002 + second, NOW - second) for second in range(0, 400, 10)]
    choice = gmx_choice(GmxRule(), NOW, reports, 1000, "ask")
    assert choice is not None
    assert (choice.lowest, choice.highest) == (1002, 1302)
    assert choice.highest_sent.time == NOW - 300
    atomic = gmx_choice(GmxRule(maximum_age=30), NOW, reports, 1000, "bid")
    assert atomic is not None
    assert (atomic.lowest, atomic.highest) == (1000, 1030)
    # Half of the reference is the outer fence.
    assert gmx_choice(GmxRule(), NOW, [GmxReport(501, 1500, NOW)], 1000, "ask") is not None
    assert gmx_choice(GmxRule(), NOW, [GmxReport(499, 1500, NOW)], 1000, "ask") is None


def test_two_gmx_tokens_must_come_from_one_minute() -> None:
    rising = [GmxReport(100 + k, 100 + k, NOW - 300 + 30 * k) for k in range(11)]
    falling = [GmxReport(200 - k, 200 - k, NOW - 300 + 30 * k) for k in range(11)]
    choice = gmx_ratio_choice(GmxRule(), NOW, rising, falling, 10**6)
    free = gmx_ratio_choice(GmxRule(maximum_range=10**6), NOW, rising, falling, 10**6)
    assert choice is not None
    assert free is not None
    assert choice.highest == 110 * 10**6 // 190
    one, two = choice.lowest_sent
    assert abs(one.time - two.time) <= 60
    assert free.lowest <= choice.lowest


@few
@given(st.lists(st.tuples(st.sampled_from(["0x11", "0x22", "0x33", "0x44"]), PRICES), max_size=5))
def test_maker_choice_is_what_brute_force_finds(rows: list[tuple[str, int]]) -> None:
    names = {tag: tag.ljust(42, "0") for tag in ("0x11", "0x22", "0x33", "0x44")}
    median = MakerMedian(frozenset(list(names.values())[:3]), 3)
    signed = [SignedValue(price, NOW, names[tag]) for tag, price in rows]
    found: set[int] = set()
    for sent in permutations(signed, 3):
        try:
            found.add(median.poke(NOW, sent).value)
        except RuleError:
            continue
    choice = maker_choice(median, NOW, signed)
    assert (set(choice.answers or ()) if choice else set()) == found


@few
@given(st.lists(st.tuples(PRICES, st.lists(PRICES, max_size=3)), min_size=2, max_size=4))
def test_selective_beacon_updates_reach_the_extremes(rows: Sequence[tuple[int, list[int]]]) -> None:
    members = [Beacon(value, NOW - 100) for value, _ in rows]
    signed = [[Beacon(v, NOW - 50 + k) for k, v in enumerate(updates)] for _, updates in rows]
    values = [
        median_api3([beacon.value for beacon in picked])
        for picked in product(*([m, *s] for m, s in zip(members, signed, strict=True)))
    ]
    choice = api3_choice(Beacon(0, 1), members, signed, NOW)
    assert choice is not None
    assert (choice.lowest, choice.highest) == (min(values), max(values))
