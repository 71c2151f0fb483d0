"""A portfolio as an account of an Aave V3 pool: balances supply or borrow, one efficiency mode at most.

Parameters: the market as first listed, aave/aave-v3-deploy 09e91b80 ``markets/aave/reservesConfigs.ts``;
efficiency mode "wstETH/ETH": AaveChan/aave-proposals-v3, proposal of 18 March 2025 (Ethereum). Governance
changes both; read the chain where it matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point.context import Context, N
from protocol.fixed_point.scales import from_scale, to_scale_down, to_scale_up
from protocol.margin.accounts.assets import CASH, Asset, assets
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.presets.aave_v3 import BASE, AaveAccount, EfficiencyMode, ReserveHolding

_RATIOS: dict[str, int | None] = dict.fromkeys(("loan_to_value", "threshold", "bonus"), 4)


@dataclass(frozen=True, slots=True)
class ReserveTerms(Generic[N]):
    """A reserve's ratios in ten-thousandths (the bonus is 10500 for five per cent) and token decimals."""

    DECIMALS: ClassVar = {**_RATIOS, "decimals": None}

    loan_to_value: N
    threshold: N
    bonus: N
    decimals: int


@dataclass(frozen=True, slots=True)
class ModeTerms(Generic[N]):
    """An efficiency mode: what its collateral counts, and what may be borrowed in it."""

    DECIMALS: ClassVar = _RATIOS

    loan_to_value: N
    threshold: N
    bonus: N
    collateral: tuple[str, ...]
    borrowable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AavePool(Generic[N]):
    """The pool's reserves by asset (the portfolio's cash is ``cash``), and the account's mode, if any."""

    reserves: tuple[tuple[str, ReserveTerms[N]], ...]
    mode: ModeTerms[N] | None = None

    def account(self, context: Context[N], portfolio: Portfolio[N]) -> AaveAccount[N]:
        """Return the account in the pool's order of assets.

        Raises
        ------
        UnfitPortfolioError
            If the mode does not lend what is owed.
        """
        terms = dict(self.reserves)
        rows = [row for row in assets(portfolio) if row.name in terms]
        if self.mode is not None:
            for row in rows:
                if row.name not in self.mode.borrowable and context.any(row.amount < 0):
                    why = f"its efficiency mode does not lend {row.name}"
                    raise UnfitPortfolioError("aave-v3", why)
        held = tuple(_reserve(context, row, terms[row.name]) for row in rows)
        return AaveAccount(held, self._mode([row.name for row in rows]))

    def _mode(self, names: list[str]) -> EfficiencyMode[N] | None:
        mode = self.mode
        if mode is None:
            return None
        mask = sum(1 << index for index, name in enumerate(names) if name in mode.collateral)
        return EfficiencyMode(mode.loan_to_value, mode.threshold, mode.bonus, mask, False, 0)

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return what may still be borrowed (initial) or how far liquidation is (other levels)."""
        account = self.account(context, portfolio)
        answer = account.judge(context, check)
        names = [row.name for row in assets(portfolio) if row.name in dict(self.reserves)]
        charges: dict[str, N] = {}
        for index, (name, reserve) in enumerate(zip(names, account.reserves, strict=True)):
            ratios = account.terms(context, index)
            ratio = ratios[0 if check.level is Level.INITIAL else 1]
            value = reserve.value_down(context, reserve.balance(context))
            counted = context.scaled_down(value, ratio, 10**4)
            charges[f"haircut of {name}"] = from_scale(context, value - counted, 8)
        return Judgement(
            check,
            from_scale(context, answer.excess, 8),
            from_scale(context, answer.equity, 8),
            charges=charges,
        )


def _reserve(context: Context[N], row: Asset[N], terms: ReserveTerms[N]) -> ReserveHolding[N]:
    index = context.scaled_down(context.unit, context.unit, BASE * 10)  # one, in ray
    return ReserveHolding(
        terms.loan_to_value,
        terms.threshold,
        terms.bonus,
        terms.decimals,
        context.zero,
        to_scale_down(context, row.price, 8),
        index,
        index,
        to_scale_down(context, row.owned(context), terms.decimals),
        to_scale_up(context, row.owed(context), terms.decimals),
        collateral=True,
        debt=True,
    )


AAVE_RESERVES: tuple[tuple[str, ReserveTerms[int]], ...] = (
    (CASH, ReserveTerms(8_000, 8_500, 10_500, 6)),
    ("ETH", ReserveTerms(8_000, 8_250, 10_500, 18)),
    ("BTC", ReserveTerms(7_000, 7_500, 11_000, 8)),
    ("DAI", ReserveTerms(7_500, 8_000, 10_500, 18)),
    ("LINK", ReserveTerms(7_000, 7_500, 11_000, 18)),
    ("AAVE", ReserveTerms(5_000, 6_500, 11_000, 18)),
)
WSTETH_MODE: ModeTerms[int] = ModeTerms(9_350, 9_550, 10_100, ("wstETH",), ("ETH",))
AAVE: AavePool[int] = AavePool(AAVE_RESERVES)
AAVE_WSTETH: AavePool[int] = AavePool(
    (*AAVE_RESERVES, ("wstETH", ReserveTerms(9_350, 9_550, 10_100, 18))), WSTETH_MODE
)
"""The account has chosen the mode "wstETH/ETH"; wstETH has no terms here outside of it."""
