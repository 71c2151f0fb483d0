"""The in-pool oracle: a ring of cumulative ticks and seconds per liquidity.

Source of the rules: ``Oracle.sol`` (solc 0.7.6, so arithmetic wraps: time at 2**32, tick cumulatives at
2**55, seconds per liquidity at 2**160). Slots fill in order, so those written are always a prefix of the
ring; they are kept in chunks, and a write copies one chunk and the list of chunks instead of up to 65,535
observations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from protocol.errors import (
    NotConvergedError,
    ObservationTooOldError,
    UninitialisedPoolError,
    UnsafeValueError,
)
from protocol.fixed_point import div_to_zero, wrap_int, wrap_uint

MAX_CARDINALITY = 65535
_CHUNK_BITS = 8
_CHUNK_MASK = (1 << _CHUNK_BITS) - 1
_SEARCH_STEPS = 1024


class Observation(NamedTuple):
    """One slot of the ring.

    Parameters
    ----------
    time
        Unix seconds modulo 2**32.
    tick_cumulative
        Sum of tick times seconds (int56, wrapping).
    seconds_per_liquidity_x128
        Sum of seconds over liquidity in Q128 (uint160, wrapping).
    initialised
        Whether the slot holds an observation.
    """

    time: int
    tick_cumulative: int
    seconds_per_liquidity_x128: int
    initialised: bool = True

    def extended(self, time: int, tick: int, liquidity: int) -> Observation:
        """Return the observation at ``time`` if ``tick`` and ``liquidity`` held since this one."""
        elapsed = wrap_uint(time - self.time, 32)
        return Observation(
            time,
            wrap_int(self.tick_cumulative + tick * elapsed, 56),
            wrap_uint(self.seconds_per_liquidity_x128 + (elapsed << 128) // (liquidity or 1), 160),
        )


# ``grow`` writes a 1 into the time of a reserved slot; untouched storage is zero.
_RESERVED = Observation(1, 0, 0, False)
_UNTOUCHED = Observation(0, 0, 0, False)


def not_after(now: int, a: int, b: int) -> bool:
    """Return whether time ``a`` is at or before ``b``, both at most 2**32 seconds before ``now``."""
    if a <= now and b <= now:
        return a <= b
    return (a if a > now else a + (1 << 32)) <= (b if b > now else b + (1 << 32))


@dataclass(frozen=True, slots=True)
class ObservationRing:
    """The observations of a pool as a value.

    Parameters
    ----------
    index
        Slot of the newest observation.
    cardinality
        Slots in use as a ring; 0 before the pool is initialised.
    cardinality_next
        Slots in use once the ring next wraps.
    chunks
        The written slots from 0 on, 256 to a chunk.
    """

    index: int = 0
    cardinality: int = 0
    cardinality_next: int = 0
    chunks: tuple[tuple[Observation, ...], ...] = ()

    @classmethod
    def initialised(cls, time: int) -> Self:
        """Return a ring of one observation at ``time``."""
        return cls(0, 1, 1, ((Observation(wrap_uint(time, 32), 0, 0),),))

    @classmethod
    def from_observations(
        cls, written: Sequence[Observation], index: int, cardinality: int, cardinality_next: int
    ) -> Self:
        """Return a ring from its written slots, in order of the slots from 0 on."""
        if not 0 <= index < max(len(written), 1) <= max(cardinality, 1) <= MAX_CARDINALITY:
            raise UnsafeValueError("observation index", index, 0, len(written) - 1)
        if not cardinality <= cardinality_next <= MAX_CARDINALITY:
            raise UnsafeValueError("next cardinality", cardinality_next, cardinality, MAX_CARDINALITY)
        size = 1 << _CHUNK_BITS
        chunks = tuple(tuple(written[at : at + size]) for at in range(0, len(written), size))
        return cls(index, cardinality, cardinality_next, chunks)

    def __len__(self) -> int:
        """Return the number of written slots."""
        chunks = self.chunks
        return ((len(chunks) - 1) << _CHUNK_BITS) + len(chunks[-1]) if chunks else 0

    def __iter__(self) -> Iterator[Observation]:
        """Yield the written slots from 0 on."""
        for chunk in self.chunks:
            yield from chunk

    def at(self, index: int) -> Observation:
        """Return slot ``index`` as the contract's ``observations(index)`` shows it.

        Raises
        ------
        UnsafeValueError
            For an index outside the ring.
        """
        if not 0 <= index < MAX_CARDINALITY:
            raise UnsafeValueError("observation index", index, 0, MAX_CARDINALITY - 1)
        if index < len(self):
            return self.chunks[index >> _CHUNK_BITS][index & _CHUNK_MASK]
        return _RESERVED if index < self.cardinality_next else _UNTOUCHED

    @property
    def newest(self) -> Observation:
        """The observation written last."""
        return self.at(self.index)

    @property
    def oldest(self) -> Observation:
        """The oldest observation still held: the slot after the newest, or slot 0 while that is unwritten.

        Raises
        ------
        UninitialisedPoolError
            Before the first observation.
        """
        if self.cardinality == 0:
            raise UninitialisedPoolError("the oracle holds no observation")
        following = self.at((self.index + 1) % self.cardinality)
        return following if following.initialised else self.at(0)

    def write(self, time: int, tick: int, liquidity: int) -> Self:
        """Write an observation at ``time``; ``tick`` and ``liquidity`` are those *before* the action.

        Only the first write of a second counts. The ring grows to ``cardinality_next`` when it would wrap.
        """
        time = wrap_uint(time, 32)
        last = self.newest
        if last.time == time:
            return self
        cardinality = self.cardinality
        if self.cardinality_next > cardinality and self.index == cardinality - 1:
            cardinality = self.cardinality_next
        index = (self.index + 1) % cardinality
        new = last.extended(time, tick, liquidity)
        which, place = index >> _CHUNK_BITS, index & _CHUNK_MASK
        if which == len(self.chunks):
            chunks = (*self.chunks, (new,))
        else:
            old = self.chunks[which]
            chunks = (
                *self.chunks[:which],
                (*old[:place], new, *old[place + 1 :]),
                *self.chunks[which + 1 :],
            )
        return replace(self, index=index, cardinality=cardinality, chunks=chunks)

    def grow(self, cardinality_next: int) -> Self:
        """Reserve slots up to ``cardinality_next``; a value not above the present one changes nothing.

        Raises
        ------
        UninitialisedPoolError, UnsafeValueError
            Before the first observation; beyond the largest cardinality.
        """
        if self.cardinality_next == 0:
            raise UninitialisedPoolError("the oracle is not initialised")
        if not 0 <= cardinality_next <= MAX_CARDINALITY:
            raise UnsafeValueError("next cardinality", cardinality_next, 0, MAX_CARDINALITY)
        if cardinality_next <= self.cardinality_next:
            return self
        return replace(self, cardinality_next=cardinality_next)

    def observe(self, now: int, seconds_ago: int, tick: int, liquidity: int) -> tuple[int, int]:
        """Return (tick cumulative, seconds per liquidity X128) as of ``seconds_ago`` before ``now``.

        Parameters
        ----------
        now
            Block timestamp, Unix seconds.
        seconds_ago
            uint32.
        tick, liquidity
            The pool's current tick and in-range liquidity.

        Raises
        ------
        UninitialisedPoolError
            ``I``.
        ObservationTooOldError
            ``OLD``: nothing that old is kept.
        """
        if self.cardinality == 0:
            raise UninitialisedPoolError("the oracle holds no observation")
        if not 0 <= seconds_ago < 1 << 32:
            raise UnsafeValueError("seconds ago", seconds_ago, 0, (1 << 32) - 1)
        now = wrap_uint(now, 32)
        newest = self.newest
        if seconds_ago == 0:
            last = newest if newest.time == now else newest.extended(now, tick, liquidity)
            return last.tick_cumulative, last.seconds_per_liquidity_x128
        target = wrap_uint(now - seconds_ago, 32)
        if not_after(now, newest.time, target):
            last = newest if newest.time == target else newest.extended(target, tick, liquidity)
            return last.tick_cumulative, last.seconds_per_liquidity_x128
        oldest = self.oldest
        if not not_after(now, oldest.time, target):
            raise ObservationTooOldError(target, oldest.time)
        return _between(*self._surrounding(now, target), target)

    def _surrounding(self, now: int, target: int) -> tuple[Observation, Observation]:
        cardinality = self.cardinality
        low = (self.index + 1) % cardinality
        high = low + cardinality - 1
        for _ in range(_SEARCH_STEPS):
            middle = (low + high) // 2
            before = self.at(middle % cardinality)
            if not before.initialised:
                low = middle + 1
                continue
            after = self.at((middle + 1) % cardinality)
            reached = not_after(now, before.time, target)
            if reached and not_after(now, target, after.time):
                return before, after
            if reached:
                low = middle + 1
            else:
                high = middle - 1
        # Observations more than 2**32 seconds apart: the contract searches until its gas is gone.
        raise NotConvergedError("search for an observation", _SEARCH_STEPS)


def _between(before: Observation, after: Observation, target: int) -> tuple[int, int]:
    if target == before.time:
        return before.tick_cumulative, before.seconds_per_liquidity_x128
    if target == after.time:
        return after.tick_cumulative, after.seconds_per_liquidity_x128
    whole = wrap_uint(after.time - before.time, 32)
    part = wrap_uint(target - before.time, 32)
    # The contract divides first and toward zero: up to ``whole`` - 1 tick-seconds are lost.
    ticks = div_to_zero(wrap_int(after.tick_cumulative - before.tick_cumulative, 56), whole) * part
    seconds = wrap_uint(after.seconds_per_liquidity_x128 - before.seconds_per_liquidity_x128, 160)
    return (
        wrap_int(before.tick_cumulative + ticks, 56),
        wrap_uint(before.seconds_per_liquidity_x128 + seconds * part // whole, 160),
    )
