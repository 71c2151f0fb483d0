"""Seeds and the generator: published vectors, and numbers that depend on their place alone."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.errors import SeedRangeError
from scenarios.markets.reference import philox_words
from scenarios.seeds import Purpose, Seed, philox4x32, purpose_word, scenario_hash, weighted_index

# Random123, tests/kat_vectors, philox4x32 with 10 rounds: counter, key, output.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
WORDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(("counter", "key", "output"), PUBLISHED)
def test_published_vectors(counter, key, output) -> None:
    assert philox4x32(counter, key) == output


@pytest.mark.parametrize(("counter", "key", "output"), PUBLISHED)
def test_array_form_gives_published_vectors(counter, key, output) -> None:
    # The array form spells the counter as (step, purpose and lane, run): the same four words.
    step, word, low, high = counter
    run = high << 32 | low
    if run + 1 >= 2**64:
        run -= 1  # a range must end below 2**64; compare with the integer form instead
        output = philox4x32((step, word, run & 0xFFFFFFFF, run >> 32), key)
    purpose, lane = word >> 24, word & 0xFFFFFF
    if purpose in set(Purpose):
        words = philox_words(key, range(run, run + 1), step, Purpose(purpose), 1, lane)
        assert tuple(int(w[0, 0]) for w in words) == output


@settings(deadline=None)
@given(key=st.tuples(WORDS, WORDS), run=st.integers(0, 2**64 - 3), step=WORDS, lane=st.integers(0, 2**24 - 3))
def test_array_form_is_the_integer_form(key, run, step, lane) -> None:
    words = philox_words(key, range(run, run + 2), step, Purpose.JUMP_SIZE, 2, lane)
    for i in range(2):
        for j in range(2):
            place = (
                step,
                purpose_word(Purpose.JUMP_SIZE, lane + i),
                (run + j) & 0xFFFFFFFF,
                (run + j) >> 32,
            )
            assert tuple(int(w[i, j]) for w in words) == philox4x32(place, key)


def test_key_is_sha256_of_seed_and_scenario() -> None:
    # Spelled out a second time, so that a change of the derivation is seen.
    seed = Seed(42, "ab")
    digest = hashlib.sha256(json.dumps(["backstop-seed-1", "42", "ab", "paths"]).encode()).digest()
    assert seed.key() == (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little"))
    keys = {Seed(m, s).key() for m in range(50) for s in ("a", "b")}
    assert len(keys) == 100


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.none(), max_size=5))
def test_scenario_hash_ignores_the_order_of_keys(document) -> None:
    turned = dict(reversed(list(document.items())))
    assert scenario_hash(document) == scenario_hash(turned)
    assert scenario_hash(document) != scenario_hash({**document, "another key \x00": 1})


def test_streams_differ_by_run_and_name_and_repeat() -> None:
    seed = Seed(1, "s")
    draws = {
        (run, name): seed.stream(run, name).bits() for run in range(20) for name in ("keeper", "attacker")
    }
    assert len(set(draws.values())) == 40
    assert seed.stream(3, "keeper").bits() == draws[3, "keeper"]


def test_stream_places_do_not_depend_on_what_was_drawn() -> None:
    one, other = Seed(1, "s").stream(0, "proposers"), Seed(1, "s").stream(0, "proposers")
    for _ in range(7):
        one.uniform()
    assert [one.at(slot) for slot in range(50)] == [other.at(slot) for slot in range(50)]


def test_stream_laws() -> None:
    """Five standard errors each: 6e-7 for a sound generator to fail."""
    stream = Seed(9, "laws").stream(0, "a")
    n = 20_000
    dice = np.bincount([stream.below(6) for _ in range(n)], minlength=6)
    assert np.abs(dice - n / 6).max() < 5 * np.sqrt(n * 5 / 36)
    normals = np.array([stream.normal() for _ in range(2_000)])
    assert abs(normals.mean()) < 5 / np.sqrt(2_000)
    assert abs(normals.var() - 1) < 5 * np.sqrt(2 / 2_000)
    waits = np.array([stream.exponential(3.0) for _ in range(2_000)])
    assert waits.min() >= 0
    assert abs(waits.mean() - 3) < 5 * 3 / np.sqrt(2_000)
    items: list[object] = list(range(30))
    stream.shuffle(items)
    assert sorted(items, key=int) == list(range(30))
    assert items != list(range(30))


def test_weighted_index_covers_the_unit_interval() -> None:
    assert [weighted_index([1.0, 0.0, 3.0], u) for u in (0.0, 0.2499, 0.25, 0.999999999)] == [0, 0, 2, 2]
    with pytest.raises(SeedRangeError):
        weighted_index([0.0, 0.0], 0.5)


@pytest.mark.parametrize(
    "call", [lambda: Seed(-1, ""), lambda: Seed(2**128, ""), lambda: Seed(0, "").stream(2**64, "a")]
)
def test_out_of_range(call) -> None:
    with pytest.raises(SeedRangeError):
        call()
    with pytest.raises(SeedRangeError):
        purpose_word(Purpose.PRICE, 2**24)
