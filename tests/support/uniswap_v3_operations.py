"""Random worlds and operations for the Uniswap V3 pool."""

from __future__ import annotations

import random

from evm_chains import Chain
from protocol.venues.uniswap_v3.swapping import default_limit
from protocol.venues.uniswap_v3.tick_math import (
    MAX_SQRT_RATIO,
    MIN_SQRT_RATIO,
    sqrt_ratio_at_tick,
    usable_tick_bounds,
)
from twins import Operation, Twins, log_uniform, share_of
from uniswap_v3_twins import PoolTwins

UINT128_MAX = (1 << 128) - 1
# Fee in millionths and tick spacing: the four of mainnet, and the ends of what the factory accepts.
KINDS = ((100, 1), (500, 10), (3000, 60), (10_000, 200), (0, 7), (999_999, 16_383))
KIND_WEIGHTS = (2, 4, 6, 4, 1, 1)
MOST_SLOTS = 16
NAMES = (
    *("wait", "mint", "burn", "collect", "swap", "flash", "grow", "protocol_fee", "collect_protocol"),
    *("donate", "observe", "inside", "initialise"),
)
WEIGHTS = (26, 16, 11, 6, 40, 6, 3, 2, 2, 2, 5, 4, 1)


class RandomPool(PoolTwins):
    """A pool with its own habits: where its price and ranges lie, and how large amounts are."""

    def __init__(self, dice: random.Random, chain: Chain) -> None:
        fee, spacing = dice.choices(KINDS, KIND_WEIGHTS)[0]
        super().__init__(chain, fee, spacing)
        lowest, highest = usable_tick_bounds(spacing)
        centre = dice.choice((0, dice.randint(-100_000, 100_000), dice.randint(lowest, highest)))
        self.start = min(max(centre, lowest), highest - 1)
        width = dice.choice((2, 40, 400)) * spacing
        near = (self.start + int(dice.gauss(0, width)) for _ in range(7))
        self.range_ends = sorted(
            {min(max(tick // spacing * spacing, lowest), highest) for tick in near}
            # The ends of the range are far: thousands of empty bitmap words where the spacing is small.
            | ({lowest, highest} if spacing >= 60 else set())
        )
        self.liquidity_bits = dice.choice((20, 60, 90, 112))
        if dice.random() < 0.9:
            low, high = sqrt_ratio_at_tick(self.start), sqrt_ratio_at_tick(self.start + 1)
            self.apply(Operation("initialise", (dice.randint(low, high - 1),)))


def random_operation(dice: random.Random, twins: Twins) -> Operation:
    """Choose the next operation: mostly sensible sizes, now and then absurd ones."""
    assert isinstance(twins, RandomPool)
    pool = twins.model
    name = dice.choices(NAMES, WEIGHTS)[0]
    if not pool.ticks and dice.random() < 0.5:
        name = "mint"
    match name:
        case "wait":
            return Operation(name, (dice.choice((0, 1, 12, 3600, log_uniform(dice, 33))),))
        case "mint":
            return _mint(dice, twins)
        case "burn":
            return _burn(dice, twins)
        case "collect":
            owner, lower, upper = _some_position(dice, twins)
            asked = (dice.choice((UINT128_MAX, 0, 1, log_uniform(dice, 100))) for _ in range(2))
            return Operation(name, (owner, lower, upper, *asked))
        case "swap":
            return _swap(dice, twins)
        case "flash":
            amounts = [_part(dice, pool.balance0, 1.02), _part(dice, pool.balance1, 1.02)]
            return Operation(name, (*amounts, _extra(dice), _extra(dice)))
        case "grow":
            return Operation(name, (dice.choice((0, 2, 3, 5, MOST_SLOTS)),))
        case "protocol_fee":
            return Operation(name, (dice.choice((0, 4, 7, 10, 3, 11)), dice.choice((0, 4, 5, 10))))
        case "collect_protocol":
            return Operation(name, tuple(dice.choice((UINT128_MAX, 0, 1, 1000)) for _ in range(2)))
        case "donate":
            return Operation(name, (log_uniform(dice, 90), log_uniform(dice, 90)))
        case "observe":
            return _observe(dice, twins)
        case "inside":
            return Operation(name, _some_range(dice, twins))
    return Operation("initialise", (sqrt_ratio_at_tick(twins.start),))


def _part(dice: random.Random, whole: int, largest: float = 1.5) -> int:
    if dice.random() < 0.05:
        return log_uniform(dice, 130)
    return share_of(dice, whole, largest)


def _extra(dice: random.Random) -> int:
    """Return what a callback pays beyond its debt: mostly nothing."""
    return dice.choice((0,) * 12 + (-1, 1, log_uniform(dice, 60)))


def _some_range(dice: random.Random, twins: RandomPool) -> tuple[int, int]:
    lower, upper = dice.choice(twins.range_ends), dice.choice(twins.range_ends)
    if dice.random() < 0.02:
        return lower + 1, upper
    if dice.random() < 0.95:
        lower, upper = min(lower, upper), max(lower, upper)
    return lower, upper


def _mint(dice: random.Random, twins: RandomPool) -> Operation:
    liquidity = log_uniform(dice, 127.999 if dice.random() < 0.03 else twins.liquidity_bits)
    extras = (0, 0) if dice.random() < 0.8 else (_extra(dice), _extra(dice))
    return Operation("mint", (dice.randint(0, 1), *_some_range(dice, twins), max(liquidity, 0), *extras))


def _some_position(dice: random.Random, twins: RandomPool) -> tuple[int, int, int]:
    if twins.keys and dice.random() < 0.93:
        key = dice.choice(sorted(twins.keys))
        return twins.owners.index(key.owner), key.lower, key.upper
    return dice.randint(0, 1), *_some_range(dice, twins)


def _burn(dice: random.Random, twins: RandomPool) -> Operation:
    owner, lower, upper = _some_position(dice, twins)
    held = 0
    for key, position in twins.model.positions.items():
        if key == (twins.owners[owner], lower, upper):
            held = position.liquidity
    liquidity = dice.choice((0, held, _part(dice, held, 1.02), _part(dice, held, 1.0)))
    return Operation("burn", (owner, lower, upper, min(liquidity, UINT128_MAX)))


def _swap(dice: random.Random, twins: PoolTwins) -> Operation:
    pool = twins.model
    zero_for_one = dice.randint(0, 1)
    if pool.ticks.order and dice.random() < 0.8:  # mostly back to where liquidity is
        if pool.tick >= pool.ticks.order[-1]:
            zero_for_one = 1
        elif pool.tick < pool.ticks.order[0]:
            zero_for_one = 0
    limit = default_limit(bool(zero_for_one))
    price = pool.sqrt_price_x96
    far = pool.tick_spacing < 60  # a walk over thousands of empty words takes the model a second
    if price and (far or dice.random() < 0.5):
        reach = 10 ** dice.uniform(-6, 0.3)
        limit = int(price / (1 + reach)) if zero_for_one else int(price * (1 + reach))
        stops = [
            t for t in pool.ticks.order if (t <= pool.tick) == zero_for_one and abs(t - pool.tick) < 50_000
        ]
        if stops and dice.random() < 0.3:
            limit = sqrt_ratio_at_tick(dice.choice(stops))
    if dice.random() < 0.02:
        limit = dice.choice((0, price, MIN_SQRT_RATIO, MAX_SQRT_RATIO))
    limit = min(limit, MAX_SQRT_RATIO)
    held = (pool.balance0, pool.balance1)
    if dice.random() < 0.6:
        amount = _part(dice, held[1 - zero_for_one], 2.0)
    else:
        amount = -_part(dice, held[zero_for_one], 1.02)
    if dice.random() < 0.05:
        amount = dice.choice((0, 1, -1, 2, -2, (1 << 255) - 1, -(1 << 255)))
    return Operation("swap", (zero_for_one, amount, limit, _extra(dice)))


def _observe(dice: random.Random, twins: PoolTwins) -> Operation:
    ring, now = twins.model.observations, twins.chain.time % (1 << 32)
    ages = [(now - ring.at(slot).time) % (1 << 32) for slot in range(max(ring.cardinality, 1))]
    oldest = max(ages)
    choices = (0, dice.choice(ages), dice.randint(0, oldest), max(oldest - 1, 0), (oldest + 1) % (1 << 32))
    return Operation("observe", tuple(dice.choice(choices) for _ in range(dice.randint(1, 3))))
