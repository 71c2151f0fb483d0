"""Compound III and Euler V2 as rules of a simulated lending market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.liquidation.view import Balances, Judgement
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check
from protocol.margin.presets.compound_iii import CollateralHolding, CometAccount
from protocol.margin.presets.euler_v2 import SCALE as EULER_SCALE
from protocol.margin.presets.euler_v2 import EulerAccount, VaultCollateral, fixed_ratio
from protocol.market_state import MarketState
from scenarios.files.margin_terms import term
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.equity import equity_of
from scenarios.simulation.margin_inputs import SCALE, floor_of, threshold_of

PRICE_DECIMALS = 8
"""Of Compound's price feeds."""
PER_PRICE: int = 10 ** (SCALE - PRICE_DECIMALS)
NEVER: int = -(10**SCALE)
"""Excess of an account that the engine does not let exist."""


@dataclass(frozen=True, slots=True)
class CometRule:
    """Compound III: one base asset borrowed against many collaterals, in the file's order.

    Parameters
    ----------
    base
        The asset that is lent.
    factors
        Borrow and liquidate factor by collateral, 18 decimals.
    """

    base: str
    factors: Mapping[str, tuple[int, int]]

    def account(self, balances: Balances, market: MarketState) -> CometAccount[int]:
        """Return the account as the contract holds it; interest indices are one."""
        collaterals = tuple(
            CollateralHolding(
                asset, market.decimals[asset], balances[asset], _feed(market, asset), borrow, liquidate, WAD
            )
            for asset, (borrow, liquidate) in self.factors.items()
            if balances.get(asset, 0) > 0
        )
        owed = balances.get(self.base, 0)
        return CometAccount(owed, market.decimals[self.base], _feed(market, self.base), collaterals)

    def _excess(self, balances: Balances, market: MarketState, check: Check) -> int:
        if any(units < 0 for asset, units in balances.items() if asset != self.base):
            return NEVER
        held = balances.get(self.base, 0)
        lent = held * _feed(market, self.base) // 10 ** market.decimals[self.base] if held > 0 else 0
        excess = self.account(balances, market).judge(EXACT, check).excess + lent
        return excess * PER_PRICE

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return the liquidity at the borrow factors; a debt in another asset than the base is refused."""
        return self._excess(balances, market, INITIAL)

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and the liquidity at the liquidate factors as far as the contract counts it."""
        excess = self._excess(balances, market, MAINTENANCE)
        return Judgement(equity_of(balances, market), excess, excess)


def _feed(market: MarketState, asset: str) -> int:
    price = market.price(asset)
    scaled: int = price.value * 10**PRICE_DECIMALS // 10**price.decimals
    return scaled


def comet_rule(file: ProtocolFile) -> CometRule:
    """Return the rule with the file's factors; the base counts neither way beyond its balance."""
    base = file.margin.settlement
    return CometRule(
        base,
        {
            asset: (int(listing.collateral_factor * WAD), floor_of(threshold_of(listing) * WAD))
            for asset, listing in file.listings.items()
            if asset != base
        },
    )


@dataclass(frozen=True, slots=True)
class EulerRule:
    """Euler V2: one debt against collateral vaults; bid and ask to borrow, the middle to liquidate.

    Parameters
    ----------
    ratios
        Loan-to-value to borrow and to liquidate by asset, four decimals.
    half_spread
        Of bid and ask around the oracle's price.
    """

    ratios: Mapping[str, tuple[int, int]]
    half_spread: Fraction

    def account(self, balances: Balances, market: MarketState) -> EulerAccount[int] | None:
        """Return the account as the contract holds it; None with more than one debt."""
        debts = [(asset, -units) for asset, units in balances.items() if units < 0]
        if len(debts) > 1:
            return None
        collaterals = []
        for asset, units in balances.items():
            if units > 0:
                borrow, liquidate = self.ratios.get(asset, (0, 0))
                middle = market.value_down(asset, units)
                bid = floor_of(middle * (1 - self.half_spread))
                collaterals.append(VaultCollateral(asset, units, bid, middle, fixed_ratio(borrow, liquidate)))
        asset, owed = debts[0] if debts else ("", 0)
        value = market.value_up(asset, owed) if owed else 0
        ask = -floor_of(-value * (1 + self.half_spread))
        return EulerAccount(tuple(collaterals), owed, ask, value)

    def _excess(self, balances: Balances, market: MarketState, check: Check) -> int:
        account = self.account(balances, market)
        if account is None:
            return NEVER
        # Adjusted collateral must exceed the debt: equality is refused and liquidated.
        return account.judge(EXACT, check).excess - (1 if account.debt else 0)

    def initial_excess(self, balances: Balances, market: MarketState) -> int:
        """Return collateral at the bid less debt at the ask; below zero with a second debt."""
        return self._excess(balances, market, INITIAL)

    def judge(self, balances: Balances, market: MarketState) -> Judgement:
        """Return equity, and adjusted collateral less debt in the middle."""
        excess = self._excess(balances, market, MAINTENANCE)
        return Judgement(equity_of(balances, market), excess, excess)


def euler_rule(file: ProtocolFile) -> EulerRule:
    """Return the rule with the file's factors as loan-to-values."""
    ratios = {
        asset: (int(listing.collateral_factor * EULER_SCALE), floor_of(threshold_of(listing) * EULER_SCALE))
        for asset, listing in file.listings.items()
    }
    return EulerRule(ratios, Fraction(term("euler-v2", "margin", file.margin.terms, "half_spread")))
