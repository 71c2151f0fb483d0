"""The state of a V3 pool as a value, named as the contract names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, Self

from protocol.errors import StateError, UninitialisedPoolError, UnsafeValueError
from protocol.venues.uniswap_v3.observations import Observation, ObservationRing
from protocol.venues.uniswap_v3.sqrt_price_math import amount0_delta_up, amount1_delta_up
from protocol.venues.uniswap_v3.swap_math import FEE_SCALE
from protocol.venues.uniswap_v3.tick_math import (
    MAX_TICK_SPACING,
    max_liquidity_per_tick,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from protocol.venues.uniswap_v3.ticks import EMPTY_TICK, Accumulators, Tick, TickTable
from protocol.venues.venue import State, state_int, state_ints, state_str

TICK_SPACINGS = {100: 1, 500: 10, 3000: 60, 10_000: 200}
"""Tick spacing of each fee (millionths) that the Ethereum factory enabled."""


class PositionKey(NamedTuple):
    """Whose position, and its range of ticks."""

    owner: str
    lower: int
    upper: int


class Position(NamedTuple):
    """One position as the contract's ``positions(key)`` shows it."""

    liquidity: int = 0
    fee_growth_inside0_last_x128: int = 0
    fee_growth_inside1_last_x128: int = 0
    tokens_owed0: int = 0
    tokens_owed1: int = 0


class Slot0(NamedTuple):
    """The contract's ``slot0``."""

    sqrt_price_x96: int
    tick: int
    observation_index: int
    observation_cardinality: int
    observation_cardinality_next: int
    fee_protocol: int
    unlocked: bool


@dataclass(frozen=True, slots=True)
class PoolState:
    """Everything that a pool stores.

    Parameters
    ----------
    token0, token1
        Names in the contract's order.
    fee
        Millionths of the input.
    tick_spacing
        Distance of usable ticks.
    sqrt_price_x96
        Square root of the price of token 0 in raw token 1 units, Q64.96; 0 before ``initialise``.
    tick
        Current tick; at a tick that was just crossed downward it is one below the price's own.
    liquidity
        Liquidity in range (uint128).
    fee_protocol
        As in ``slot0``: the divisor for token 0 in the low four bits, for token 1 in the high four.
    fee_growth_global0_x128, fee_growth_global1_x128
        Fees per unit of liquidity since the start, Q128, wrapping.
    protocol_fees0, protocol_fees1
        Uncollected protocol fees.
    ticks, positions, observations
        The contract's mappings and its oracle.
    balance0, balance1
        Tokens held; -1 (the default) means just what the liquidity in ``ticks`` needs.
    """

    token0: str
    token1: str
    fee: int
    tick_spacing: int
    sqrt_price_x96: int = 0
    tick: int = 0
    liquidity: int = 0
    fee_protocol: int = 0
    fee_growth_global0_x128: int = 0
    fee_growth_global1_x128: int = 0
    protocol_fees0: int = 0
    protocol_fees1: int = 0
    ticks: TickTable = field(default_factory=lambda: TickTable({}))
    positions: Mapping[PositionKey, Position] = field(default_factory=dict)
    observations: ObservationRing = field(default_factory=ObservationRing)
    balance0: int = -1
    balance1: int = -1

    def __post_init__(self) -> None:
        if not 0 <= self.fee < FEE_SCALE:
            raise UnsafeValueError("fee", self.fee, 0, FEE_SCALE - 1)
        if not 0 < self.tick_spacing <= MAX_TICK_SPACING:
            raise UnsafeValueError("tick spacing", self.tick_spacing, 1, MAX_TICK_SPACING)
        if self.balance0 == -1 or self.balance1 == -1:
            amount0, amount1 = self.locked_amounts_up()
            if self.balance0 == -1:
                object.__setattr__(self, "balance0", amount0 + self.protocol_fees0)
            if self.balance1 == -1:
                object.__setattr__(self, "balance1", amount1 + self.protocol_fees1)

    @property
    def slot0(self) -> Slot0:
        """The contract's ``slot0``; nothing re-enters a value, so an initialised pool is unlocked."""
        ring = self.observations
        return Slot0(
            self.sqrt_price_x96,
            self.tick,
            ring.index,
            ring.cardinality,
            ring.cardinality_next,
            self.fee_protocol,
            self.sqrt_price_x96 != 0,
        )

    @property
    def protocol_fees(self) -> tuple[int, int]:
        """The contract's ``protocolFees``."""
        return self.protocol_fees0, self.protocol_fees1

    @property
    def max_liquidity_per_tick(self) -> int:
        """Most gross liquidity at one tick."""
        return max_liquidity_per_tick(self.tick_spacing)

    @property
    def tick_bitmap(self) -> dict[int, int]:
        """The contract's ``tickBitmap``, words without a bit left out."""
        return self.ticks.bitmap(self.tick_spacing)

    def require_initialised(self) -> None:
        """Raise unless the pool has a price (``LOK``)."""
        if self.sqrt_price_x96 == 0:
            raise UninitialisedPoolError("the pool has no price yet")

    def accumulators(self, time: int) -> Accumulators:
        """Return the global accumulators at Unix second ``time``, the oracle's extended to it."""
        ticks, seconds = self.observations.observe(time, 0, self.tick, self.liquidity)
        return Accumulators(
            self.fee_growth_global0_x128,
            self.fee_growth_global1_x128,
            ticks,
            seconds,
            time & 0xFFFFFFFF,
        )

    def locked_amounts_up(self) -> tuple[int, int]:
        """Return what all liquidity is made of at the present price, per token, rounded up by range."""
        amount0 = amount1 = liquidity = 0
        order = self.ticks.order
        for lower, upper in pairwise(order):
            liquidity += self.ticks[lower].liquidity_net
            low, high = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
            middle = min(max(self.sqrt_price_x96, low), high)
            amount0 += amount0_delta_up(middle, high, liquidity)
            amount1 += amount1_delta_up(low, middle, liquidity)
        return amount0, amount1

    def to_state(self) -> State:
        """Return the whole state as plain data; only written observations are listed."""
        ring = self.observations
        plain: dict[str, object] = {name: getattr(self, name) for name in (*_NAMES, *_REQUIRED, *_OPTIONAL)}
        plain["ticks"] = {str(index): list(tick[:-1]) for index, tick in self.ticks.items()}
        plain["positions"] = [[*key, *position] for key, position in self.positions.items()]
        plain["observation_index"] = ring.index
        plain["observation_cardinality"] = ring.cardinality
        plain["observation_cardinality_next"] = ring.cardinality_next
        plain["observations"] = [list(observation[:-1]) for observation in ring]
        return plain

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pool from ``to_state``'s data.

        Only tokens, fee, spacing, price, liquidity and ticks are required. A tick may be given by its first
        two figures (gross and net liquidity); the current tick then follows from the price, balances from
        the ticks, and without observations the oracle starts with one at ``time`` (0 if that is not given).
        """
        price = state_int(state, "sqrt_price_x96")
        optional = {
            name: state_int(state, name, default) for name, default in _OPTIONAL.items() if name != "tick"
        }
        tick = state_int(state, "tick", tick_at_sqrt_ratio(price) if price else 0)
        return cls(
            state_str(state, "token0"),
            state_str(state, "token1"),
            sqrt_price_x96=price,
            fee=state_int(state, "fee"),
            tick_spacing=state_int(state, "tick_spacing"),
            liquidity=state_int(state, "liquidity"),
            tick=tick,
            ticks=_read_ticks(state),
            positions=_read_positions(state),
            observations=_read_observations(state, price),
            **optional,
        )


_NAMES = ("token0", "token1")
_REQUIRED = ("fee", "tick_spacing", "sqrt_price_x96", "liquidity")
_OPTIONAL = {
    "tick": 0,
    "fee_protocol": 0,
    "fee_growth_global0_x128": 0,
    "fee_growth_global1_x128": 0,
    "protocol_fees0": 0,
    "protocol_fees1": 0,
    "balance0": -1,
    "balance1": -1,
}


def _read_ticks(state: State) -> TickTable:
    plain = state.get("ticks")
    if not isinstance(plain, Mapping):
        raise StateError("ticks", "a mapping of tick to figures", plain)
    table: dict[int, Tick] = {}
    for index in plain:
        figures = state_ints(plain, index)
        if not 2 <= len(figures) <= len(Tick._fields) - 1:
            raise StateError(f"ticks[{index}]", "2 to 7 integers", figures)
        table[int(index)] = Tick._make((*figures, *EMPTY_TICK[len(figures) : -1], True))
    return TickTable(table)


def _read_positions(state: State) -> dict[PositionKey, Position]:
    plain = state.get("positions", [])
    if not isinstance(plain, list | tuple):
        raise StateError("positions", "a list of positions", plain)
    positions: dict[PositionKey, Position] = {}
    for row in plain:
        if not isinstance(row, list | tuple) or len(row) != 8:
            raise StateError("positions", "rows of an owner and 7 integers", row)
        lower, upper, *figures = state_ints({"positions": row[1:]}, "positions")
        key = PositionKey(state_str({"positions": row[0]}, "positions"), lower, upper)
        positions[key] = Position(*figures)
    return positions


def _read_observations(state: State, price: int) -> ObservationRing:
    plain = state.get("observations")
    if plain is None:
        return ObservationRing.initialised(state_int(state, "time", 0)) if price else ObservationRing()
    if not isinstance(plain, list | tuple):
        raise StateError("observations", "a list of observations", plain)
    written: list[Observation] = []
    for row in plain:
        figures = state_ints({"observations": row}, "observations")
        if len(figures) != 3:
            raise StateError("observations", "rows of 3 integers", row)
        written.append(Observation(*figures))
    cardinality = state_int(state, "observation_cardinality", len(written))
    return ObservationRing.from_observations(
        written,
        state_int(state, "observation_index", max(len(written) - 1, 0)),
        cardinality,
        state_int(state, "observation_cardinality_next", cardinality),
    )
