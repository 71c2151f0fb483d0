"""A portfolio as an account of a Compound III market: cash is the base asset, the rest is collateral.

Parameters: compound-finance/comet d5a30b0a, USDC on Ethereum as deployed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point.context import Context, N
from protocol.fixed_point.scales import from_scale, to_scale_down, to_scale_up
from protocol.margin.accounts.assets import assets
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.presets.compound_iii import CollateralHolding, CometAccount

BASE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class CollateralTerms(Generic[N]):
    """Factors with 18 decimals, and the token's decimals."""

    DECIMALS: ClassVar = {"decimals": None}

    borrow_factor: N
    liquidate_factor: N
    liquidation_factor: N
    decimals: int


@dataclass(frozen=True, slots=True)
class Comet(Generic[N]):
    """Collaterals in the market's order."""

    collaterals: tuple[tuple[str, CollateralTerms[N]], ...]

    def account(self, context: Context[N], portfolio: Portfolio[N]) -> CometAccount[N]:
        """Return the account."""
        balance = to_scale_down(context, context.maximum(portfolio.cash, context.zero), BASE_DECIMALS)
        debt = to_scale_up(context, context.maximum(-portfolio.cash, context.zero), BASE_DECIMALS)
        rows = assets(portfolio)[1:]
        held = tuple(
            CollateralHolding(
                name,
                terms.decimals,
                to_scale_down(context, row.owned(context), terms.decimals),
                to_scale_down(context, row.price, 8),
                terms.borrow_factor,
                terms.liquidate_factor,
                terms.liquidation_factor,
            )
            for name, terms in self.collaterals
            for row in rows
            if row.name == name
        )
        price = to_scale_down(context, portfolio.stable_price, 8)
        return CometAccount(balance - debt, BASE_DECIMALS, price, held)

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return weighted collateral less the debt, every collateral counted.

        The contract stops adding once the debt is covered: its answer has this figure's sign, not its size.
        """
        account = self.account(context, portfolio)
        unit = 10**BASE_DECIMALS
        supplied = context.maximum(account.balance, context.zero)
        owed = context.maximum(-account.balance, context.zero)
        own = context.scaled_down(supplied, account.base_price, unit)
        excess = equity = own - context.scaled_down(owed, account.base_price, unit)
        charges: dict[str, N] = {}
        for held in account.collaterals:
            factor = held.borrow_factor if check.level is Level.INITIAL else held.liquidate_factor
            value = held.value_down(context)
            counted = context.mul_down(value, factor)
            equity = equity + value
            excess = excess + counted
            charges[f"haircut of {held.asset}"] = from_scale(context, value - counted, 8)
        return Judgement(
            check, from_scale(context, excess, 8), from_scale(context, equity, 8), charges=charges
        )


def _share(hundredths: int) -> int:
    return hundredths * 10**15


COMET_USDC: Comet[int] = Comet(
    (
        ("BTC", CollateralTerms(_share(700), _share(770), _share(950), 8)),
        ("ETH", CollateralTerms(_share(825), _share(895), _share(950), 18)),
    )
)
