"""Pyth's aggregate under attack: what a minority of publishers does to price and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

from oracles.sources.pyth_aggregate import TRADING, PublisherQuote, aggregate
from protocol.errors import OracleTooFewError


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


def reachable(quotes: Sequence[PublisherQuote], corrupt: int, extreme: int) -> Reachable:
    """Return what ``corrupt`` publishers can do to the aggregate with quotes up to ``extreme`` away.

    Every choice of publishers is tried with quotes at both ends, which are where a median and quartiles have
    their extremes. Meant for committees of up to about a dozen.
    """
    honest, widest = _answer(quotes)
    low = high = honest
    for chosen in combinations(range(len(quotes)), corrupt):
        kept = [quote for n, quote in enumerate(quotes) if n not in chosen]
        for sides in combinations_with_replacement((-1, 1), corrupt):
            lies = [PublisherQuote(honest + side * extreme, 1, TRADING, quotes[0].slot) for side in sides]
            price, confidence = _answer([*kept, *lies])
            low, high, widest = min(low, price), max(high, price), max(widest, confidence)
    return Reachable((low, high), widest)


def _answer(quotes: Sequence[PublisherQuote]) -> tuple[int, int]:
    found = aggregate(quotes[0].slot, 1, 0, quotes)
    if found.price is None or found.confidence is None:
        raise OracleTooFewError("unknown", f"{found.quotes} valid quotes", quotes=found.quotes)
    return found.price, found.confidence
