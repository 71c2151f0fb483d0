"""SPAN's inter-commodity credits: deltas of opposite sign in two underlyings give back part of their risk.

Pairs are taken in order of priority, and a delta that has served one pair is used up for the next. Source:
published descriptions of SPAN. Of an underlying's scan risk only the part that its delta explains is given
back: never the risk of volatility.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N


@dataclass(frozen=True, slots=True)
class SpreadCredit(Generic[N]):
    """A pair of underlyings.

    Parameters
    ----------
    first, second
        The underlyings.
    rate
        Share of the risk that is given back.
    ratio
        Dollars of the second that stand against a dollar of the first.
    """

    first: str
    second: str
    rate: N
    ratio: N


@dataclass(frozen=True, slots=True)
class PriceRisk(Generic[N]):
    """An underlying's delta, dollars per move of one, and the loss that it explains."""

    delta: N
    loss: N


def credited(
    context: Context[N], pairs: tuple[SpreadCredit[N], ...], risks: Mapping[str, PriceRisk[N]]
) -> dict[str, N]:
    """Return what each pair gives back, by ``FIRST/SECOND``."""
    left = {name: context.absolute(risk.delta) for name, risk in risks.items()}
    given: dict[str, N] = {}
    for pair in pairs:
        if pair.first not in risks or pair.second not in risks:
            continue
        first, second = risks[pair.first], risks[pair.second]
        opposite = ((first.delta > 0) & (second.delta < 0)) | ((first.delta < 0) & (second.delta > 0))
        free = context.minimum(left[pair.first], context.div_or(left[pair.second], pair.ratio, context.zero))
        used = context.where(opposite, free, context.zero)
        other = context.mul_down(used, pair.ratio)
        risk = context.zero
        for name, part, dollars in ((pair.first, first, used), (pair.second, second, other)):
            share = context.div_or(dollars, context.absolute(part.delta), context.zero)
            risk = risk + context.mul_down(part.loss, share)
            left[name] = left[name] - dollars
        given[f"{pair.first}/{pair.second}"] = context.mul_down(risk, pair.rate)
    return given
