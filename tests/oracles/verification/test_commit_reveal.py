"""Commit and reveal: late, missing, wrong and copied reveals, and what staying silent is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.medians import median
from oracles.verification.commit_reveal import CommitReveal, withholding
from oracles.verification.report import Domain
from protocol.errors import (
    OracleError,
    OracleOrderError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
)

MEMBERS = tuple("0x" + f"{n + 1:02x}" * 20 for n in range(7))
START = CommitReveal(
    Domain("Oracle", "1", 1, "0x" + "11" * 20), "ETH/USD", 1, MEMBERS, 100, 200, bond=50, minimum=3
)
SALTS = {member: bytes([n]) * 32 for n, member in enumerate(MEMBERS)}


def committed(values: dict[str, int]) -> CommitReveal:
    state = START
    for member, value in values.items():
        state = state.commit(member, state.commitment(member, value, SALTS[member]), 100)
    return state


def revealed(values: dict[str, int], silent: frozenset[str] = frozenset()) -> CommitReveal:
    state = committed(values)
    for member, value in values.items():
        if member not in silent:
            state = state.reveal(member, value, SALTS[member], 200)
    return state


VALUES = st.lists(st.integers(-1000, 1000), min_size=4, max_size=7).map(
    lambda v: dict(zip(MEMBERS, v, strict=False))
)


@settings(max_examples=30, deadline=None)
@given(VALUES, st.sets(st.integers(0, 3), max_size=1))
def test_the_answer_is_the_median_of_what_is_revealed(values: dict[str, int], silent: set[int]) -> None:
    quiet = frozenset(MEMBERS[n] for n in silent)
    done = revealed(values, quiet).settle(201)
    kept = [value for member, value in values.items() if member not in quiet]
    assert done.value == median(kept, "lower")
    assert done.forfeited == dict.fromkeys(quiet, 50)


@given(VALUES, st.sets(st.integers(0, 6), max_size=1), st.integers(-(10**9), 10**9))
def test_a_minority_that_lies_or_withholds_stays_in_the_honest_range(
    values: dict[str, int], liars: set[int], lie: int
) -> None:
    colluding = frozenset(MEMBERS[n] for n in liars if MEMBERS[n] in values)
    honest = [value for member, value in values.items() if member not in colluding]
    told = {member: lie if member in colluding else value for member, value in values.items()}
    choice = withholding(told, colluding, 50, 3)
    assert min(honest) <= choice.low <= choice.high <= max(honest)
    assert choice.low <= median(list(told.values()), "lower") <= choice.high


def test_withholding_has_a_price() -> None:
    values = dict(zip(MEMBERS, (10, 20, 30, 40, 50), strict=False))
    both = frozenset(MEMBERS[:2])
    choice = withholding(values, both, 50, 3)
    # Silent about 10 and 20, the lower median of the rest is 40; about neither it stays 30.
    assert (choice.low, choice.low_cost, choice.high, choice.high_cost) == (30, 0, 40, 100)
    with pytest.raises(OracleTooFewError):
        withholding(values, both, 50, 6)


def test_a_copied_commitment_cannot_be_opened() -> None:
    first, second = MEMBERS[:2]
    hash_ = START.commitment(first, 42, SALTS[first])
    state = START.commit(first, hash_, 1).commit(second, hash_, 2).reveal(first, 42, SALTS[first], 150)
    with pytest.raises(OracleUnauthorisedError, match="not what"):
        state.reveal(second, 42, SALTS[first], 150)


@pytest.mark.parametrize("change", ["round", "feed", "chain"])
def test_a_commitment_is_bound_to_its_round_feed_and_chain(change: str) -> None:
    other = {
        "round": replace(START, round=2),
        "feed": replace(START, feed="BTC/USD"),
        "chain": replace(START, domain=replace(START.domain, chain_id=5)),
    }[change]
    member = MEMBERS[0]
    assert other.commitment(member, 1, SALTS[member]) != START.commitment(member, 1, SALTS[member])
    state = START.commit(member, other.commitment(member, 1, SALTS[member]), 0)
    with pytest.raises(OracleUnauthorisedError):
        state.reveal(member, 1, SALTS[member], 150)


M = MEMBERS[0]
FULL = committed(dict.fromkeys(MEMBERS[:4], 7))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: START.commit(M, b"x", 101), OracleStaleError, "1 s too late"),
        (lambda: START.commit("0x" + "ff" * 20, b"x", 1), OracleUnauthorisedError, "no member"),
        (lambda: FULL.commit(M, b"x", 100), OracleUnauthorisedError, "bound already"),
        (lambda: FULL.reveal(M, 7, SALTS[M], 100), OracleOrderError, "commitments are taken"),
        (lambda: FULL.reveal(M, 7, SALTS[M], 201), OracleStaleError, "1 s too late"),
        (lambda: FULL.reveal(M, 8, SALTS[M], 150), OracleUnauthorisedError, "not what"),
        (lambda: FULL.reveal(MEMBERS[6], 7, SALTS[M], 150), OracleUnauthorisedError, "not what"),
        (lambda: FULL.reveal(M, 7, b"short", 150), OracleUnauthorisedError, "5 bytes"),
        (
            lambda: FULL.reveal(M, 7, SALTS[M], 150).reveal(M, 7, SALTS[M], 150),
            OracleUnauthorisedError,
            "has revealed",
        ),
        (lambda: FULL.settle(200), OracleOrderError, "4 members may still reveal"),
        (lambda: FULL.settle(201), OracleTooFewError, "0 revealed, 3 needed"),
    ],
)
def test_refused(act: object, error: type[OracleError], message: str) -> None:
    assert callable(act)
    with pytest.raises(error, match=message):
        act()


def test_a_round_may_be_settled_once_all_have_revealed() -> None:
    assert revealed(dict.fromkeys(MEMBERS[:4], 7)).settle(150).value == 7
