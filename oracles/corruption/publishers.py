"""Pyth's aggregate under attack: what a minority of publishers does to price and confidence.

Source of the rule: pyth-client ``price_model.c`` and ``upd_aggregate.h``: the votes price - conf, price,
price + conf of all publishers are sorted together; the price is the middle one (the floor of the mean of
two), the confidence the larger distance from it to the votes at ``count >> 2`` from either end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product


@dataclass(frozen=True, slots=True)
class Quote:
    """A publisher's price and confidence, integers of the same exponent."""

    price: int
    confidence: int


def aggregate(quotes: Sequence[Quote]) -> tuple[int, int]:
    """Return (price, confidence) of at least one quote."""
    votes = sorted(q.price + side * q.confidence for q in quotes for side in (-1, 0, 1))
    count = len(votes)
    middle = votes[count // 2] if count % 2 else (votes[count // 2 - 1] + votes[count // 2]) // 2
    quarter = count >> 2
    return middle, max(middle - votes[quarter], votes[count - 1 - quarter] - middle)


@dataclass(frozen=True, slots=True)
class Reachable:
    """The extremes over all choices of the corrupt publishers and of what they say.

    Parameters
    ----------
    price
        Lowest and highest.
    confidence
        Widest.
    """

    price: tuple[int, int]
    confidence: int


def reachable(quotes: Sequence[Quote], corrupt: int, extreme: int) -> Reachable:
    """Return what ``corrupt`` publishers can do to the aggregate with quotes up to ``extreme`` away.

    Every choice of publishers is tried with quotes at both ends, which are where a median and quartiles have
    their extremes. Meant for committees of up to about a dozen.
    """
    honest = aggregate(quotes)
    low = high = honest[0]
    widest = honest[1]
    for chosen in combinations(range(len(quotes)), corrupt):
        kept = [quote for n, quote in enumerate(quotes) if n not in chosen]
        for sides in set(map(tuple, map(sorted, product((-1, 1), repeat=corrupt)))):
            lies = [Quote(honest[0] + side * extreme, 1) for side in sides]
            price, confidence = aggregate([*kept, *lies])
            low, high, widest = min(low, price), max(high, price), max(widest, confidence)
    return Reachable((low, high), widest)
