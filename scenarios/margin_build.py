"""From a portfolio file to the holdings that every margin rule judges, before and after trades.

Contracts that no rule lists by name are written as what they are worth and how they move:

- a dated future stays with its expiry; rules that tell it from no perpetual read it as forward / mark of one;
- an inverse perpetual struck anew at its mark, contracts / mark perpetuals, the gain so far being coin;
- a quanto as size * rate * price of the third asset perpetuals, the gain so far being that asset. What both
  assets moving together adds (the product of the two moves) is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from protocol.errors import UnknownNameError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.instruments.futures import InversePerpetual as InverseContract
from protocol.instruments.futures import Quanto as QuantoContract
from protocol.instruments.instrument import Position as Held
from protocol.margin.fit import kinds_of
from protocol.margin.holdings import (
    ExpiryHolding,
    FutureHolding,
    MarketHolding,
    MarketTotals,
    OptionHolding,
    PerpHolding,
    Portfolio,
    TokenHolding,
)
from protocol.margin.judgement import Prices, PriceView
from protocol.margin.moves import NonLinear
from protocol.margin.presets.grids import wad
from protocol.margin.presets.registry import Kind
from protocol.margin.presets.synthetix_orders import fill_price
from protocol.pricing.black76 import prices as black76
from protocol.pricing.settlement import split_forward
from protocol.pricing.volatility_surface import SviSlice
from scenarios.files.portfolio import (
    DatedFuture,
    Expiry,
    InversePerpetual,
    Option,
    Perpetual,
    PortfolioFile,
    Position,
    Quanto,
    Underlying,
)
from scenarios.margin_listed import kind_of
from scenarios.margin_values import accrued_funding, amount_of, exit_cost, price_of

SECONDS_PER_DAY = 86_400
VIEWS = {
    "index": PriceView.INDEX,
    "mark": PriceView.MARK,
    "slow": PriceView.SLOW,
    "conservative": PriceView.CONSERVATIVE,
    "bid-ask": PriceView.BID_ASK,
    "widened": PriceView.WIDENED,
    "fill": PriceView.FILL,
}
Views: TypeAlias = tuple[PriceView, PriceView]
"""Price views of assets and of contracts."""
MARKS: Views = (PriceView.MARK, PriceView.MARK)


@dataclass(frozen=True, slots=True)
class Account:
    """The holdings, and what was held before other contracts were written as perpetuals."""

    portfolio: Portfolio[int]
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class TradeOrder:
    """What ``--trade`` asks: an underlying's perpetual or a named position, units, price (mark if None)."""

    asset: str
    size: Decimal
    price: Decimal | None = None


@dataclass(slots=True)
class _Market:
    """One underlying while its positions are added up."""

    base: int = 0
    size: int = 0
    gain: int = 0
    linear: bool = False
    rows: dict[str, dict[tuple[int, bool], int]] = field(default_factory=dict)
    futures: dict[str, FutureHolding[int]] = field(default_factory=dict)


def build(model: PortfolioFile, extra_cash: int = 0, views: Views | None = None) -> Account:
    """Return the holdings of a file.

    Parameters
    ----------
    model
        The file.
    extra_cash
        Paid (negative) or received for trades, 18 decimals.
    views
        Which prices are read; those of the file if not given, marks where it leaves them to the rule.

    Raises
    ------
    SurfaceError
        If a volatility surface gives a negative variance.
    """
    named = VIEWS.get(model.price_view)
    views = views or (MARKS if named is None else (named, named))
    markets = {name: _Market() for name in model.underlyings}
    cash = extra_cash
    tokens = []
    for name, held in model.collateral.items():
        amount = amount_of(held)
        if held.cash:
            cash += amount
        elif name in markets:
            markets[name].base += amount
        elif amount:
            tokens.append(TokenHolding(name, amount, price_of(model, held), wad(held.confidence)))
    for position in model.positions:
        _add(model, markets, position, views[1])
    kinds = {kind_of(position) for position in model.positions}
    holdings = tuple(
        _holding(name, market, model, views)
        for name, market in markets.items()
        if market.base or market.linear or market.rows or market.futures
    )
    for market in holdings:
        cash -= _exit_costs(model.underlyings[market.underlying], market)
    portfolio = Portfolio(cash, wad(model.stable_price), holdings, tuple(tokens))
    return Account(portfolio, frozenset(kinds) | (kinds_of(portfolio) - {Kind.PERPETUAL}))


def nonlinear_parts(model: PortfolioFile, portfolio: Portfolio[int]) -> NonLinear:
    """Return what of a file is not linear in prices, as far as it stands in the portfolio."""
    held = {market.underlying for market in portfolio.markets}
    inverse: dict[str, int] = {}
    quantos: dict[tuple[str, str], int] = {}
    for position in model.positions:
        name = position.underlying
        if isinstance(position, InversePerpetual) and name in held:
            inverse[name] = inverse.get(name, 0) + wad(position.contracts)
        elif isinstance(position, Quanto) and {name, position.settlement} <= held:
            key = (name, position.settlement)
            units = EXACT.mul_to_zero(wad(position.size), wad(position.rate))
            quantos[key] = quantos.get(key, 0) + units
    pools = {name: row.pool.assets for name, row in model.collateral.items() if row.pool is not None}
    return NonLinear(inverse, quantos, pools)


def _add(model: PortfolioFile, markets: Mapping[str, _Market], position: Position, view: PriceView) -> None:
    market, prices = markets[position.underlying], model.underlyings[position.underlying]
    if isinstance(position, Option):
        row = market.rows.setdefault(position.expiry, {})
        key = (wad(position.strike), position.type == "call")
        row[key] = row.get(key, 0) + wad(position.size)
        return
    units = wad(position.contracts if isinstance(position, InversePerpetual) else position.size)
    mark = _mark(prices, view, units)
    entry = wad(position.entry)
    if isinstance(position, DatedFuture):
        forward = _forward(prices, prices.expiries[position.expiry])
        held = market.futures.get(position.expiry, FutureHolding(0, 0))
        gain = held.unsettled + EXACT.mul_to_zero(units, forward - entry)
        market.futures[position.expiry] = FutureHolding(held.size + units, gain)
        return
    market.linear = True
    if isinstance(position, Perpetual):
        market.size += units
        market.gain += EXACT.mul_to_zero(units, mark - entry) + accrued_funding(prices, position)
    elif isinstance(position, InversePerpetual):
        contract = InverseContract("", position.underlying)
        market.size += EXACT.div_to_zero(units, mark)
        market.base += contract.value(EXACT, Held(units, entry), {position.underlying: mark})
    else:
        third = position.settlement
        quanto = QuantoContract("", position.underlying, third, wad(position.rate))
        worth = EXACT.mul_to_zero(wad(position.rate), wad(model.underlyings[third].index))
        market.size += EXACT.mul_to_zero(units, worth)
        markets[third].base += quanto.value(EXACT, Held(units, entry), {position.underlying: mark})


def _holding(name: str, market: _Market, model: PortfolioFile, views: Views) -> MarketHolding[int]:
    prices = model.underlyings[name]
    confidence = wad(prices.confidence)
    perp = None
    if market.linear:
        mark = _mark(prices, views[1], market.size)
        perp = PerpHolding(market.size, mark, confidence, market.gain)
    expiries = tuple(
        _expiry(prices, prices.expiries[key], market.rows.get(key, {}), market.futures.get(key))
        for key in sorted(
            dict.fromkeys((*market.rows, *market.futures)), key=lambda name: prices.expiries[name].days
        )
    )
    spot = _seen(prices, wad(prices.index), views[0], market.base)
    return MarketHolding(name, spot, confidence, perp, market.base, expiries, _totals(prices))


def _exit_costs(prices: Underlying, market: MarketHolding[int]) -> int:
    cost = exit_cost(prices, market.base, market.spot)
    if market.perp is not None:
        cost += exit_cost(prices, market.perp.size, market.perp.price)
    for expiry in market.expiries:
        if expiry.future is not None:
            cost += exit_cost(prices, expiry.future.size, expiry.forward)
    return cost


def _totals(prices: Underlying) -> MarketTotals[int] | None:
    interest = prices.open_interest
    if interest is None and not prices.deposits and not prices.borrows:
        return None
    long, short = (0, 0) if interest is None else (wad(interest.long), wad(interest.short))
    return MarketTotals(long, short, wad(prices.deposits), wad(prices.borrows))


def _expiry(
    prices: Underlying,
    expiry: Expiry,
    rows: Mapping[tuple[int, bool], int],
    future: FutureHolding[int] | None,
) -> ExpiryHolding[int]:
    seconds = int(expiry.days * SECONDS_PER_DAY)
    fixed, variable = split_forward(EXACT, _forward(prices, expiry), wad(expiry.average), seconds)
    held = tuple(
        OptionHolding(strike, _volatility(prices, expiry, strike), amount, call)
        for (strike, call), amount in sorted(rows.items())
    )
    return ExpiryHolding(
        seconds,
        fixed,
        variable,
        wad(expiry.rate),
        wad(expiry.forward_confidence),
        wad(expiry.rate_confidence),
        wad(expiry.volatility_confidence),
        held,
        future,
    )


def _volatility(prices: Underlying, expiry: Expiry, strike: int) -> int:
    if expiry.svi is None:
        assert expiry.volatility is not None
        return wad(expiry.volatility)
    svi = expiry.svi
    years = wad(expiry.days / 365)
    terms = (wad(svi.a), wad(svi.b), wad(svi.rho), wad(svi.m), wad(svi.sigma))
    return SviSlice(*terms, _forward(prices, expiry), years).volatility(EXACT, strike)


def _forward(prices: Underlying, expiry: Expiry) -> int:
    return wad(prices.index if expiry.forward is None else expiry.forward)


def _mark(prices: Underlying, view: PriceView, units: int) -> int:
    mark = prices.index if prices.mark is None else prices.mark
    return _seen(prices, wad(mark), view, units)


def _seen(prices: Underlying, current: int, view: PriceView, units: int) -> int:
    """Return what the view reads where the current price is ``current``; other prices stand in by it."""
    if view is PriceView.INDEX:
        return wad(prices.index)
    if view is PriceView.FILL:  # of the order that closes the position
        interest = prices.open_interest
        skew = 0 if interest is None else wad(interest.long) - wad(interest.short)
        return fill_price(EXACT, skew, wad(prices.skew_scale), -units, current)
    slow, bid, ask = (
        current if price is None else wad(price) for price in (prices.slow, prices.bid, prices.ask)
    )
    known = Prices(current, slow, bid, ask, wad(prices.uncertainty))
    return known.seen(EXACT, view, units >= 0)


def traded(model: PortfolioFile, orders: Iterable[TradeOrder]) -> tuple[PortfolioFile, int]:
    """Return the file with the trades' positions added, and the cash that options cost (18 decimals).

    Raises
    ------
    UnknownNameError
        If a trade names neither an underlying nor a position.
    """
    named = {position.name: position for position in model.positions if position.name}
    positions, cash = list(model.positions), 0
    for order in orders:
        if order.asset in model.underlyings:
            prices = model.underlyings[order.asset]
            entry = order.price or prices.mark or prices.index
            perpetual = Perpetual(type="perpetual", underlying=order.asset, size=order.size, entry=entry)
            positions.append(perpetual)
        elif order.asset in named:
            position, paid = _more_of(model, named[order.asset], order)
            positions.append(position)
            cash -= paid
        else:
            raise UnknownNameError("underlying or named position", order.asset, (*model.underlyings, *named))
    return model.model_copy(update={"positions": positions}), cash


def _more_of(model: PortfolioFile, position: Position, order: TradeOrder) -> tuple[Position, int]:
    prices = model.underlyings[position.underlying]
    changes: dict[str, object] = {"name": None}
    size = "contracts" if isinstance(position, InversePerpetual) else "size"
    changes[size] = order.size
    if isinstance(position, Option):
        price = _option_mark(prices, position) if order.price is None else wad(order.price)
        return position.model_copy(update=changes), EXACT.mul_to_zero(wad(order.size), price)
    now = prices.mark or prices.index
    if isinstance(position, DatedFuture):
        now = prices.expiries[position.expiry].forward or prices.index
    if isinstance(position, Perpetual):
        changes |= {"funding": Decimal(0), "velocity": None, "premium": None}
    return position.model_copy(update={**changes, "entry": order.price or now}), 0


def _option_mark(prices: Underlying, option: Option) -> int:
    expiry, strike = prices.expiries[option.expiry], wad(option.strike)
    seconds = int(expiry.days * SECONDS_PER_DAY)
    fixed, variable = split_forward(EXACT, _forward(prices, expiry), wad(expiry.average), seconds)
    volatility = _volatility(prices, expiry, strike)
    call, put = black76(EXACT, seconds, WAD, volatility, fixed + variable, strike)
    return call if option.type == "call" else put
