"""Waiting for blocks in a row, block by block: a proposer of slots, and a miner who withholds.

Published: Mackinga, Nadahalli, Wattenhofer (ePrint 2022/445), table II; Adams, Wan, Zinsmeister (SSRN
4384409), section 4, whose figures come from a note that states no interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from scenarios.markets.arithmetic import arithmetic
from scenarios.markets.elementary import Floats
from scenarios.seeds import Purpose, Seed, scenario_hash
from scenarios.studies.row import Row, row_of

SLOTS_A_MONTH, SLOTS_AN_EPOCH = 216_000, 32
SHARES = ((0.0025, 335, 901_000), (0.005, 84, 456_000), (0.01, 21, 234_000), (0.015, 9, 160_000))
"""Share of the hash rate, hours (printed without their decimals), total cost in dollars."""
BLOCKS_AN_HOUR, TERAHASH, USD_A_TERAHASH_DAY, UNCLE_USD = 240, 715, 60_000, 1.46 * 2057


def two_blocks_by_withholding(share: float, runs: int, master: int = 1) -> tuple[Floats, Floats]:
    """Return by run the blocks until a withholding miner is two ahead, and his blocks that became uncles.

    He keeps a block to himself. If he finds the next he has two; if others do, he has one more chance before
    his branch is overtaken, and begins anew.
    """
    numbers, key = arithmetic(), Seed(master, scenario_hash(f"withholding {share}")).key()
    blocks, uncles = np.zeros(runs), np.zeros(runs)
    waiting = np.ones(runs, dtype=np.bool_)
    attempt = 0
    while waiting.any():
        found, second, third = numbers.uniforms(key, range(runs), attempt, Purpose.START, 3)
        wait = np.ceil(numbers.logarithm(1.0 - found) / log(1.0 - share))
        at_once, after_all = second < share, (second >= share) & (third < share)
        blocks += np.where(waiting, np.maximum(wait, 1.0) + np.where(at_once, 1.0, 2.0), 0.0)
        failed = waiting & ~at_once & ~after_all
        uncles += failed
        waiting = failed
        attempt += 1
    return blocks, uncles


def streaks(share: float, length: int, months: int, master: int = 1) -> NDArray[np.int64]:
    """Return by month how often a proposer has at least ``length`` slots in a row within one epoch."""
    numbers, key = arithmetic(), Seed(master, scenario_hash(f"streaks {share}")).key()
    expected = share * SLOTS_A_MONTH
    lanes = int(expected + 8 * expected**0.5 + 50)
    drawn = numbers.uniforms(key, range(months), 0, Purpose.START, lanes)
    gaps = np.maximum(np.ceil(numbers.logarithm(1.0 - drawn) / log(1.0 - share)), 1.0).astype(np.int64)
    slots = np.cumsum(gaps, axis=0) - 1
    slots = np.where(slots < SLOTS_A_MONTH, slots, 4 * SLOTS_A_MONTH + 2 * np.arange(lanes)[:, None])
    last = length - 1
    run = (slots[last:] - slots[: lanes - last] == last) & (
        slots[last:] // SLOTS_AN_EPOCH == slots[: lanes - last] // SLOTS_AN_EPOCH
    )
    before = np.full_like(slots[:1], -2)
    earlier = np.concatenate((before, slots[: lanes - last - 1]))
    first = (earlier != slots[: lanes - last] - 1) | (slots[: lanes - last] % SLOTS_AN_EPOCH == 0)
    return np.asarray((run & first).sum(axis=0))


def proof_of_work(runs: int, shares: Sequence[tuple[float, int, int]] = SHARES) -> Iterator[Row]:
    """Yield table II."""
    for share, hours, total in shares:
        blocks, uncles = two_blocks_by_withholding(share, runs)
        waited = blocks / BLOCKS_AN_HOUR
        name = f"{share:.2%} of the hash rate"
        note = "printed without decimals, so up to one hour more"
        yield row_of(f"{name}: wait", "hours", hours, waited.tolist(), within=1 / hours, note=note)
        cost = waited / 24 * TERAHASH * share * USD_A_TERAHASH_DAY - uncles * UNCLE_USD
        yield row_of(f"{name}: hash power less uncles", "USD", total, cost.tolist(), within=0.005)


def proof_of_stake(runs: int) -> Iterator[Row]:
    """Yield the months of two proposers."""
    note = "from a cited note; its counting rule is not stated"
    for share, published, within, months in (
        (0.01, 0.19, 0.06, runs),
        (0.1, 181.0, 0.015, max(runs // 20, 2)),
    ):
        found = streaks(share, 3, months).tolist()
        yield row_of(
            f"{share:.0%} of the stake: three slots in a row",
            "a month",
            published,
            found,
            within=within,
            note=note,
        )


def consecutive_blocks(runs: int) -> Iterator[Row]:
    """Yield everything; months of a proposer are a tenth as many, for each is thousands of slots."""
    yield from proof_of_work(runs)
    yield from proof_of_stake(max(runs // 10, 40))
