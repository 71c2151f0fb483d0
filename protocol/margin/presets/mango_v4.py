"""Mango v4: weighted tokens, resting spot orders, perpetuals whose result joins their settle token.

Source of the rule: blockworks-foundation/mango-v4 1303a4a1 ``programs/mango-v4/src/health``. The program
keeps I80F48; this text runs in both number contexts and is held to the authors' own cases, which are floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point.context import Context, N
from protocol.margin.judgement import Check, Judgement, Level, Prices, PriceView
from protocol.margin.weights import grown_beyond, shrunk_beyond


@dataclass(frozen=True, slots=True)
class TokenTerms(Generic[N]):
    """A token's prices, weights and the bank's totals.

    Parameters
    ----------
    prices
        Oracle (mark) and stable (slow) price.
    initial_asset, initial_liability, maintenance_asset, maintenance_liability
        Weights.
    deposits, borrows
        The bank's totals in tokens, orders that may become deposits included.
    deposit_start, borrow_start
        Values from which the initial weights worsen; zero for never.
    """

    prices: Prices[N]
    initial_asset: N
    initial_liability: N
    maintenance_asset: N
    maintenance_liability: N
    deposits: N
    borrows: N
    deposit_start: N
    borrow_start: N

    def asset_weight(self, context: Context[N], level: Level) -> N:
        """Return the weight of a deposit; it falls as start / deposits beyond the start."""
        if level is Level.MAINTENANCE:
            return self.maintenance_asset
        value = context.mul_to_zero(self.deposits, self.prices.mark)
        return shrunk_beyond(context, self.initial_asset, value, self.deposit_start)

    def liability_weight(self, context: Context[N], level: Level) -> N:
        """Return the weight of a borrow; it grows as borrows / start beyond the start."""
        if level is Level.MAINTENANCE:
            return self.maintenance_liability
        value = context.mul_to_zero(self.borrows, self.prices.mark)
        return grown_beyond(context, self.initial_liability, value, self.borrow_start)

    def contribution(self, context: Context[N], level: Level, view: PriceView, amount: N) -> N:
        """Return the weighted value of a balance, negative for a borrow."""
        owned = amount >= 0
        price = self.prices.seen(context, view, owned)
        weight = context.where(
            owned, self.asset_weight(context, level), self.liability_weight(context, level)
        )
        return context.mul_to_zero(context.mul_to_zero(amount, price), weight)


@dataclass(frozen=True, slots=True)
class SpotOrders(Generic[N]):
    """What rests in one spot market.

    Parameters
    ----------
    base, quote
        Names of its tokens.
    base_reserved, quote_reserved
        Tokens locked in asks and in bids.
    base_as_quote, quote_as_base
        What they would become at the lowest ask and the highest bid; negative where there is no such order.
    """

    base: str
    quote: str
    base_reserved: N
    quote_reserved: N
    base_as_quote: N
    quote_as_base: N

    def totals(
        self, context: Context[N], base: TokenTerms[N], quote: TokenTerms[N], view: PriceView
    ) -> tuple[N, N]:
        """Return everything reserved as base and as quote, at the worse of oracle and own orders."""
        as_base = context.div_to_zero(
            context.mul_to_zero(self.quote_reserved, quote.prices.seen(context, view, owned=True)),
            base.prices.seen(context, view, owned=False),
        )
        as_quote = context.div_to_zero(
            context.mul_to_zero(self.base_reserved, base.prices.seen(context, view, owned=True)),
            quote.prices.seen(context, view, owned=False),
        )
        own_base = context.minimum(as_base, self.quote_as_base)
        own_quote = context.minimum(as_quote, self.base_as_quote)
        as_base = context.where(self.quote_as_base >= 0, own_base, as_base)
        as_quote = context.where(self.base_as_quote >= 0, own_quote, as_quote)
        return self.base_reserved + as_base, self.quote_reserved + as_quote


@dataclass(frozen=True, slots=True)
class PerpHolding(Generic[N]):
    """A perpetual in base units, with the base of its resting bids and asks.

    ``initial_*`` and ``maintenance_*`` weigh the base; ``profit_weight`` weighs a positive result.
    """

    settle: str
    prices: Prices[N]
    base: N
    quote: N
    bids: N
    asks: N
    initial_asset: N
    initial_liability: N
    maintenance_asset: N
    maintenance_liability: N
    profit_weight: N

    def result(self, context: Context[N], level: Level, view: PriceView) -> N:
        """Return the worse weighted result of executing all bids or all asks, in settle tokens."""
        initial = level is not Level.MAINTENANCE
        asset = self.initial_asset if initial else self.maintenance_asset
        liability = self.initial_liability if initial else self.maintenance_liability

        def after(base: N, orders: N) -> N:
            weight = context.where(base >= 0, asset, liability)
            price = self.prices.seen(context, view, base >= 0)
            return self.quote + context.mul_to_zero(context.mul_to_zero(base, price), weight) + orders

        paid = context.mul_to_zero(self.bids, self.prices.seen(context, view, owned=False))
        received = context.mul_to_zero(self.asks, self.prices.seen(context, view, owned=True))
        worse = context.minimum(after(self.base + self.bids, -paid), after(self.base - self.asks, received))
        return context.where(worse > 0, context.mul_to_zero(worse, self.profit_weight), worse)


@dataclass(frozen=True, slots=True)
class MangoAccount(Generic[N]):
    """Token balances by name with their terms, resting spot orders, perpetuals."""

    tokens: tuple[tuple[str, N, TokenTerms[N]], ...]
    orders: tuple[SpotOrders[N], ...]
    perps: tuple[PerpHolding[N], ...]

    def judge(self, context: Context[N], check: Check) -> Judgement[N]:
        """Return the health; initial checks read the worse of oracle and stable price, others the oracle."""
        level, view = check.level, check.prices
        weights = Level.INITIAL if level is Level.LIQUIDATION_END else level
        terms = {name: token for name, _, token in self.tokens}
        balances = {name: amount for name, amount, _ in self.tokens}
        for perp in self.perps:
            balances[perp.settle] = balances[perp.settle] + perp.result(context, weights, view)
        greatest = dict(balances)
        reserved: list[tuple[SpotOrders[N], N, N]] = []
        for market in self.orders:
            as_base, as_quote = market.totals(context, terms[market.base], terms[market.quote], view)
            reserved.append((market, as_base, as_quote))
            greatest[market.base] = greatest[market.base] + as_base
            greatest[market.quote] = greatest[market.quote] + as_quote
        health = equity = context.zero
        for name, amount in balances.items():
            health = health + terms[name].contribution(context, weights, view, amount)
            equity = equity + context.mul_to_zero(amount, terms[name].prices.mark)
        for market, as_base, as_quote in reserved:
            base = _added(context, terms[market.base], weights, view, as_base, greatest[market.base])
            quote = _added(context, terms[market.quote], weights, view, as_quote, greatest[market.quote])
            health = health + context.minimum(base, quote)
            equity = equity + context.mul_to_zero(as_base, terms[market.base].prices.mark)
        return Judgement(check, health, equity)


def _added(
    context: Context[N], token: TokenTerms[N], level: Level, view: PriceView, amount: N, greatest: N
) -> N:
    """Return what ``amount`` adds to health if it comes last of all that make up ``greatest``."""
    asset = context.minimum(context.maximum(greatest, context.zero), amount)
    liability = amount - asset
    owned = token.contribution(context, level, view, asset)
    owed = token.contribution(context, level, view, -liability)
    return owned - owed
