"""Whether a rule can judge a portfolio, and the portfolio in the shape in which that rule reads it.

A rule that skipped what it does not know would make a portfolio look safer than it is. So what a rule has no
place for is refused, unless leaving it out can only ask for more: collateral that is owned counts as nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from protocol.errors import UnfitPortfolioError
from protocol.margin.holdings import Portfolio, TokenHolding
from protocol.margin.presets.derive_pmrm_2 import PortfolioMargin2
from protocol.margin.presets.registry import Kind, Preset


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
        if market.expiries:
            kinds.add(Kind.OPTION)
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
    names = [market.underlying for market in portfolio.markets]
    unknown = [name for name in names if preset.underlyings and name not in preset.underlyings]
    if unknown:
        raise UnfitPortfolioError(preset.name, "it has no parameters for " + ", ".join(unknown))
    if preset.single_market and len(names) != 1:
        held = " and ".join(names) or "none"
        raise UnfitPortfolioError(preset.name, f"it judges one underlying, the account holds {held}")
    left_out = tuple(_left_out(preset, portfolio))
    if Kind.BASE not in preset.holds:
        portfolio = replace(portfolio, markets=tuple(replace(m, base=0) for m in portfolio.markets))
    if Kind.TOKEN not in preset.holds:
        portfolio = replace(portfolio, tokens=())
    if isinstance(preset.rule, PortfolioMargin2):
        portfolio = _base_as_token(portfolio)
    return Fitted(portfolio, left_out)


def _left_out(preset: Preset, portfolio: Portfolio[int]) -> Iterator[str]:
    if Kind.BASE not in preset.holds:
        yield from (market.underlying for market in portfolio.markets if market.base)
    if Kind.TOKEN not in preset.holds:
        yield from (token.asset for token in portfolio.tokens)


def _base_as_token(portfolio: Portfolio[int]) -> Portfolio[int]:
    """Return the portfolio with the base of its market among the tokens, where this rule looks for it."""
    (market,) = portfolio.markets
    if not market.base:
        return portfolio
    token = TokenHolding(market.underlying, market.base, market.spot, market.confidence)
    return replace(portfolio, markets=(replace(market, base=0),), tokens=(*portfolio.tokens, token))
