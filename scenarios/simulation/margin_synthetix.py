"""Synthetix Perps V3 as a rule of a simulated perpetual exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.ledger import quote_of
from protocol.liquidation.view import Balances, Judgement
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check
from protocol.margin.presets.synthetix_perps import (
    Collateral,
    KeeperTerms,
    MarketParameters,
    PerpAccount,
    PerpMarket,
    PerpPosition,
)
from protocol.market_state import MarketState
from scenarios.files.margin_terms import TERMS, MarginName, term
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import PerpetualFile
from scenarios.simulation.equity import equity_of
from scenarios.simulation.margin_inputs import floor_of, gain_of, price_of, wad_of

NAME: MarginName = "synthetix-perps-v3"
WITHOUT_DECIMALS = frozenset({"window_seconds"})


@dataclass(frozen=True, slots=True)
class SynthetixRule:
    """Many perpetuals against many collaterals; the requirement grows with size, the keeper is part of it.

    Funding and interest are the simulation's own: they stand in the account's balances, so the position's are
    zero. Collateral is what is held; what is owed in any asset is the account's debt in dollars.
    """

    markets: Mapping[str, MarketParameters[int]]
    collaterals: Mapping[str, Collateral[int]]
    keeper: KeeperTerms[int]
    settlement: str

    def account(self, balances: Balances, market: MarketState) -> PerpAccount[int]:
        """Return the account as the contract holds it, 18 decimals."""
        markets, positions, extra = [], [], 0
        for name, parameters in self.markets.items():
            units = balances.get(name, 0)
            if not units:
                extra += market.value_down(quote_of(name), balances.get(quote_of(name), 0))
                continue
            size, price = wad_of(units, market.decimals[name]), price_of(market, name)
            entry = price - EXACT.div_to_zero(gain_of(balances, market, name), size)
            markets.append((name, PerpMarket(price, 0, 0, 0, 0, 0, parameters)))
            positions.append(PerpPosition(name, size, entry, 0, 0))
        held, debt = [], 0
        for asset, units in balances.items():
            if asset in self.markets or any(asset == quote_of(name) for name in self.markets):
                continue
            if units < 0:
                debt += market.value_up(asset, -units)
            elif asset == self.settlement:
                extra += market.value_down(asset, units)
            elif asset in self.collaterals:
                amount = wad_of(units, market.decimals[asset])
                held.append(replace(self.collaterals[asset], amount=amount, price=price_of(market, asset)))
        if extra > 0:
            held.append(Collateral(extra, 0, 0, 0, 0, 0, dollar=True))
        return PerpAccount(
            tuple(markets), tuple(positions), tuple(held), debt + max(-extra, 0), self.keeper, 0
        )

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return available margin less initial margin and the keeper's reward."""
        return self._excess(balances, market, INITIAL)

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and available margin less maintenance margin and the keeper's reward."""
        excess = self._excess(balances, market, MAINTENANCE)
        return Judgement(equity_of(balances, market), excess, excess)

    def _excess(self, balances: Balances, market: MarketState, check: Check) -> int:
        return self.account(balances, market).judge(EXACT, check).excess


def synthetix_rule(file: ProtocolFile) -> SynthetixRule:
    """Return the rule.

    A market's leverages replace the published rates of the smallest position: ``least_initial_ratio`` is one
    over the maximum leverage and ``maintenance_scalar`` maximum over maintenance leverage, unless its terms
    give them.
    """
    markets = {name: _parameters(market) for name, market in file.perpetuals.items()}
    collaterals = {}
    for asset, listing in file.listings.items():
        scale = int(term(NAME, "listing", listing.terms, "skew_scale") * WAD)
        if asset == file.margin.settlement or not (listing.collateral_factor or scale):
            continue
        lower, upper, scalar = (
            int(term(NAME, "listing", listing.terms, name) * WAD)
            for name in ("lower_discount", "upper_discount", "discount_scalar")
        )
        if not scale:
            # The file's factor is a discount of one size.
            scale, lower = 1, WAD - int(listing.collateral_factor * WAD)
            upper = lower
        collaterals[asset] = Collateral(0, 0, scale, upper, lower, scalar)
    names = {field.name for field in fields(KeeperTerms)} & set(TERMS[NAME].margin)
    keeper = {name: int(term(NAME, "margin", file.margin.terms, name) * WAD) for name in names}
    return SynthetixRule(
        markets,
        collaterals,
        KeeperTerms(**keeper, settlement_cost=0, feed_cost=0),
        file.margin.settlement,
    )


def _parameters(market: PerpetualFile) -> MarketParameters[int]:
    values = {}
    for name in TERMS[NAME].market:
        scale = 1 if name in WITHOUT_DECIMALS else WAD
        values[name] = int(term(NAME, "market", market.terms, name) * scale)
    if "least_initial_ratio" not in market.terms:
        values["least_initial_ratio"] = floor_of(WAD / Fraction(market.maximum_leverage))
    if "maintenance_scalar" not in market.terms and market.maintenance_leverage is not None:
        ratio = Fraction(market.maximum_leverage) / Fraction(market.maintenance_leverage)
        values["maintenance_scalar"] = floor_of(WAD * ratio)
    return MarketParameters(
        **values,
        greatest_size=10**48,
        greatest_velocity=0,
        locked_ratio=0,
        greatest_discount=0,
        greatest_value=0,
        settlement_reward=0,
    )
