"""Mango v4: how much of a perpetual is taken over, and how much of its profit, so that a liquidation ends.

Source of the rule: blockworks-foundation/mango-v4 046695d4
``programs/mango-v4/src/instructions/perp_liq_base_or_positive_pnl.rs``; held to the authors' own twenty cases
(tests/vectors/liquidation). The program keeps I80F48; here fractions are exact and only lots are whole.

A position is closed while that helps: at first its unweighted health is negative and every lot counts in
full; then profit that the liquidator may buy counts less his fee; beyond that only its asset weight counts.
What profit is then bought, at the fee, is the least that restores the level at which a liquidation ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from protocol.errors import LiquidationSizeError

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class PerpetualTerms:
    """A market's terms at the level where a liquidation ends.

    Parameters
    ----------
    price
        Of a lot, in the settle token.
    asset, liability
        Weights of a long and of a short.
    overall
        Weight of positive profit that has not been settled.
    fee, profit_fee
        What a liquidator gains on a position and on profit that he buys.
    """

    price: Fraction
    asset: Fraction
    liability: Fraction
    overall: Fraction
    fee: Fraction = ZERO
    profit_fee: Fraction = ZERO


@dataclass(frozen=True, slots=True)
class Perpetual:
    """A position in lots with its quote, beside the settle token's balance."""

    lots: int
    quote: Fraction
    settled: Fraction

    def unweighted(self, terms: PerpetualTerms) -> Fraction:
        """Return quote plus weighted base."""
        weight = terms.asset if self.lots > 0 else terms.liability
        return self.quote + self.lots * terms.price * weight

    def health(self, terms: PerpetualTerms) -> Fraction:
        """Return settle balance plus the position's health, profit at its overall weight."""
        unweighted = self.unweighted(terms)
        return self.settled + (unweighted if unweighted < 0 else unweighted * terms.overall)

    def profit(self, terms: PerpetualTerms) -> Fraction:
        """Return the unsettled profit."""
        return self.quote + self.lots * terms.price


@dataclass(frozen=True, slots=True)
class Taken:
    """The account afterwards, and what the liquidator took: signed lots, and profit."""

    after: Perpetual
    lots: int
    profit: Fraction


def liquidate(
    account: Perpetual, terms: PerpetualTerms, most_lots: int, most_profit: Fraction, rest: Fraction = ZERO
) -> Taken:
    """Return the liquidation of one position.

    Parameters
    ----------
    account
        Below the level.
    terms
        Of its market.
    most_lots
        Lots that the liquidator would take, with the sign of the position.
    most_profit
        Profit that he would buy.
    rest
        Health of everything else in the account.

    Raises
    ------
    LiquidationSizeError
        If ``most_lots`` has the other sign, or a lot closed would not raise health.
    """
    if account.lots * most_lots < 0:
        raise LiquidationSizeError("max_base_transfer has the wrong sign", asked=most_lots, held=account.lots)
    long = account.lots > 0
    each = terms.price * (ONE - terms.fee if long else ONE + terms.fee)
    per_lot = each - terms.price * terms.asset if long else terms.price * terms.liability - each
    if per_lot <= 0:
        raise LiquidationSizeError("closing a lot does not raise health", per_lot=float(per_lot))
    closed = _lots(account, terms, min(abs(account.lots), abs(most_lots)), most_profit, per_lot, rest)
    moved = closed if long else -closed
    reduced = replace(account, lots=account.lots - moved, quote=account.quote + moved * each)
    bought = _profit(reduced, terms, most_profit, rest)
    after = replace(
        reduced,
        quote=reduced.quote - bought,
        settled=reduced.settled + bought * (ONE - terms.profit_fee),
    )
    return Taken(after, moved, bought)


def _lots(
    account: Perpetual,
    terms: PerpetualTerms,
    most: int,
    most_profit: Fraction,
    per_lot: Fraction,
    rest: Fraction,
) -> int:
    gain = ONE - terms.profit_fee

    def expected(unweighted: Fraction) -> Fraction:
        """Return the health that the position gives once its profit has been bought as far as wanted."""
        if unweighted < 0:
            return unweighted
        bought = min(unweighted, most_profit)
        return bought * gain + (unweighted - bought) * terms.overall

    closed = 0
    # Up to which unweighted health a lot counts, and how much of it.
    for end, weight in ((ZERO, ONE), (most_profit, gain), (None, terms.overall)):
        unweighted = account.unweighted(terms) + closed * per_lot
        room = None if end is None else end - unweighted
        if weight <= 0 or (room is not None and room <= 0):
            continue
        short = -(rest + account.settled + expected(unweighted))
        wanted = max(ZERO, short if room is None else min(room, short))
        closed += max(0, min(most - closed, -(-wanted // (per_lot * weight))))
    return closed


def _profit(account: Perpetual, terms: PerpetualTerms, most: Fraction, rest: Fraction) -> Fraction:
    unweighted = account.unweighted(terms)
    health = rest + account.health(terms)
    per_unit = ONE - terms.profit_fee - terms.overall
    if health >= 0 or unweighted <= 0 or most <= 0 or per_unit <= 0:
        return ZERO
    wanted = Fraction(-(health // per_unit))
    return max(ZERO, min(account.profit(terms), most, wanted, unweighted))
