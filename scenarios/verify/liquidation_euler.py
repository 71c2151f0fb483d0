"""Checks of Euler V2: the borrowing check, the greatest liquidation, and every one asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.errors import LiquidationError, UnknownNameError
from protocol.fixed_point.context import EXACT
from protocol.ledger import Account, Kind, Ledger
from protocol.liquidation.presets.euler import EulerLiquidation, LiquidationTerms, greatest, liquidate
from protocol.margin.judgement import Check, Level
from protocol.margin.presets.euler_v2 import EulerAccount, Ramp, VaultCollateral, debt_up
from scenarios.verify.rows import Row, cases_of, integers, rows_of
from scenarios.verify.tally import Checker, Document, Tally, integer

INITIAL = Check(Level.INITIAL)
NO_DEBT, HEALTHY = "no debt", "collateral covers the debt"
DEBT, HOLDER, LIQUIDATOR, DEPOSITORS = "debt", "account", "liquidator", "depositors"


@dataclass(frozen=True, slots=True)
class _Case:
    account: EulerAccount[int]
    which: str
    terms: LiquidationTerms
    checked_at: int
    now: int

    def borrowing(self) -> str:
        sound = self.account.debt == 0 or self.account.judge(EXACT, INITIAL).excess > 0
        return "ok" if sound else "E_AccountLiquidity"

    def greatest(self) -> object:
        try:
            most = greatest(self.account, self.which, self.terms, self.now, checked_at=self.checked_at)
        except UnknownNameError:
            return "E_BadCollateral"
        except LiquidationError as error:
            return [0, 0] if error.reason in {NO_DEBT, HEALTHY} else error.reason
        return [most.repay, most.seized]

    def liquidate(self, asked: int, least: int) -> object:
        try:
            done = liquidate(
                self.account,
                self.which,
                self.terms,
                self.now,
                checked_at=self.checked_at,
                repay=None if asked < 0 else asked,
                least_seized=least,
            )
        except LiquidationError as error:
            # Where there is nothing to liquidate the contract does nothing, and refuses to do more.
            if error.reason == HEALTHY and asked > 0:
                return "E_ExcessiveRepayAmount"
            if error.reason in {NO_DEBT, HEALTHY}:
                return "E_MinYield" if least else [0, 0, 0]
            return error.reason
        return self.booked(done)

    def booked(self, done: EulerLiquidation) -> list[int]:
        """Book a liquidation; return the contract's three figures as the ledger has them."""
        book = Ledger()
        for name in ("world", HOLDER, LIQUIDATOR, DEPOSITORS):
            book.open(Account(name, Kind.ISSUER))
        held = next(c.balance for c in self.account.collaterals if c.vault == self.which)
        book.post("world", HOLDER, self.which, held)
        book.post(HOLDER, "world", DEBT, self.account.debt)
        for p in done.postings(DEBT, self.which, HOLDER, LIQUIDATOR, DEPOSITORS):
            book.post(p.source, p.target, p.asset, p.amount, p.memo)
        book.assert_conserved("liquidation")
        paid, lost = -book.balance(LIQUIDATOR, DEBT), -book.balance(DEPOSITORS, DEBT)
        return [paid, book.balance(LIQUIDATOR, self.which), lost]


def _collateral(index: int, row: Row) -> VaultCollateral[int]:
    balance, bid, middle, *ramp = integers(row)
    return VaultCollateral(str(index), balance, bid, middle, Ramp(*ramp))


def _case(case: Mapping[str, object], now: int) -> _Case:
    discount, cool_off, checked_at, socialises, unit_is_debt = integers(case["terms"])
    owed, ask, middle = integers(case["debt"])
    debt = debt_up(owed)
    if unit_is_debt or not debt:
        ask = middle = debt
    held = tuple(_collateral(index, row) for index, row in enumerate(rows_of(case["cols"])))
    never = frozenset(c.vault for c in held if c.ramp.until == 0)
    terms = LiquidationTerms(discount, cool_off, bool(socialises), never)
    return _Case(EulerAccount(held, debt, ask, middle), str(case["which"]), terms, checked_at, now)


def check_euler(document: Document) -> Tally:
    """Check an ``euler-v2-liquidation`` file."""
    tally = Tally()
    now = integer(document["now"])
    for index, row in enumerate(cases_of(document)):
        case, where = _case(row, now), f"cases[{index}]"
        tally.check("healthy", where, row["healthy"], case.borrowing())
        tally.check("greatest", where, row["most"], case.greatest())
        for number, (asked, least, expected) in enumerate(rows_of(row["liquidate"])):
            got = case.liquidate(integer(asked), integer(least))
            tally.check("liquidate", f"{where}.liquidate[{number}]", expected, got)
    return tally


CHECKERS: dict[str, Checker] = {"euler-v2-liquidation/1": check_euler}
