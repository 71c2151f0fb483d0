"""A portfolio as an account of an Euler V2 cluster: one debt against the vaults that its vault accepts.

Parameters: euler-xyz/evk-periphery 006717d8 ``mainnet/clusters/PrimeCluster.s.sol``: the matrix of
liquidation loan-to-values; the one to borrow is two points lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point.context import Context, N
from protocol.margin.accounts.assets import CASH, Asset, assets
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check, Judgement
from protocol.margin.presets.euler_v2 import EulerAccount, Ramp, VaultCollateral


@dataclass(frozen=True, slots=True)
class Accepted(Generic[N]):
    """What a vault's collateral counts, in ten-thousandths: to borrow and until liquidation."""

    DECIMALS: ClassVar = {"borrow": 4, "liquidation": 4}

    collateral: str
    debt: str
    borrow: N
    liquidation: N


@dataclass(frozen=True, slots=True)
class EulerCluster(Generic[N]):
    """Pairs of collateral and debt that are accepted; what has no pair counts for nothing."""

    pairs: tuple[Accepted[N], ...]

    def account(self, context: Context[N], portfolio: Portfolio[N]) -> EulerAccount[N] | None:
        """Return the account, None if nothing is owed.

        Raises
        ------
        UnfitPortfolioError
            If two assets are owed: an account has one debt.
        """
        rows = assets(portfolio)
        debts = [row for row in rows if context.any(row.amount < 0)]
        if len(debts) > 1:
            why = "an account has one debt, this one owes " + " and ".join(row.name for row in debts)
            raise UnfitPortfolioError("euler-v2", why)
        if not debts:
            return None
        (debt,) = debts
        held = tuple(self._collateral(context, row, debt.name) for row in rows if row is not debt)
        value = -debt.value(context)
        return EulerAccount(held, debt.owed(context), value, value)

    def _collateral(self, context: Context[N], row: Asset[N], debt: str) -> VaultCollateral[N]:
        ramp = Ramp(context.zero, context.zero, context.zero, context.zero, context.zero)
        for pair in self.pairs:
            if (pair.collateral, pair.debt) == (row.name, debt):
                ramp = Ramp(pair.borrow, pair.liquidation, context.zero, context.zero, context.zero)
        value = row.value(context)
        return VaultCollateral(row.name, row.amount, value, value, ramp)

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return adjusted collateral less the debt and a unit; without a debt nothing is asked for.

        The price view is in the portfolio's prices: bid and ask to borrow, the middle to liquidate.
        """
        account = self.account(context, portfolio)
        if account is None:
            equity = context.zero
            for row in assets(portfolio):
                equity = equity + row.value(context)
            return Judgement(check, equity, equity)
        answer = account.judge(context, check)
        excess = answer.excess - context.of(1)  # adjusted collateral that equals the debt is a violation
        lost = answer.equity - excess
        return Judgement(check, excess, answer.equity, charges={"loan-to-value": lost})


def _pairs(rows: tuple[tuple[str, str, int], ...]) -> tuple[Accepted[int], ...]:
    return tuple(
        Accepted(collateral, debt, (percent - 2) * 100, percent * 100) for collateral, debt, percent in rows
    )


EULER_PRIME: EulerCluster[int] = EulerCluster(
    _pairs(
        (
            ("ETH", CASH, 85),
            ("wstETH", CASH, 83),
            ("BTC", CASH, 75),
            ("cbBTC", CASH, 80),
            (CASH, "ETH", 85),
            ("wstETH", "ETH", 93),
            ("BTC", "ETH", 70),
            ("cbBTC", "ETH", 75),
            (CASH, "BTC", 75),
            ("ETH", "BTC", 73),
            ("wstETH", "BTC", 72),
            ("cbBTC", "BTC", 90),
        )
    )
)
