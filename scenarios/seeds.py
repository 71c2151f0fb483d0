"""Randomness that belongs to a run, never to a worker.

Everything random derives from (master seed, scenario hash, run index). Market paths take a 64-bit key from
SHA-256 of the first two and put the run index into the counter of Philox4x32-10, so every number is a pure
function of its place: (key, run, step, purpose, lane). Agents and blocks draw from a ``Stream`` whose key is
SHA-256 of all three and a name. Worker counts, chunk sizes and orders of evaluation cannot change a digit.

Source of the generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from scenarios.errors import SeedRangeError

Words: TypeAlias = tuple[int, int, int, int]

PHILOX_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
PHILOX_WEYL = (0x9E3779B9, 0xBB67AE85)
PHILOX_ROUNDS = 10
MASTER_BITS = 128
RUN_BITS = 64
STEP_BITS = 32
LANE_BITS = 24
JUMP_STRIDE = 1 << 12  # lanes of jump sizes between one source of jumps and the next

_MASK = 0xFFFFFFFF


class Purpose(IntEnum):
    """What a number of a market path is for; each purpose has its own 2**24 lanes a step."""

    PRICE = 0
    JUMP_COUNT = 1
    JUMP_SIZE = 2
    VARIANCE = 3
    VARIANCE_UNIFORM = 4
    REGIME = 5
    RESAMPLE = 6
    START = 7
    SURFACE = 8
    POPULATION = 9


def philox4x32(counter: Words, key: tuple[int, int]) -> Words:
    """Return the four 32-bit words of Philox4x32-10 at ``counter`` under ``key``."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(PHILOX_ROUNDS):
        low = PHILOX_MULTIPLIERS[0] * c0
        high = PHILOX_MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (high >> 32) ^ c1 ^ k0, high & _MASK, (low >> 32) ^ c3 ^ k1, low & _MASK
        k0 = (k0 + PHILOX_WEYL[0]) & _MASK
        k1 = (k1 + PHILOX_WEYL[1]) & _MASK
    return c0, c1, c2, c3


def purpose_word(purpose: Purpose, lane: int = 0) -> int:
    """Return the counter word that tells purposes and lanes apart.

    Raises
    ------
    SeedRangeError
        If the lane does not fit its bits.
    """
    if not 0 <= lane < 1 << LANE_BITS:
        raise SeedRangeError("lane", lane, LANE_BITS)
    return int(purpose) << LANE_BITS | lane


def scenario_hash(document: object) -> str:
    """Return SHA-256 of plain JSON data written canonically (sorted keys, no blanks, ASCII).

    Raises
    ------
    ValueError
        A float is not finite: it has no JSON form.
    TypeError
        Something is not plain data.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Seed:
    """The seed of a study.

    Parameters
    ----------
    master
        What the user chose, below 2**128.
    scenario
        ``scenario_hash`` of what decides the paths. Two parameter sets of one protocol are compared on the
        same paths by hashing only the market here.
    """

    master: int
    scenario: str

    def __post_init__(self) -> None:
        if not 0 <= self.master < 1 << MASTER_BITS:
            raise SeedRangeError("master seed", self.master, MASTER_BITS)

    def key(self) -> tuple[int, int]:
        """Return the Philox key of this study's market paths; the counter carries the run."""
        digest = self._digest("paths")
        return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")

    def stream(self, run: int, name: str) -> Stream:
        """Return the numbers of one named actor (an agent, the proposers, the background demand) in a run.

        Raises
        ------
        SeedRangeError
            If the run's index does not fit its bits.
        """
        if not 0 <= run < 1 << RUN_BITS:
            raise SeedRangeError("run index", run, RUN_BITS)
        digest = self._digest("stream", str(run), name)
        return Stream((int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")))

    def _digest(self, *parts: str) -> bytes:
        text = json.dumps(["backstop-seed-1", str(self.master), self.scenario, *parts], ensure_ascii=True)
        return hashlib.sha256(text.encode()).digest()


@dataclass(slots=True)
class Stream:
    """Numbers in order, or by place with ``at``; pure Python integers underneath.

    Parameters
    ----------
    key
        Of Philox.
    position
        How many 64-bit values were drawn.
    """

    key: tuple[int, int]
    position: int = 0
    _normals: list[float] = field(default_factory=list, repr=False)

    def drawn(self) -> tuple[int, tuple[float, ...]]:
        """Return what ``reset`` takes to draw the same numbers again."""
        return self.position, tuple(self._normals)

    def reset(self, position: int, normals: tuple[float, ...] = ()) -> None:
        """Go back to where ``drawn`` was asked."""
        self.position, self._normals = position, list(normals)

    def at(self, place: int, lane: int = 0) -> float:
        """Return the uniform in [0, 1) that belongs to ``place`` (a slot, say), whatever was drawn before."""
        words = philox4x32((place & _MASK, place >> 32 & _MASK, lane & _MASK, 0x80000000), self.key)
        return ((words[0] << 32 | words[1]) >> 11) * 2.0**-53

    def bits(self) -> int:
        """Return 64 random bits."""
        block, half = divmod(self.position, 2)
        words = philox4x32((block & _MASK, block >> 32 & _MASK, 0, 0), self.key)
        self.position += 1
        return words[2 * half] << 32 | words[2 * half + 1]

    def uniform(self) -> float:
        """Return a uniform in [0, 1) with 53 bits."""
        return (self.bits() >> 11) * 2.0**-53

    def below(self, bound: int) -> int:
        """Return an integer in [0, bound), each equally likely, by rejection.

        Raises
        ------
        SeedRangeError
            Unless the bound is 1 to 2**64.
        """
        if not 0 < bound <= 1 << 64:
            raise SeedRangeError("bound", bound, 64)
        limit = (1 << 64) // bound * bound
        while (value := self.bits()) >= limit:
            pass
        return value % bound

    def normal(self) -> float:
        """Return a standard normal: the same functions of fixed operation order as the market paths."""
        if not self._normals:
            from scenarios.markets.normals import normal_pair  # noqa: PLC0415 - numpy only when needed

            self._normals = list(normal_pair(self.bits()))
        return self._normals.pop()

    def exponential(self, mean: float) -> float:
        """Return an exponential waiting time of the given mean."""
        from scenarios.markets.normals import negative_logarithm  # noqa: PLC0415 - numpy only when needed

        return mean * negative_logarithm(1.0 - self.uniform())

    def choose(self, weights: Sequence[float]) -> int:
        """Return an index drawn in proportion to ``weights``."""
        return weighted_index(weights, self.uniform())

    def shuffle(self, items: MutableSequence[object]) -> None:
        """Put ``items`` into random order in place (Fisher and Yates)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


def weighted_index(weights: Sequence[float], uniform: float) -> int:
    """Return the index at ``uniform`` of the distribution that ``weights`` give, not all zero.

    Raises
    ------
    SeedRangeError
        If all weights are zero.
    """
    total = 0.0
    for weight in weights:
        total += weight
    if not total > 0.0:
        raise SeedRangeError("total of weights", total, 64)
    target = uniform * total
    reached = 0.0
    last = 0
    for index, weight in enumerate(weights):
        if weight > 0.0:
            last = index
            reached += weight
            if target < reached:
                return index
    return last
