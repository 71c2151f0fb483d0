"""dYdX v4 and GMX v2 as rules of a simulated perpetual exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.ledger import quote_of
from protocol.liquidation.view import Balances, Judgement
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check
from protocol.margin.presets.dydx_v4 import (
    LONG_TAIL,
    MID,
    MILLION,
    QUOTE_DECIMALS,
    Position,
    SubAccount,
    Tier,
)
from protocol.margin.presets.gmx_v2 import IsolatedPosition, MarketTerms
from protocol.market_state import MarketState
from scenarios.files.margin_terms import term
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import PerpetualFile
from scenarios.simulation.equity import equity_of
from scenarios.simulation.margin_inputs import (
    SCALE,
    OpenInterest,
    floor_of,
    gain_of,
    maintenance_of,
    price_of,
    wad_of,
)

PER_QUANTUM: int = 10 ** (SCALE - QUOTE_DECIMALS)


@dataclass(frozen=True, slots=True)
class DydxRule:
    """dYdX v4: perpetuals against one quote balance, the initial fraction growing with open interest.

    Collateral other than the settlement asset does not count, a debt in it counts in full.
    """

    tiers: Mapping[str, Tier[int]]
    settlement: str
    open_interest: OpenInterest

    def account(self, balances: Balances, market: MarketState) -> SubAccount[int]:
        """Return the subaccount in quote quantums of 1e-6 of money."""
        derivatives = {*self.tiers, *(quote_of(name) for name in self.tiers)}
        quote = 0
        positions = []
        for name, tier in self.tiers.items():
            quote += market.value_down(quote_of(name), balances.get(quote_of(name), 0))
            units = balances.get(name, 0)
            if units:
                price, places = market.price(name), market.decimals[name]
                opened = max(self.open_interest(name), abs(units)) if tier.upper_cap else 0
                positions.append(Position(name, units, price.value, -price.decimals, -places, tier, opened))
        for asset, units in balances.items():
            if asset not in derivatives and (units < 0 or asset == self.settlement):
                quote += market.value_down(asset, units)
        return SubAccount(quote // PER_QUANTUM, tuple(positions))

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return net collateral less the initial requirement."""
        return self.account(balances, market).judge(EXACT, INITIAL).excess * PER_QUANTUM

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and net collateral less the maintenance requirement."""
        excess = self.account(balances, market).judge(EXACT, MAINTENANCE).excess * PER_QUANTUM
        return Judgement(equity_of(balances, market), excess, excess)


def dydx_rule(file: ProtocolFile, open_interest: OpenInterest) -> DydxRule:
    """Return the rule; a market's tier follows from its leverage unless its terms say otherwise."""
    tiers = {name: _tier(market) for name, market in file.perpetuals.items()}
    return DydxRule(tiers, file.margin.settlement, open_interest)


def _tier(market: PerpetualFile) -> Tier[int]:
    initial = floor_of(MILLION / Fraction(market.maximum_leverage))
    share = term("dydx-v4", "market", market.terms, "maintenance_share")
    if market.maintenance_leverage is not None and not share:
        kept = MILLION * Fraction(market.maximum_leverage) / Fraction(market.maintenance_leverage)
        maintenance = floor_of(kept)
    else:
        maintenance = int(share * MILLION) if share else 600_000 if initial <= 50_000 else 500_000
    usual = Tier(0, 0, 0, 0) if initial <= 50_000 else MID if initial <= 100_000 else LONG_TAIL
    caps = [
        standard if given < 0 else int(given * MILLION)
        for standard, given in (
            (usual.lower_cap, term("dydx-v4", "market", market.terms, "lower_cap")),
            (usual.upper_cap, term("dydx-v4", "market", market.terms, "upper_cap")),
        )
    ]
    return Tier(initial, maintenance, *caps)


@dataclass(frozen=True, slots=True)
class GmxRule:
    """GMX v2: one isolated position against the settlement asset.

    Traders here hold equally many longs and shorts, so price impact of a full close is zero; fees that are
    owed are paid at once. To open or withdraw, the liquidation check must hold as well.
    """

    name: str
    terms: MarketTerms[int]
    settlement: str
    open_interest: OpenInterest

    def position(self, balances: Balances, market: MarketState) -> IsolatedPosition[int]:
        """Return the position: size at the price of entry, result at the mark."""
        units, cost = balances.get(self.name, 0), balances.get(quote_of(self.name), 0)
        size = abs(market.value_down(quote_of(self.name), cost)) if units else 0
        settled = balances.get(self.settlement, 0)
        result = gain_of(balances, market, self.name)
        # Debts in other assets do not exist at GMX; here they are taken off the result.
        result += sum(
            market.value_down(asset, held)
            for asset, held in balances.items()
            if held < 0 and asset not in {self.name, quote_of(self.name), self.settlement}
        )
        interest = market.value_down(self.name, self.open_interest(self.name)) if units else 0
        return IsolatedPosition(
            size,
            result,
            wad_of(settled, market.decimals[self.settlement]),
            price_of(market, self.settlement),
            0,
            0,
            interest,
        )

    def _excess(self, balances: Balances, market: MarketState, check: Check) -> int:
        position = self.position(balances, market)
        terms = self.terms if position.size else replace(self.terms, least_collateral=0)
        return position.judge(EXACT, terms, check).excess

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return the lesser of what opening and what staying asks for."""
        return min(self._excess(balances, market, INITIAL), self._excess(balances, market, MAINTENANCE))

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and what would remain after closing less the requirement."""
        excess = self._excess(balances, market, MAINTENANCE)
        return Judgement(equity_of(balances, market), excess, excess)


def gmx_rule(file: ProtocolFile, open_interest: OpenInterest) -> GmxRule:
    """Return the rule of the file's one perpetual; its leverages are the least collateral of size."""
    ((name, market),) = file.perpetuals.items()
    terms = MarketTerms(
        least_collateral=int(term("gmx-v2", "margin", file.margin.terms, "least_collateral") * WAD),
        factor=floor_of(WAD / Fraction(market.maximum_leverage)),
        liquidation_factor=floor_of(WAD / maintenance_of(market)),
        open_interest_factor=int(term("gmx-v2", "market", market.terms, "open_interest_factor") * WAD),
        greatest_liquidation_impact=0,
        impact_exponent=0,
        positive_impact=0,
        negative_impact=0,
    )
    return GmxRule(name, terms, file.margin.settlement, open_interest)
