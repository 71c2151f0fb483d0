"""Mango v4 and Drift v2 as rules of a simulated cross-margin exchange.

Both weigh a debt above its value. Where a file gives no weight of its own the liability's lies as far above
one as the asset's lies below, as in the weights of the programs' own tests; what is no collateral is owed in
full. Slow prices (Mango's stable price, Drift's five-minute average) are the oracle's price here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.ledger import quote_of
from protocol.liquidation.view import Balances, Judgement
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Level, Prices
from protocol.margin.presets import drift_v2 as drift
from protocol.margin.presets import mango_v4 as mango
from protocol.market_state import MarketState
from scenarios.files.margin_terms import MarginName, term
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import ListingFile
from scenarios.simulation.equity import equity_of
from scenarios.simulation.margin_inputs import (
    SCALE,
    floor_of,
    gain_of,
    maintenance_of,
    price_of,
    threshold_of,
    wad_of,
)

PER_QUOTE: int = 10 ** (SCALE - 6)
END = Check(Level.LIQUIDATION_END)
NONE = Prices(0, 0, 0, 0, 0)


def _weights(preset: MarginName, listing: ListingFile, scale: int) -> tuple[int, int, int, int]:
    """Return initial and maintenance weight of the asset, then of the liability."""
    found = []
    for asset, name in (
        (Fraction(listing.collateral_factor), "initial_liability"),
        (threshold_of(listing), "maintenance_liability"),
    ):
        given = Fraction(term(preset, "listing", listing.terms, name))
        found.append((asset, given or (2 - asset if asset else Fraction(1))))
    (first, first_owed), (second, second_owed) = found
    return (
        floor_of(first * scale),
        floor_of(second * scale),
        floor_of(first_owed * scale),
        floor_of(second_owed * scale),
    )


@dataclass(frozen=True, slots=True)
class MangoV4Rule:
    """Mango v4: the weighted result of perpetuals joins the settlement token, then all tokens are weighed."""

    tokens: Mapping[str, mango.TokenTerms[int]]
    perps: Mapping[str, mango.PerpHolding[int]]
    settlement: str

    def account(self, balances: Balances, market: MarketState) -> mango.MangoAccount[int]:
        """Return the account with 18 decimals; perpetuals are quoted in the settlement token."""
        unit = market.price(self.settlement).exact
        tokens = tuple(
            (
                asset,
                wad_of(balances.get(asset, 0), market.decimals[asset]),
                replace(terms, prices=Prices.single(EXACT, price_of(market, asset))),
            )
            for asset, terms in self.tokens.items()
            if balances.get(asset) or asset == self.settlement
        )
        perps = []
        for name, terms in self.perps.items():
            units, cost = balances.get(name, 0), balances.get(quote_of(name), 0)
            if units or cost:
                price = floor_of(market.price(name).exact / unit * WAD)
                base = wad_of(units, market.decimals[name])
                quote = wad_of(cost, market.decimals[quote_of(name)])
                perps.append(replace(terms, prices=Prices.single(EXACT, price), base=base, quote=quote))
        return mango.MangoAccount(tokens, (), tuple(perps))

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return initial health."""
        return self.account(balances, market).judge(EXACT, INITIAL).excess

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity and maintenance health; a liquidation ends at the initial weights."""
        account = self.account(balances, market)
        excess, release = (account.judge(EXACT, check).excess for check in (MAINTENANCE, END))
        return Judgement(equity_of(balances, market), excess, release)


def mango_v4_rule(file: ProtocolFile) -> MangoV4Rule:
    """Return the rule with the file's weights and leverages."""
    tokens = {}
    for asset, listing in file.listings.items():
        settles = asset == file.margin.settlement
        weights = (WAD,) * 4 if settles else _weights("mango-v4", listing, WAD)
        asset_initial, asset_kept, owed_initial, owed_kept = weights
        starts = (
            int(term("mango-v4", "listing", listing.terms, name) * WAD)
            for name in ("deposit_start", "borrow_start")
        )
        tokens[asset] = mango.TokenTerms(
            NONE, asset_initial, owed_initial, asset_kept, owed_kept, 0, 0, *starts
        )
    perps = {}
    for name, market in file.perpetuals.items():
        first, kept = 1 / Fraction(market.maximum_leverage), 1 / maintenance_of(market)
        weight = int(term("mango-v4", "market", market.terms, "profit_weight") * WAD)
        opens = floor_of((1 - first) * WAD), floor_of((1 + first) * WAD)
        keeps = floor_of((1 - kept) * WAD), floor_of((1 + kept) * WAD)
        perps[name] = mango.PerpHolding(file.margin.settlement, NONE, 0, 0, 0, 0, *opens, *keeps, weight)
    return MangoV4Rule(tokens, perps, file.margin.settlement)


@dataclass(frozen=True, slots=True)
class DriftRule:
    """Drift v2: weighted deposits and borrows with perpetuals, weights that worsen with the root of size."""

    spots: Mapping[str, drift.SpotHolding[int]]
    perps: Mapping[str, drift.PerpHolding[int]]
    settlement: str

    def account(self, balances: Balances, market: MarketState) -> drift.DriftAccount[int]:
        """Return the account in the program's units: quote and prices 1e6, base 1e9."""
        spots = tuple(
            replace(
                terms, amount=balances[asset], decimals=market.decimals[asset], price=_strict(market, asset)
            )
            for asset, terms in self.spots.items()
            if balances.get(asset)
        )
        quote = _strict(market, self.settlement)
        perps = []
        for name, terms in self.perps.items():
            units = balances.get(name, 0)
            if units or balances.get(quote_of(name)):
                base = wad_of(units, market.decimals[name]) // (WAD // drift.BASE)
                gain = gain_of(balances, market, name)
                profit = floor_of(Fraction(gain) / market.price(self.settlement).exact / (WAD // drift.PRICE))
                price = floor_of(market.price(name).exact * drift.PRICE)
                perps.append(replace(terms, base=base, profit=profit, price=price, quote_price=quote))
        return drift.DriftAccount(spots, tuple(perps))

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return weighted collateral less initial requirements."""
        return self._excess(balances, market, INITIAL)

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and weighted collateral less maintenance requirements."""
        excess = self._excess(balances, market, MAINTENANCE)
        return Judgement(equity_of(balances, market), excess, excess)

    def _excess(self, balances: Balances, market: MarketState, check: Check) -> int:
        return self.account(balances, market).judge(EXACT, check).excess * PER_QUOTE


def _strict(market: MarketState, asset: str) -> drift.StrictPrice[int]:
    price = floor_of(market.price(asset).exact * drift.PRICE)
    return drift.StrictPrice(price, price)


def drift_rule(file: ProtocolFile) -> DriftRule:
    """Return the rule with the file's weights and leverages."""
    none: drift.StrictPrice[int] = drift.StrictPrice(0, 0)
    spots, perps = {}, {}
    for asset, listing in file.listings.items():
        settles = asset == file.margin.settlement
        weights = (drift.WEIGHT,) * 4 if settles else _weights("drift-v2", listing, drift.WEIGHT)
        initial, kept, owed, owed_kept = weights
        imf = int(term("drift-v2", "listing", listing.terms, "imf"))
        spots[asset] = drift.SpotHolding(0, 0, none, initial, kept, owed, owed_kept, imf, 0, 0)
    for name, market in file.perpetuals.items():
        first = floor_of(drift.WEIGHT / Fraction(market.maximum_leverage))
        kept = floor_of(drift.WEIGHT / maintenance_of(market))
        imf = int(term("drift-v2", "market", market.terms, "imf"))
        weight = int(term("drift-v2", "market", market.terms, "profit_weight") * drift.WEIGHT)
        perps[name] = drift.PerpHolding(0, 0, 0, none, first, kept, imf, weight, 0, 0, 0)
    return DriftRule(spots, perps, file.margin.settlement)
