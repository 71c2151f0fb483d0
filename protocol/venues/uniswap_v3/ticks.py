"""Initialised ticks: liquidity that enters or leaves at a price, and what accrued beyond it.

Source of the rules: ``Tick.sol``, ``TickBitmap.sol``, ``LiquidityMath.sol``. "Outside" values are relative
to the side of the tick on which the price is not; all of them wrap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from protocol.errors import InsufficientLiquidityError, UnsafeValueError
from protocol.fixed_point import to_uint, wrap_int, wrap_uint


class Tick(NamedTuple):
    """One tick as the contract's ``ticks(i)`` shows it."""

    liquidity_gross: int = 0
    liquidity_net: int = 0
    fee_growth_outside0_x128: int = 0
    fee_growth_outside1_x128: int = 0
    tick_cumulative_outside: int = 0
    seconds_per_liquidity_outside_x128: int = 0
    seconds_outside: int = 0
    initialised: bool = False


class Accumulators(NamedTuple):
    """The pool's global accumulators at one moment; ticks keep differences to them."""

    fee_growth_global0_x128: int
    fee_growth_global1_x128: int
    tick_cumulative: int
    seconds_per_liquidity_x128: int
    time: int


EMPTY_TICK = Tick()


def add_liquidity(liquidity: int, delta: int) -> int:
    """Return ``liquidity + delta`` as uint128 (``LA`` above, ``LS`` below)."""
    if liquidity + delta < 0:
        raise InsufficientLiquidityError("liquidity", -delta, liquidity)
    return to_uint(liquidity + delta, 128, "liquidity")


class TickTable(Mapping[int, Tick]):
    """The initialised ticks of a pool, immutable; ``order`` is their sorted tuple.

    Crossing ticks makes a table that shares ``order``; only mint and burn change it.
    """

    __slots__ = ("_by_index", "order")

    def __init__(self, by_index: Mapping[int, Tick], order: tuple[int, ...] | None = None) -> None:
        self._by_index = dict(by_index)
        self.order = tuple(sorted(self._by_index)) if order is None else order

    def __getitem__(self, index: int) -> Tick:
        return self._by_index[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self.order)

    def __len__(self) -> int:
        return len(self.order)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TickTable) and self._by_index == other._by_index

    def __hash__(self) -> int:
        return hash(self.order)

    def __repr__(self) -> str:
        return f"TickTable({self._by_index!r})"

    def at(self, index: int) -> Tick:
        """Return tick ``index``, zeros where it is not initialised."""
        return self._by_index.get(index, EMPTY_TICK)

    def changed(self, changes: Mapping[int, Tick]) -> TickTable:
        """Return the table with ``changes``; a tick without gross liquidity leaves it."""
        merged = {**self._by_index, **changes}
        if all(index in self._by_index and tick.liquidity_gross for index, tick in changes.items()):
            return TickTable(merged, self.order)
        return TickTable({index: tick for index, tick in merged.items() if tick.liquidity_gross})

    def bitmap(self, tick_spacing: int) -> dict[int, int]:
        """Return the contract's ``tickBitmap``: word to bits, words without a bit left out."""
        words: dict[int, int] = {}
        for index in self.order:
            compressed = index // tick_spacing
            words[compressed >> 8] = words.get(compressed >> 8, 0) | 1 << (compressed & 255)
        return words

    def next_stop(self, tick: int, tick_spacing: int, zero_for_one: bool) -> tuple[int, bool]:
        """Return (tick, initialised) of the next stop: an initialised tick or the end of a bitmap word.

        Downward the current tick itself counts, upward it does not.
        """
        if zero_for_one:
            word_end = (tick // tick_spacing & ~255) * tick_spacing
            place = bisect_right(self.order, tick)
            if place and self.order[place - 1] >= word_end:
                return self.order[place - 1], True
            return word_end, False
        word_end = (tick // tick_spacing + 1 | 255) * tick_spacing
        place = bisect_right(self.order, tick)
        if place < len(self.order) and self.order[place] <= word_end:
            return self.order[place], True
        return word_end, False

    def next_initialised(self, tick: int, zero_for_one: bool) -> int | None:
        """Return the next initialised tick in the direction, however far, or None."""
        place = bisect_right(self.order, tick)
        if zero_for_one:
            return self.order[place - 1] if place else None
        return self.order[place] if place < len(self.order) else None


def updated(
    tick: Tick, index: int, current: int, delta: int, now: Accumulators, *, upper: bool, maximum: int
) -> Tick:
    """Return ``tick`` after ``delta`` of liquidity was added at it.

    Parameters
    ----------
    tick, index
        The tick and its number.
    current
        The pool's current tick: growth before a tick was initialised is taken to lie below it.
    delta
        Liquidity added (int128).
    now
        Global accumulators.
    upper
        Whether this is the upper end of the position.
    maximum
        Most gross liquidity that a tick may carry (``LO``).
    """
    gross = add_liquidity(tick.liquidity_gross, delta)
    if gross > maximum:
        raise UnsafeValueError(f"liquidity at tick {index}", gross, 0, maximum)
    if tick.liquidity_gross == 0 and index <= current:
        tick = Tick(
            tick.liquidity_gross,
            tick.liquidity_net,
            now.fee_growth_global0_x128,
            now.fee_growth_global1_x128,
            now.tick_cumulative,
            now.seconds_per_liquidity_x128,
            now.time,
        )
    net = tick.liquidity_net - delta if upper else tick.liquidity_net + delta
    to_uint(abs(net), 127, "net liquidity")
    return tick._replace(liquidity_gross=gross, liquidity_net=net, initialised=True)


def crossed(tick: Tick, now: Accumulators) -> Tick:
    """Return ``tick`` after the price crossed it: every "outside" value flips to the other side."""
    return Tick(
        tick.liquidity_gross,
        tick.liquidity_net,
        wrap_uint(now.fee_growth_global0_x128 - tick.fee_growth_outside0_x128, 256),
        wrap_uint(now.fee_growth_global1_x128 - tick.fee_growth_outside1_x128, 256),
        wrap_int(now.tick_cumulative - tick.tick_cumulative_outside, 56),
        wrap_uint(now.seconds_per_liquidity_x128 - tick.seconds_per_liquidity_outside_x128, 160),
        wrap_uint(now.time - tick.seconds_outside, 32),
        tick.initialised,
    )


def fee_growth_inside(
    below: Tick, above: Tick, global0: int, global1: int, *, lower: int, upper: int, current: int
) -> tuple[int, int]:
    """Return the fee growth per unit of liquidity between two ticks, X128, for token 0 and token 1.

    ``below`` and ``above`` are the ticks numbered ``lower`` and ``upper``, ``current`` is the pool's tick.
    """

    def inside(total: int, outside_lower: int, outside_upper: int) -> int:
        under = outside_lower if current >= lower else total - outside_lower
        over = outside_upper if current < upper else total - outside_upper
        return wrap_uint(total - under - over, 256)

    return (
        inside(global0, below.fee_growth_outside0_x128, above.fee_growth_outside0_x128),
        inside(global1, below.fee_growth_outside1_x128, above.fee_growth_outside1_x128),
    )
