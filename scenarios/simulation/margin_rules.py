"""Margin presets of a protocol file: one interface over the exact rules of ``protocol.margin``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from protocol.fixed_point import RAY, WAD
from protocol.fixed_point.context import EXACT
from protocol.ledger import quote_of
from protocol.liquidation.view import Balances, Judgement
from protocol.margin.holdings import MarketHolding, PerpHolding, Portfolio, TokenHolding
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.loan_to_value import LoanToValue
from protocol.margin.mango_v3 import (
    FRACTION_BITS,
    Level,
    MangoAccount,
    MangoHealth,
    PerpPosition,
    Weights,
    i80f48_down,
)
from protocol.margin.presets.aave_v3 import BASE, PERCENT, AaveAccount, ReserveHolding
from protocol.margin.presets.hyperliquid import HYPERLIQUID
from protocol.margin.presets.registry import MarginRule as PresetRule
from protocol.margin.presets.registry import preset
from protocol.margin.presets.tiered_cross import TieredCross, TieredMarket
from protocol.margin.weights import Slice
from protocol.market_state import MarketState
from scenarios.files.margin_terms import MarginName
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.equity import equity_of
from scenarios.simulation.margin_inputs import (
    SCALE,
    MarginRule,
    OpenInterest,
    maintenance_of,
    nobody,
    price_of,
    threshold_of,
)
from scenarios.simulation.margin_lending import comet_rule, euler_rule
from scenarios.simulation.margin_perpetuals import dydx_rule, gmx_rule
from scenarios.simulation.margin_solana import drift_rule, mango_v4_rule
from scenarios.simulation.margin_synthetix import synthetix_rule
from scenarios.simulation.options import Clock, Contract, contracts, expiries


@dataclass(frozen=True, slots=True)
class LendingRule:
    """Collateral counts in part, debt in full (Compound and most others)."""

    limit: LoanToValue
    threshold: LoanToValue

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return limit less debt."""
        return self.limit.borrow_limit_down(balances, market) - self.limit.debt_up(balances, market)

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and threshold value less debt."""
        excess = self.threshold.borrow_limit_down(balances, market) - self.threshold.debt_up(balances, market)
        return Judgement(equity_of(balances, market), excess, excess)


@dataclass(frozen=True, slots=True)
class AaveRule:
    """Aave V3 without efficiency modes: base currency with 8 decimals, ratios in ten-thousandths.

    Interest is charged on balances themselves: indices are one.
    """

    listings: Mapping[str, tuple[int, int]]

    def _account(self, balances: Balances, market: MarketState) -> AaveAccount[int]:
        reserves = []
        for asset, (loan_to_value, threshold) in self.listings.items():
            units = balances.get(asset, 0)
            if not units:
                continue
            price = market.price(asset).value * BASE // 10 ** market.price(asset).decimals
            reserves.append(
                ReserveHolding(
                    loan_to_value,
                    threshold,
                    PERCENT,
                    market.decimals[asset],
                    0,
                    price,
                    RAY,
                    RAY,
                    max(units, 0),
                    max(-units, 0),
                    collateral=units > 0,
                    debt=units < 0,
                )
            )
        return AaveAccount(tuple(reserves), None)

    def _judged(self, balances: Balances, market: MarketState, *, initial: bool) -> Judgement:
        answer = self._account(balances, market).judge(EXACT, INITIAL if initial else MAINTENANCE)
        scale = 10**SCALE // BASE
        return Judgement(answer.equity * scale, answer.excess * scale, answer.excess * scale)

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return loan-to-value limit less debt."""
        return self._judged(balances, market, initial=True).excess

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and threshold value less debt."""
        return self._judged(balances, market, initial=False)


@dataclass(frozen=True, slots=True)
class MangoRule:
    """Mango v3: unrealised gain counts at once; weights 1 - 1/leverage and 1 + 1/leverage.

    Only assets and perpetuals that the account is active in are priced, as in the program's health cache.
    """

    rule: MangoHealth
    perpetuals: tuple[str, ...]
    settlement: str

    def _health(self, balances: Balances, market: MarketState, level: Level) -> int:
        held = {asset: units for asset, units in balances.items() if units}
        active = [name for name in self.perpetuals if name in held or quote_of(name) in held]
        perps = {name: PerpPosition(held.pop(name, 0), held.pop(quote_of(name), 0)) for name in active}
        unit = Fraction(10 ** market.decimals[self.settlement])
        worth = market.price(self.settlement).exact
        prices = {
            asset: i80f48_down(market.price(asset).exact / worth * unit / 10 ** market.decimals[asset])
            for asset in (*held, *active)
        }
        health = self.rule.health(MangoAccount(held, perps), prices, level)
        value: Fraction = Fraction(health, 1 << FRACTION_BITS) / unit * worth * 10**SCALE
        return value.numerator // value.denominator

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return initial health."""
        return self._health(balances, market, "init")

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity and maintenance health; a liquidation ends at initial health."""
        equity, excess = (self._health(balances, market, level) for level in ("equity", "maint"))
        return Judgement(equity, excess, self._health(balances, market, "init"))


@dataclass(frozen=True, slots=True)
class PortfolioRule:
    """A preset that judges the common portfolio: tiers, scenario grids, Derive's and Deribit's rules.

    Every debt, the settlement asset itself and what an option has cost count as cash. Prices are claimed with
    full confidence. Only markets that the account is in are priced.

    Parameters
    ----------
    perpetuals
        Underlying by perpetual.
    options
        By name.
    clock
        Seconds since the start, for times to expiry.
    base
        Whether the underlying held as collateral is the market's base asset rather than a token.
    """

    rule: PresetRule[int]
    perpetuals: Mapping[str, str]
    settlement: str
    options: Mapping[str, Contract] = field(default_factory=dict)
    clock: Clock = lambda: 0
    base: bool = False

    def portfolio(self, balances: Balances, market: MarketState) -> Portfolio[int]:
        """Return the account as the rule sees it."""
        held = dict(balances)
        perps: dict[str, PerpHolding[int] | None] = {}
        cash = 0
        for name, option in self.options.items():
            units, cost = held.pop(name, 0), held.pop(quote_of(name), 0)
            if units:
                perps.setdefault(option.underlying, None)
            if cost:
                cash += market.value_down(quote_of(name), cost)
        for name, underlying in self.perpetuals.items():
            units, cost = held.pop(name, 0), held.pop(quote_of(name), 0)
            if not units and not cost:
                if self.base and held.get(underlying, 0) > 0:
                    perps.setdefault(underlying, None)
                continue
            result = market.value_down(name, units) + market.value_down(quote_of(name), cost)
            size = units * WAD // 10 ** market.decimals[name]
            known = perps.get(underlying)
            if known is not None:
                size, result = size + known.size, result + known.unsettled
            perps[underlying] = PerpHolding(size, price_of(market, name), WAD, result)
        markets = []
        for underlying, perp in perps.items():
            base = held.pop(underlying, 0) if self.base and held.get(underlying, 0) > 0 else 0
            rows = expiries(self.options, underlying, balances, market, self.clock())
            spot = price_of(market, underlying)
            amount = base * WAD // 10 ** market.decimals[underlying] if base else 0
            markets.append(MarketHolding(underlying, spot, WAD, perp, amount, rows))
        tokens = []
        for asset, units in held.items():
            if units < 0 or asset == self.settlement:
                cash += market.value_down(asset, units)
            else:
                amount = units * WAD // 10 ** market.decimals[asset]
                tokens.append(TokenHolding(asset, amount, price_of(market, asset), WAD))
        return Portfolio(cash, WAD, tuple(markets), tuple(tokens))

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return equity that counts less initial margin."""
        return self.rule.judge(EXACT, self.portfolio(balances, market), INITIAL).excess

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and what counts of it less maintenance margin."""
        answer = self.rule.judge(EXACT, self.portfolio(balances, market), MAINTENANCE)
        return Judgement(answer.equity, answer.excess, answer.excess)


def _loan_to_value(file: ProtocolFile) -> MarginRule:
    factors = {asset: Fraction(listing.collateral_factor) for asset, listing in file.listings.items()}
    thresholds = {asset: threshold_of(listing) for asset, listing in file.listings.items()}
    return LendingRule(LoanToValue(factors), LoanToValue(thresholds))


def _aave_v3(file: ProtocolFile) -> MarginRule:
    return AaveRule(
        {
            asset: (int(listing.collateral_factor * PERCENT), int(threshold_of(listing) * PERCENT))
            for asset, listing in file.listings.items()
        }
    )


def _mango_v3(file: ProtocolFile) -> MarginRule:
    tokens = {}
    for asset, listing in file.listings.items():
        initial, maintenance = Fraction(listing.collateral_factor), threshold_of(listing)
        # The file's factors are the asset weights; a liability counts in full, as in a lending market.
        one = i80f48_down(1)
        tokens[asset] = Weights(i80f48_down(initial), one, i80f48_down(maintenance), one)
    tokens.pop(file.margin.settlement, None)
    perps = {
        name: Weights.from_leverage(Fraction(market.maximum_leverage), maintenance_of(market))
        for name, market in file.perpetuals.items()
    }
    return MangoRule(MangoHealth(tokens, perps), tuple(perps), file.margin.settlement)


def _hyperliquid(file: ProtocolFile) -> MarginRule:
    known = dict(HYPERLIQUID.markets)
    markets = []
    for market in file.perpetuals.values():
        first = WAD * 1 // Fraction(market.maximum_leverage)
        tiers = known.get(market.underlying)
        if tiers is None or tiers.initial[0].rate != first or market.maintenance_leverage is not None:
            rates = (Slice(0, int(first)),), (Slice(0, int(WAD / maintenance_of(market))),)
            tiers = TieredMarket(*rates, greatest=0)
        markets.append((market.underlying, tiers))
    haircuts = tuple(
        (asset, (Slice(0, int(listing.collateral_factor * WAD)),))
        for asset, listing in file.listings.items()
        if listing.collateral_factor
    )
    underlyings = {name: market.underlying for name, market in file.perpetuals.items()}
    return PortfolioRule(TieredCross(tuple(markets), haircuts), underlyings, file.margin.settlement)


RULES: dict[MarginName, Callable[[ProtocolFile, OpenInterest], MarginRule]] = {
    "loan-to-value": lambda file, _: _loan_to_value(file),
    "aave-v3": lambda file, _: _aave_v3(file),
    "compound-v3": lambda file, _: comet_rule(file),
    "euler-v2": lambda file, _: euler_rule(file),
    "mango-v3": lambda file, _: _mango_v3(file),
    "mango-v4": lambda file, _: mango_v4_rule(file),
    "drift-v2": lambda file, _: drift_rule(file),
    "dydx-v4": dydx_rule,
    "gmx-v2": gmx_rule,
    "synthetix-perps-v3": lambda file, _: synthetix_rule(file),
    "hyperliquid": lambda file, _: _hyperliquid(file),
}
"""By preset, those that read the file's own factors; the others come from the registry of presets."""
ALIASES: dict[MarginName, str] = {"derive-srm": "derive-standard", "derive-pmrm2": "derive-portfolio-2"}


BASE_IN_MARKET: frozenset[str] = frozenset({"derive-standard", "derive-portfolio"})
"""Presets whose collateral in the underlying is the market's base asset, not a token."""


def build_rule(
    file: ProtocolFile,
    open_interest: OpenInterest = nobody,
    clock: Clock = lambda: 0,
    options: Mapping[str, Contract] | None = None,
) -> MarginRule:
    """Return the margin rule of a file.

    Parameters
    ----------
    open_interest
        Return the long side of a perpetual in raw base units, for rules that read it.
    clock
        Return the seconds since the start, for rules that judge options.
    options
        The file's, with the volatility that they follow; as it begins if None.
    """
    made = RULES.get(file.margin.preset)
    if made is not None:
        return made(file, open_interest)
    underlyings = {name: market.underlying for name, market in file.perpetuals.items()}
    name = ALIASES.get(file.margin.preset, file.margin.preset)
    return PortfolioRule(
        preset(name).rule,
        underlyings,
        file.margin.settlement,
        contracts(file) if options is None else options,
        clock,
        name in BASE_IN_MARKET,
    )
