"""Signed rounds: what a wallet library signs, and every way in which a round is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.signatures import Signature
from oracles.verification.report import (
    CURVE_ORDER,
    Domain,
    Observation,
    Signed,
    member_address,
    sign_observation,
)
from oracles.verification.rounds import Committee
from protocol.errors import (
    OracleError,
    OracleFutureError,
    OracleOrderError,
    OracleStaleError,
    OracleTooFewError,
    OracleUnauthorisedError,
)

NOW = 1_700_000_000
KEYS = tuple(bytes([n + 1]) * 32 for n in range(7))
DOMAIN = Domain("Oracle", "1", 1, "0x" + "11" * 20)
FEED = "ETH/USD"


def committee(count: int = 7, faults: int = 2, **changes: object) -> Committee:
    return replace(Committee(DOMAIN, FEED, tuple(map(member_address, KEYS[:count])), faults), **changes)


def observe(
    n: int, value: int, round_: int = 1, time: int = NOW, domain: Domain = DOMAIN, feed: str = FEED
) -> Signed:
    return sign_observation(Observation(feed, round_, time, value), domain, KEYS[n])


def test_the_digest_is_what_a_wallet_signs() -> None:
    observation = Observation(FEED, 9, NOW, -123456)
    message = encode_typed_data(
        {
            "name": DOMAIN.name,
            "version": DOMAIN.version,
            "chainId": DOMAIN.chain_id,
            "verifyingContract": DOMAIN.verifying_contract,
        },
        {
            "Observation": [
                {"name": "feed", "type": "string"},
                {"name": "round", "type": "uint64"},
                {"name": "time", "type": "uint64"},
                {"name": "value", "type": "int256"},
            ]
        },
        {"feed": FEED, "round": 9, "time": NOW, "value": -123456},
    )
    account = Account.from_key(KEYS[0])
    theirs = account.sign_message(message)
    assert theirs.message_hash == observation.digest(DOMAIN)
    signed = Signed(observation, Signature(theirs.v, theirs.r, theirs.s))
    assert signed.signer(DOMAIN) == account.address == member_address(KEYS[0])
    assert sign_observation(observation, DOMAIN, KEYS[0]) == signed


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(90, 110), min_size=5, max_size=7),
    st.sets(st.integers(0, 6), max_size=2),
    st.integers(-(10**30), 10**30),
    st.randoms(use_true_random=False),
)
def test_a_minority_moves_no_answer_beyond_the_honest_range(
    values: list[int], liars: set[int], lie: int, shuffle: object
) -> None:
    signed = [observe(n, lie if n in liars else value) for n, value in enumerate(values)]
    honest = [value for n, value in enumerate(values) if n not in liars]
    answer = committee().accept(signed, NOW).last
    assert answer is not None
    assert min(honest) <= answer.value <= max(honest)
    assert len(answer.signers) == len(values)


@pytest.mark.parametrize("even", ["lower", "upper"])
def test_order_and_even_rule(even: str) -> None:
    signed = [observe(n, value) for n, value in enumerate((5, 1, 4, 2, 3, 6))]
    answers = {committee(even=even).accept(order, NOW).last.value for order in (signed, signed[::-1])}  # type: ignore[union-attr]
    assert answers == {3 if even == "lower" else 4}


def five(**changes: object) -> list[Signed]:
    return [observe(n, 100 + n, **changes) for n in range(5)]  # type: ignore[arg-type]


REFUSED: list[tuple[str, list[Signed], type[OracleError], str]] = [
    ("fewer than a quorum", five()[:4], OracleTooFewError, "4 observations, 5 needed"),
    ("one signer twice", [*five()[:4], five()[0]], OracleUnauthorisedError, "signed twice"),
    ("one signer, two values", [*five(), observe(0, 7)], OracleUnauthorisedError, "signed twice"),
    (
        "a stranger",
        [*five(), sign_observation(Observation(FEED, 1, NOW, 1), DOMAIN, b"\x77" * 32)],
        OracleUnauthorisedError,
        "is no member",
    ),
    ("another chain", five(domain=replace(DOMAIN, chain_id=10)), OracleUnauthorisedError, "is no member"),
    (
        "another contract",
        five(domain=replace(DOMAIN, verifying_contract="0x" + "22" * 20)),
        OracleUnauthorisedError,
        "is no member",
    ),
    ("another version", five(domain=replace(DOMAIN, version="2")), OracleUnauthorisedError, "is no member"),
    ("another feed", five(feed="BTC/USD"), OracleOrderError, "BTC/USD"),
    ("two rounds", [*five()[:4], observe(4, 1, 2)], OracleOrderError, "2 rounds"),
    ("too old", [*five()[:4], observe(4, 1, time=NOW - 301)], OracleStaleError, "301 s old"),
    ("from the future", [*five()[:4], observe(4, 1, time=NOW + 16)], OracleFutureError, "16 s ahead"),
]


@pytest.mark.parametrize(
    ("signed", "error", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(signed: list[Signed], error: type[OracleError], message: str) -> None:
    with pytest.raises(error, match=message):
        committee().accept(signed, NOW)


def test_the_limits_of_time_are_inclusive() -> None:
    signed = [*five()[:3], observe(3, 1, time=NOW - 300), observe(4, 1, time=NOW + 15)]
    answer = committee().accept(signed, NOW).last
    assert answer is not None
    assert answer.time == NOW - 300


def test_a_changed_value_is_a_stranger() -> None:
    signed = five()
    forged = replace(signed[0], observation=replace(signed[0].observation, value=10**9))
    with pytest.raises(OracleUnauthorisedError):
        committee().accept([forged, *signed[1:]], NOW)


def test_the_malleable_twin_of_a_signature_is_refused() -> None:
    good = observe(0, 100)
    twin = Signature(55 - good.signature.v, good.signature.r, CURVE_ORDER - good.signature.s)
    with pytest.raises(OracleUnauthorisedError, match="upper half"):
        Signed(good.observation, twin).signer(DOMAIN)


def test_a_round_is_never_replayed() -> None:
    after = committee().accept(five(round_=3), NOW)
    for round_ in (1, 3):
        with pytest.raises(OracleOrderError, match=f"round {round_} is not above 3"):
            after.accept(five(round_=round_), NOW)
    later = after.accept(five(round_=9), NOW)
    assert later.last is not None
    assert later.last.round == 9
    with pytest.raises(OracleStaleError, match="before"):
        later.accept(five(round_=10, time=NOW - 1), NOW)


def test_a_committee_bears_less_than_a_third() -> None:
    assert committee(7, 2).quorum == 5
    with pytest.raises(OracleTooFewError):
        committee(6, 2)
    with pytest.raises(OracleUnauthorisedError, match="not all distinct"):
        Committee(DOMAIN, FEED, (member_address(KEYS[0]),) * 4, 1)
