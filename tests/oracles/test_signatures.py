"""Signed prices end to end: sign with a known key, recover, and reject what was tampered with."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.signatures import Signature, address_of, keccak256, recover_signer, sign
from oracles.sources.maker import MakerMedian, message_hash, recover_value, sign_value
from oracles.sources.redstone import (
    RedstoneRule,
    parse_payload,
    payload,
    sign_package,
    signed_packages,
)
from protocol.errors import OracleError, OracleUnauthorisedError
from scenarios.verify.oracles_redstone import TEST_ACCOUNTS

VECTORS = Path(__file__).parents[1] / "vectors" / "oracles" / "redstone_payload.json.gz"
# The public keys of every local test chain; account 0 and 1 of the test mnemonic.
KEYS = (
    bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
)


def test_keccak_of_nothing() -> None:
    # The published hash of the empty string; SHA3-256 gives a7ffc6f8... instead.
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_keys_give_the_known_addresses() -> None:
    assert tuple(address_of(key) for key in KEYS) == TEST_ACCOUNTS[:2]


@settings(max_examples=5, deadline=None)
@given(st.binary(min_size=0, max_size=200), st.sampled_from(KEYS))
def test_a_signature_recovers_its_signer_and_only_over_its_data(data: bytes, key: bytes) -> None:
    signature = sign(keccak256(data), key)
    assert Signature.from_bytes(signature.to_bytes()) == signature
    assert recover_signer(keccak256(data), signature) == address_of(key)
    assert recover_signer(keccak256(data + b"!"), signature) != address_of(key)


@pytest.mark.parametrize(
    "signature", [Signature(27, 0, 1), Signature(27, 1, 0), Signature(29, 1, 1), Signature(27, 2**256 - 1, 5)]
)
def test_nonsense_signatures_are_refused(signature: Signature) -> None:
    with pytest.raises(OracleUnauthorisedError):
        recover_signer(keccak256(b"x"), signature)


def test_a_maker_price_is_bound_to_value_age_and_asset() -> None:
    signature = sign_value(5 * 10**18, 100, "ETHUSD", KEYS[0])
    signed = recover_value(5 * 10**18, 100, "ETHUSD", signature)
    assert signed.signer == TEST_ACCOUNTS[0]
    for value, age, asset in (
        (6 * 10**18, 100, "ETHUSD"),
        (5 * 10**18, 101, "ETHUSD"),
        (5 * 10**18, 100, "X"),
    ):
        assert message_hash(value, age, asset) != message_hash(5 * 10**18, 100, "ETHUSD")
        assert recover_value(value, age, asset, signature).signer != TEST_ACCOUNTS[0]
    median = MakerMedian(frozenset({TEST_ACCOUNTS[0]}), 1)
    assert median.poke(110, [signed]).value == 5 * 10**18
    with pytest.raises(OracleUnauthorisedError, match="Median/invalid-oracle"):
        median.poke(110, [recover_value(6 * 10**18, 100, "ETHUSD", signature)])


def real_payload() -> bytes:
    document = json.loads(gzip.decompress(VECTORS.read_bytes()))
    text = next(case[4] for case in document["cases"] if case[4] and len(case[3]) > 1)
    return bytes.fromhex(text)


def test_our_package_is_byte_for_byte_the_real_one() -> None:
    """The first real payload was made with the source's own tools and signed by test account 19."""
    document = json.loads(gzip.decompress(VECTORS.read_bytes()))
    case = next(case for case in document["cases"] if case[4])
    (index, time, points) = case[3][0]
    keys = {
        TEST_ACCOUNTS.index(address_of(key)): key
        for key in (
            *KEYS,
            bytes.fromhex("df57089febbacf7ba0bc227dafbffa9fc08a93fdc68e1e42411a14efcf23656e"),
        )
    }
    assert index in keys
    package = sign_package(time, {feed: int(value) for feed, value in points}, keys[index], value_bytes=8)
    assert bytes.fromhex(case[4]).startswith(package)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_tampered_payload_never_yields_an_authorised_price(data: st.DataObject) -> None:
    whole = real_payload()
    rule = RedstoneRule(frozenset(TEST_ACCOUNTS[:19]), 1)
    honest = parse_payload(whole)
    # Bytes inside the packages: before the count, the metadata (5 bytes), its length and the marker.
    place = data.draw(st.integers(0, len(whole) - 2 - 5 - 3 - 9 - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        packages = parse_payload(bytes(changed))
    except OracleError:
        return
    touched = [package for package in packages if package not in honest]
    assert touched
    assert all(package.signer not in rule.signers for package in touched)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    with pytest.raises(OracleError):
        parse_payload(data + b"\1")


def test_a_payload_survives_the_round_trip() -> None:
    values = {"ETH": 3000 * 10**8, "BTC": 60000 * 10**8}
    whole = payload([sign_package(1_800_000_000_000, values, key) for key in KEYS], b"unsigned")
    assert parse_payload(whole) == signed_packages(1_800_000_000_000, dict.fromkeys(KEYS, values))
