"""Whether a rule can judge a portfolio, and the portfolio in the shape in which that rule reads it.

A rule that skipped what it does not know would make a portfolio look safer than it is. So what a rule has no
place for is refused, unless leaving it out can only ask for more: collateral that is owned counts as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.accounts.assets import CASH, listed_as
from protocol.margin.grid_margin import GridMargin
from protocol.margin.holdings import MarketHolding, PerpHolding, Portfolio, TokenHolding
from protocol.margin.presets.derive_pmrm_2 import PortfolioMargin2
from protocol.margin.presets.registry import Kind, Preset
from protocol.margin.presets.tiered_cross import TieredCross


@dataclass(frozen=True, slots=True)
class Fitted:
    """A portfolio as one rule reads it, and what was left out of it."""

    portfolio: Portfolio[int]
    left_out: tuple[str, ...] = ()


def kinds_of(portfolio: Portfolio[int]) -> frozenset[Kind]:
    """Return what a portfolio shows of its contents; every linear contract looks like a perpetual."""
    kinds = set()
    for market in portfolio.markets:
        if market.base > 0:
            kinds.add(Kind.BASE)
        if market.base < 0:
            kinds.add(Kind.DEBT)
        if market.perp is not None:
            kinds.add(Kind.PERPETUAL)
        if any(expiry.options for expiry in market.expiries):
            kinds.add(Kind.OPTION)
        if any(expiry.future is not None for expiry in market.expiries):
            kinds.add(Kind.FUTURE)
    if portfolio.tokens:
        kinds.add(Kind.TOKEN)
    return frozenset(kinds)


def fit(preset: Preset, portfolio: Portfolio[int], kinds: frozenset[Kind]) -> Fitted:
    """Return the portfolio as the preset's rule reads it.

    Parameters
    ----------
    preset
        The rule.
    portfolio
        The holdings.
    kinds
        What the account holds, before other contracts were written as perpetuals.

    Raises
    ------
    UnfitPortfolioError
        With the reason why this rule cannot judge it.
    """
    missing = kinds - preset.holds - {Kind.BASE, Kind.TOKEN}
    if missing:
        raise UnfitPortfolioError(preset.name, "it knows no " + ", ".join(sorted(k.value for k in missing)))
    if any(token.amount < 0 for token in portfolio.tokens):
        raise UnfitPortfolioError(preset.name, "it knows no debt of a collateral token")
    if unknown := _without_parameters(preset, portfolio):
        raise UnfitPortfolioError(preset.name, "it has no parameters for " + ", ".join(unknown))
    left_out = tuple(
        [m.underlying for m in portfolio.markets if m.base and not counts(preset, m.underlying, Kind.BASE)]
        + [t.asset for t in portfolio.tokens if not counts(preset, t.asset, Kind.TOKEN)]
    )
    markets = tuple(
        market if market.underlying not in left_out else replace(market, base=0)
        for market in portfolio.markets
    )
    if preset.collateral is not None or Kind.BASE not in preset.holds:
        markets = tuple(m for m in markets if m.base or m.perp is not None or m.expiries)
    tokens = tuple(token for token in portfolio.tokens if token.asset not in left_out)
    portfolio = replace(portfolio, markets=markets, tokens=tokens)
    names = [market.underlying for market in markets]
    if preset.single_market and len(names) != 1:
        held = " and ".join(names) or "none"
        raise UnfitPortfolioError(preset.name, f"it judges one underlying, the account holds {held}")
    if isinstance(preset.rule, TieredCross):
        _within_tiers(preset.name, preset.rule, portfolio)
    if isinstance(preset.rule, PortfolioMargin2):
        portfolio = _base_as_token(portfolio)
    if not isinstance(preset.rule, GridMargin):
        portfolio = replace(portfolio, markets=tuple(map(_futures_as_perpetuals, portfolio.markets)))
    return Fitted(portfolio, left_out)


def counts(preset: Preset, asset: str, kind: Kind) -> bool:
    """Return whether a balance of ``asset`` has a place under the rule."""
    return kind in preset.holds and (
        preset.collateral is None or listed_as(asset) in preset.collateral or asset == CASH
    )


def _without_parameters(preset: Preset, portfolio: Portfolio[int]) -> list[str]:
    """Return underlyings in which something is held that the rule has no numbers for."""
    return [market.underlying for market in portfolio.markets if not _known(preset, market)]


def _known(preset: Preset, market: MarketHolding[int]) -> bool:
    if market.base < 0 and not counts(preset, market.underlying, Kind.DEBT):
        return False
    weighed = preset.collateral is None and Kind.BASE in preset.holds
    derivatives = market.perp is not None or bool(market.expiries) or weighed
    return not (derivatives and preset.underlyings and market.underlying not in preset.underlyings)


def _within_tiers(name: str, rule: TieredCross[int], portfolio: Portfolio[int]) -> None:
    terms = dict(rule.markets)
    for market in portfolio.markets:
        known = terms.get(market.underlying)
        if market.perp is None or known is None or not known.greatest:
            continue
        notional = abs(EXACT.mul_to_zero(market.perp.size, market.perp.price))
        if notional > known.greatest:
            why = f"its tiers of {market.underlying} are known up to {known.greatest // WAD:,} only"
            raise UnfitPortfolioError(name, why)


def _futures_as_perpetuals(market: MarketHolding[int]) -> MarketHolding[int]:
    """Return a market whose futures are forward / mark perpetuals: their notional and their dollars per move.

    For rules that have one rate for perpetuals and futures alike.
    """
    futures = [(e.forward, e.future) for e in market.expiries if e.future is not None]
    if not futures:
        return market
    perp = market.perp or PerpHolding(0, market.spot, WAD, 0)
    for forward, future in futures:
        units = EXACT.div_to_zero(EXACT.mul_to_zero(future.size, forward), perp.price)
        perp = replace(perp, size=perp.size + units, unsettled=perp.unsettled + future.unsettled)
    expiries = tuple(replace(e, future=None) for e in market.expiries if e.options)
    return replace(market, perp=perp, expiries=expiries)


def _base_as_token(portfolio: Portfolio[int]) -> Portfolio[int]:
    """Return the portfolio with the base of its market among the tokens, where this rule looks for it."""
    (market,) = portfolio.markets
    if not market.base:
        return portfolio
    token = TokenHolding(market.underlying, market.base, market.spot, market.confidence)
    return replace(portfolio, markets=(replace(market, base=0),), tokens=(*portfolio.tokens, token))
