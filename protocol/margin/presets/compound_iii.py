"""Compound III: one base asset borrowed against many collaterals, absorbed whole, sold at the storefront.

Source of the rule: compound-finance/comet d5a30b0a ``contracts/Comet.sol``. Factors have 18 decimals, prices
8, indices 15. Both solvency sums stop as soon as they are not negative, so later assets are never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic

from protocol.errors import NotLiquidatableError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT, Context, N
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Judgement, Level

INDEX = 10**15


@dataclass(frozen=True, slots=True)
class CollateralHolding(Generic[N]):
    """A collateral in the market's order, with its factors and price."""

    asset: str
    decimals: int
    amount: N
    price: N
    borrow_factor: N
    liquidate_factor: N
    liquidation_factor: N

    @property
    def DECIMALS(self) -> Mapping[str, int | None]:  # noqa: N802 - what the number contexts read
        """Decimals by field."""
        return {"decimals": None, "amount": self.decimals, "price": 8}

    def value_down(self, context: Context[N]) -> N:
        """Return the value with the price's decimals."""
        return context.scaled_down(self.amount, self.price, 10**self.decimals)


@dataclass(frozen=True, slots=True)
class CometAccount(Generic[N]):
    """An account of one market.

    Parameters
    ----------
    balance
        Present value in base tokens, negative for a debt.
    base_decimals, base_price
        Of the base token.
    collaterals
        What is deposited, in the market's order.
    """

    balance: N
    base_decimals: int
    base_price: N
    collaterals: tuple[CollateralHolding[N], ...]

    @property
    def DECIMALS(self) -> Mapping[str, int | None]:  # noqa: N802 - what the number contexts read
        """Decimals by field."""
        return {"balance": self.base_decimals, "base_decimals": None, "base_price": 8}

    def judge(self, context: Context[N], check: Check) -> Judgement[N]:
        """Return the liquidity at the borrow (initial) or liquidate (maintenance) factors.

        The sum stops where it is no longer negative: its sign is the contract's answer, a positive figure
        is what had been counted by then.
        """
        debt = -context.scaled_down(
            context.maximum(-self.balance, context.zero), self.base_price, 10**self.base_decimals
        )
        liquidity, equity = debt, debt
        for held in self.collaterals:
            initial = check.level is Level.INITIAL
            factor = held.borrow_factor if initial else held.liquidate_factor
            value = held.value_down(context)
            equity = equity + value
            more = context.mul_down(value, factor)
            liquidity = liquidity + context.where(liquidity >= 0, context.zero, more)
        return Judgement(check, liquidity, equity)


def present_value(principal: int, supply_index: int, borrow_index: int) -> int:
    """Return the balance of a signed principal; a debt is rounded toward zero."""
    if principal >= 0:
        return principal * supply_index // INDEX
    return -(-principal * borrow_index // INDEX)


def principal_of(balance: int, supply_index: int, borrow_index: int) -> int:
    """Return the principal that stands for a balance; a debt is rounded up."""
    if balance >= 0:
        return balance * INDEX // supply_index
    return -((-balance * INDEX + borrow_index - 1) // borrow_index)


@dataclass(frozen=True, slots=True)
class CometMarket:
    """A market's totals.

    Parameters
    ----------
    base_decimals, base_price
        Of the base token.
    store_factor
        Share of the liquidation penalty given to buyers at the storefront, 18 decimals.
    supply_index, borrow_index
        15 decimals.
    supplied, borrowed
        Principal of all accounts.
    cash
        Base tokens that the contract holds.
    """

    base_decimals: int
    base_price: int
    store_factor: int
    supply_index: int
    borrow_index: int
    supplied: int
    borrowed: int
    cash: int

    @property
    def total_supply(self) -> int:
        """What is owed to suppliers, in base tokens."""
        return self.supplied * self.supply_index // INDEX

    @property
    def total_borrow(self) -> int:
        """What borrowers owe, in base tokens."""
        return self.borrowed * self.borrow_index // INDEX

    @property
    def reserves(self) -> int:
        """What would be left; negative after losses."""
        return self.cash - self.total_supply + self.total_borrow

    def quote_down(self, held: CollateralHolding[int], base_amount: int) -> int:
        """Return the collateral sold for ``base_amount`` at the storefront's discount."""
        discount = self.store_factor * (WAD - held.liquidation_factor) // WAD
        price = held.price * (WAD - discount) // WAD
        scale = 10**self.base_decimals
        sold: int = self.base_price * base_amount * 10**held.decimals // price // scale
        return sold

    def absorb(
        self, principal: int, collaterals: tuple[CollateralHolding[int], ...]
    ) -> tuple[int, CometMarket]:
        """Take over an account below its liquidate factors; return its new principal and the market.

        All collateral goes to the protocol at the liquidation factors; what it does not cover falls on the
        reserves, and a surplus becomes a supply balance of the account.

        Raises
        ------
        NotLiquidatableError
            If the account is solvent.
        """
        balance = present_value(principal, self.supply_index, self.borrow_index)
        account = CometAccount(balance, self.base_decimals, self.base_price, collaterals)
        if not liquidatable(principal, account):
            raise NotLiquidatableError("collateral covers the debt at the liquidate factors")
        gained = sum(held.value_down(EXACT) * held.liquidation_factor // WAD for held in collaterals)
        new_balance = max(balance + gained * 10**self.base_decimals // self.base_price, 0)
        new_principal = principal_of(new_balance, self.supply_index, self.borrow_index)
        repaid = max(min(new_principal, 0) - principal, 0) if principal < 0 else 0
        return new_principal, replace(
            self, supplied=self.supplied + max(new_principal, 0), borrowed=self.borrowed - repaid
        )


def liquidatable(principal: int, account: CometAccount[int]) -> bool:
    """Return whether the account may be absorbed."""
    return principal < 0 and account.judge(EXACT, MAINTENANCE).excess < 0


def may_borrow(principal: int, account: CometAccount[int]) -> bool:
    """Return whether the account has enough collateral for its debt at the borrow factors."""
    return principal >= 0 or account.judge(EXACT, INITIAL).excess >= 0
