"""A liquidation design as data: rules of selector, sizer and pricer, and a waterfall behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from protocol.liquidation.deleveraging.policy import Candidate
from protocol.liquidation.deleveraging.policy import Policy as Ranking
from protocol.liquidation.deleveraging.prices import ClosingPrice, bankruptcy_price
from protocol.liquidation.pricers import Pricer
from protocol.liquidation.selectors import Selector
from protocol.liquidation.sizers import Sizer
from protocol.liquidation.view import View
from protocol.liquidation.waterfall import Waterfall


@dataclass(frozen=True, slots=True)
class Rule:
    """Which part, how much, at what price, and who takes it.

    Parameters
    ----------
    selector, sizer, pricer
        The three choices of a step.
    taker
        Account that takes the part over whoever calls (a backstop vault, a stability pool, the protocol
        itself); empty for the liquidator who calls.
    when
        Whether the rule applies to an account in this state; None for always.
    fee
        Part of the value taken that the account pays to ``fee_to`` as well.
    fee_to
        Insurance fund or treasury.
    guarantee
        Whether the account loses at most its bankruptcy price's worth on a closed position: the part of its
        equity that goes with the part of its positions. The waterfall pays what the price lacks, and a fee is
        charged only on what it exceeds (dYdX's insurance fund).
    """

    selector: Selector
    sizer: Sizer
    pricer: Pricer
    taker: str = ""
    when: Callable[[View], bool] | None = None
    fee: Fraction = Fraction(0)
    fee_to: str = ""
    guarantee: bool = False


@dataclass(frozen=True, slots=True)
class Deleveraging:
    """The last resort for an account below zero that no rule could unwind, or whose loss no payer bears.

    Every position is closed against winners, who give up the difference to the mark.

    Parameters
    ----------
    ranking
        Who is hit.
    winners
        Return the holders of the opposite side of an instrument, capacity in units of position; see
        ``deleveraging.counterparties.other_side``.
    price
        At which price; that at which the account is left with nothing.
    """

    ranking: Ranking
    winners: Callable[[View, str], Sequence[Candidate]]
    price: ClosingPrice = bankruptcy_price


@dataclass(frozen=True, slots=True)
class LiquidationPolicy:
    """One design.

    Parameters
    ----------
    name
        As in the catalogue.
    rules
        The first that applies and finds something to do is used.
    waterfall
        Who pays when an account ends below zero.
    heals
        Whether the design promises that a step never lowers the excess of what is left, under margin rules
        whose requirement for what is taken exceeds the concession.
    deleveraging
        What happens to an account below zero that no rule could unwind, or whose loss the waterfall cannot
        bear; None if nothing does.
    """

    name: str
    rules: tuple[Rule, ...]
    waterfall: Waterfall
    heals: bool = False
    deleveraging: Deleveraging | None = None
