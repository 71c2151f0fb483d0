"""Views in which everything that a node reads comes from one price, and parts of graphs over them."""

from __future__ import annotations

from collections.abc import Callable

from oracles.node import Node, Sample, View
from oracles.sources.chainlink import Ocr2Aggregator
from oracles.sources.euler import ChainlinkAdapter, CrossAdapter, EulerQuote, EulerRouter, ResolvedVault
from oracles.sources.feed import FeedSample
from oracles.sources.gmx import GmxReport, GmxRule, GmxTransaction
from oracles.sources.pool import Observation
from oracles.sources.pyth import PythPrice
from oracles.sources.redstone import RedstoneCalldata, RedstonePackage, RedstoneRule
from oracles.sources.reflector import ReflectorPrices
from oracles.sources.sequencer import SequencerUptime
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import VaultShare

UNIT = 8
"""Decimals of the probes' price."""

ViewOf = Callable[[int, int, int], View]


def feeds(price: int, now: int, age: int) -> View:
    """Five feeds of one price at different decimals; ``r`` is a rate of exactly one."""
    samples = {
        name: (Sample(now - age, price * 10 ** (digits - UNIT), digits, 7),)
        for name, digits in (("a", 8), ("b", 18), ("c", 10), ("d", 12), ("e", 8))
    }
    one = (Sample(now - age, 10**18, 18),)
    return View(now, feeds={**samples, "r": one}, memory={"uptime": SequencerUptime(0, 1)})


def memory(make: Callable[[int, int], object]) -> ViewOf:
    """Return a view that holds what ``make(price, time)`` gives under the name ``m``."""
    return lambda price, now, age: View(now, block=1000, memory={"m": make(price, now - age)})


def five() -> tuple[Node, ...]:
    return tuple(FeedSample(name) for name in "abcde")


def aggregator(price: int, time: int) -> Ocr2Aggregator:
    base = Ocr2Aggregator(4, 1, 0, 10**30)
    return base.transmit(time, 1, time, [price] * 4, [0, 1])


def redstone(price: int, now: int, age: int) -> View:
    rule = RedstoneRule(frozenset("xyz"), 3, maximum_delay=10**9)
    packages = tuple(RedstonePackage(signer, (now - age) * 1000, (("F", price),)) for signer in "xyz")
    return View(now, memory={"m": RedstoneCalldata(rule, packages)})


def gmx(price: int, now: int, age: int) -> View:
    report = GmxReport(price * 10**4, price * 10**4, now - age)
    return View(now, memory={"m": GmxTransaction(GmxRule(maximum_age=10**9), {"T": report}, {})})


def reflector(price: int, now: int, age: int) -> View:
    samples = {now - age - 300 * back: price * 10**6 for back in range(3)} if price > 0 else {}
    return View(now, memory={"m": ReflectorPrices(300, samples, now - age)})


def euler_router() -> EulerQuote:
    first = ChainlinkAdapter("a", "base", "cross", 18, 18, 8, 72 * 3600)
    second = ChainlinkAdapter("r", "cross", "quote", 18, 18, 18, 72 * 3600)
    cross = CrossAdapter("base", "cross", "quote", first, second)
    router = EulerRouter((("base", "quote", cross),), (ResolvedVault("share", "base"),))
    return EulerQuote(router, "share", "quote", 18, 18)


def euler_view(price: int, now: int, age: int) -> View:
    view = feeds(price, now, age)
    vault = VaultShare("base", "share", 10**24, 10**24, 0, 0)
    return View(now, feeds=view.feeds, vaults={"share": vault})


def euler_pyth_view(price: int, now: int, age: int) -> View:
    return View(now, memory={"m": PythPrice(price, 0, -8, now - age)})


def vault_view(price: int, now: int, age: int) -> View:
    del age
    return View(now, vaults={"v": VaultShare("a", "s", price * 10**10, 10**18, 0, 0)})


def pool_view(price: int, now: int, age: int) -> View:
    """A pair of A and B at the price, unchanged for ten minutes."""
    del age
    pair = UniswapV2Pair("A", "B", 10**22, price * 10**14, total_supply=2 * 10**22, time_last=now - 600)
    return View(now, venues={"p": pair}, memory={"m": Observation(now - 600, 0, 0)})


def lp_view(price: int, now: int, age: int) -> View:
    return View(now, feeds=feeds(price, now, age).feeds, venues=pool_view(1, now, age).venues)


def fair_view(price: int, now: int, age: int) -> View:
    """A pair with as much of A as of B, and half a unit of each behind every LP token."""
    pair = UniswapV2Pair("A", "B", 10**22, 10**22, total_supply=2 * 10**22)
    return View(now, feeds=feeds(price, now, age).feeds, venues={"p": pair})


def gift_view(price: int, now: int, age: int) -> View:
    """A vault of which a part is a gift."""
    del age
    gift = 7 * 10**17
    vault = VaultShare("a", "s", price * 10**10 + gift, 10**18, 0, 0)
    return View(now, vaults={"v": vault}, memory={"gifts": gift})


def registry_view(price: int, now: int, age: int) -> View:
    """The feeds, and a registry that names the first of two sources."""
    return View(now, feeds=feeds(price, now, age).feeds, memory={"source": "first"})
