"""The one suite that every source and node passes: scale, direction, time, zero, decimals, refusals, id."""

from __future__ import annotations

import hashlib
import json
import pkgutil
from fractions import Fraction
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle_probes as probes
import oracles
from oracle_probes import PROBES, Probe
from oracles.guards import Staleness
from oracles.node import Node, View, read
from oracles.reading import Reading, Reason, refuse
from probe_views import UNIT, feeds
from protocol.errors import UnknownNameError

NOW = 1_800_000_000
# Hundred-millionths: from 1e-4 to 1e7 whole units, so that a thousand times as much still fits 64 bits.
PRICES = st.integers(10**4, 10**15)
FACTORS = st.integers(2, 1000)
ANY_PRICE = st.one_of(st.integers(-(10**12), 10**12), st.sampled_from([0, 1, -1, 10**18, 10**26, -(10**26)]))

few = settings(max_examples=20, deadline=None)
every_probe = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)


def answer(probe: Probe, price: int, age: int = 5) -> Reading:
    return read(probe.build(), probe.view(price, NOW, age))


def expected(probe: Probe, price: int) -> Fraction:
    return Fraction(price, 10**UNIT) ** probe.power


@every_probe
@few
@given(price=PRICES)
def test_says_the_price_at_its_own_decimals(probe: Probe, price: int) -> None:
    reading = answer(probe, price)
    assert reading.ok, reading.refusal
    want = expected(probe, price)
    assert abs(reading.price - want) <= Fraction(1, 10**reading.decimals) + want * probe.tolerance
    assert reading.decimals >= 0


@every_probe
@few
@given(price=PRICES, factor=FACTORS)
def test_scales_with_its_inputs(probe: Probe, price: int, factor: int) -> None:
    one, many = answer(probe, price).price, answer(probe, price * factor).price
    last = Fraction(1, 10 ** answer(probe, price).decimals)
    ratio = Fraction(factor) ** probe.power
    assert abs(many - one * ratio) <= last * (1 + ratio) + 2 * many * probe.tolerance


@every_probe
@few
@given(low=PRICES, more=st.integers(0, 10**15))
def test_is_monotone_in_its_direction(probe: Probe, low: int, more: int) -> None:
    below, above = answer(probe, low).price, answer(probe, low + more).price
    assert (below <= above) if probe.power > 0 else (below >= above)


@every_probe
def test_a_doubled_price_moves_it_the_right_way(probe: Probe) -> None:
    one, two = answer(probe, 10**10).price, answer(probe, 2 * 10**10).price
    assert (two > one) if probe.power > 0 else (two < one)


@every_probe
@few
@given(age=st.integers(0, 290))
def test_carries_the_time_of_its_inputs(probe: Probe, age: int) -> None:
    reading = answer(probe, 10**10, age)
    assert reading.synthetic_time is not probe.timed
    assert reading.publish_time == (NOW - age if probe.timed else NOW)


@every_probe
@few
@given(age=st.integers(0, 290), limit=st.integers(0, 290))
def test_a_staleness_guard_sees_its_age(probe: Probe, age: int, limit: int) -> None:
    node = Staleness(limit, parents=(probe.build(),))
    reading = read(node, probe.view(10**10, NOW, age))
    if probe.timed and age > limit:
        assert reading.refusal is not None
        assert reading.refusal.reason is Reason.STALE
    else:
        assert reading.ok


@every_probe
def test_zero_is_zero_or_refused(probe: Probe) -> None:
    reading = answer(probe, 0)
    assert reading.value == 0 if reading.ok else reading.refusal is not None
    if probe.power < 0:
        assert not reading.ok, "a reciprocal of zero"


@every_probe
@few
@given(price=ANY_PRICE)
def test_no_data_raises(probe: Probe, price: int) -> None:
    if price < 0 and probe.name in UNSIGNED:
        price = -price
    reading = read(probe.build(), probe.view(price, NOW, 5))
    assert reading.ok or reading.refusal is not None


# What these sources store is an unsigned integer: no view holds a negative one.
UNSIGNED = {
    "maker-median",
    "maker-osm",
    "chronicle",
    "redstone",
    "band",
    "chainlink",
    "chainlink-proxy",
    "vault-share",
    "vault-share-own-books",
    "spot-pool",
    "cumulative-twap",
}


@every_probe
def test_an_empty_view_is_refused(probe: Probe) -> None:
    if probe.name in IN_A_WORLD:
        with pytest.raises(UnknownNameError):
            # A pool or vault that the graph names and the world lacks is a mistake of the file, not data.
            read(probe.build(), View(NOW, feeds=feeds(1, NOW, 5).feeds))
        return
    reading = read(probe.build(), View(NOW))
    assert not reading.ok
    assert reading.refusal is not None
    assert reading.refusal.message


IN_A_WORLD = {
    "vault-share",
    "vault-share-own-books",
    "euler-router",
    "spot-pool",
    "cumulative-twap",
    "lp-token-by-reserves",
    "lp-token-fair",
}


@pytest.mark.parametrize(
    "probe", [probe for probe in PROBES if probe.build().parents], ids=lambda probe: probe.name
)
def test_refused_parents_are_refused(probe: Probe) -> None:
    node = probe.build()
    failed = tuple(refuse(parent.id, Reason.REVERTED, "down") for parent in node.parents)
    view = probe.view(10**10, NOW, 5)
    reading = node.read(view, failed)
    assert not reading.ok
    assert len(reading.children) == len(failed)


@every_probe
def test_id_is_the_hash_of_type_parameters_and_parents(probe: Probe) -> None:
    node, again = probe.build(), probe.build()
    assert node.id == again.id
    text = json.dumps(
        [node.kind, node.parameters(), [parent.id for parent in node.parents]],
        sort_keys=True,
        separators=(",", ":"),
    )
    assert node.id == hashlib.sha256(text.encode()).hexdigest()
    assert answer(probe, 10**10).source == node.id


def test_ids_differ() -> None:
    by_id: dict[str, set[str]] = {}
    for probe in PROBES:
        by_id.setdefault(probe.build().id, set()).add(probe.name)
    shared = [names for names in by_id.values() if len(names) > 1]
    # One node reads either contract, and a Pyth average is stored as a price is.
    assert shared == [{"chainlink", "chainlink-proxy"}, {"pyth", "pyth-average"}]


@every_probe
def test_confidence_is_given_exactly_where_the_source_has_one(probe: Probe) -> None:
    assert (answer(probe, 10**10).confidence is not None) is probe.confident


def kinds(cls: type[Node]) -> set[str]:
    found = {sub.kind for sub in cls.__subclasses__() if sub.__module__.startswith("oracles.")}
    return found.union(*(kinds(sub) for sub in cls.__subclasses__()))


# A constant follows no price, a tick follows one only to a basis point, and a pool's own average has a clock
# of its own: test_graph, test_sources, test_venue_price.
ELSEWHERE = {"constant", "synthetix-uniswap", "geometric-twap", "pool-average"}


def test_every_node_kind_has_a_probe() -> None:
    for module in pkgutil.walk_packages(oracles.__path__, "oracles."):
        if not module.name.startswith("oracles.chain"):
            import_module(module.name)
    probed = {probe.build().kind for probe in PROBES}
    assert kinds(Node) - ELSEWHERE == probed
    assert probes.CONSTANT.kind in ELSEWHERE
