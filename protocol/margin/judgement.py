"""What a check asks and what a rule answers.

The requirement that lets a trade in is not the one that liquidates, and they use neither the same prices nor
the same scenarios. So a check is three separate choices: the level (which thresholds), the price view (which
of the known prices) and the scenario set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic

from protocol.fixed_point.context import Context, N


class Level(Enum):
    """Which thresholds apply."""

    INITIAL = "initial"
    FILL = "fill"
    MAINTENANCE = "maintenance"
    LIQUIDATION_END = "liquidation end"
    BUFFER = "buffer"
    TRUSTED = "trusted caller"


class PriceView(Enum):
    """Which of the known prices of an asset a check reads."""

    INDEX = "index"
    MARK = "mark"
    CONSERVATIVE = "conservative"  # the worse of the spot price and a slow one, by side
    BID_ASK = "bid and ask"  # bid for what is owned, ask for what is owed
    WIDENED = "widened"  # the mark moved against the account by the oracle's uncertainty
    SLOW = "slow"  # a time-weighted or stable price, whatever the side
    FILL = "fill"  # at which closing would fill, with the skew's impact


@dataclass(frozen=True, slots=True)
class Check:
    """One question to a margin rule: whether the excess is at least zero."""

    level: Level
    prices: PriceView = PriceView.MARK
    scenarios: str = "all"


INITIAL = Check(Level.INITIAL)
MAINTENANCE = Check(Level.MAINTENANCE)


@dataclass(frozen=True, slots=True)
class Prices(Generic[N]):
    """What is known of one asset's price.

    Parameters
    ----------
    mark
        The current price.
    slow
        A time-weighted or delayed price.
    bid, ask
        The two sides.
    uncertainty
        Half-width of the confidence interval, in price units.
    """

    mark: N
    slow: N
    bid: N
    ask: N
    uncertainty: N

    @classmethod
    def single(cls, context: Context[N], price: N) -> Prices[N]:
        """Return a price that is known exactly and is the same in every view."""
        return cls(price, price, price, price, context.zero)

    def seen(self, context: Context[N], view: PriceView, owned: Any) -> N:
        """Return the price that ``view`` reads for something owned (or owed, where ``owned`` is false)."""
        if view is PriceView.CONSERVATIVE:
            return context.where(
                owned, context.minimum(self.mark, self.slow), context.maximum(self.mark, self.slow)
            )
        if view is PriceView.BID_ASK:
            return context.where(owned, self.bid, self.ask)
        if view is PriceView.SLOW:
            return self.slow
        if view is PriceView.WIDENED:
            lower = context.maximum(self.mark - self.uncertainty, context.zero)
            return context.where(owned, lower, self.mark + self.uncertainty)
        return self.mark


@dataclass(frozen=True, slots=True)
class Judgement(Generic[N]):
    """A rule's answer.

    Parameters
    ----------
    check
        What was asked.
    excess
        Equity minus requirement; below zero the check fails.
    equity
        Mark-to-market value of the account.
    worst
        Index of the worst scenario in ``scenarios``; its length stands for a charge that was worse than all.
    scenarios
        Profit and loss of every scenario.
    charges
        Every add-on by name, as positive amounts.
    """

    check: Check
    excess: N
    equity: N
    worst: Any = None
    scenarios: tuple[N, ...] = ()
    charges: Mapping[str, N] = field(default_factory=dict)

    @property
    def requirement(self) -> N:
        """Equity that the rule asks for."""
        return self.equity - self.excess
