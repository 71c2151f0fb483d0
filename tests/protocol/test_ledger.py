"""The ledger and transactions: balanced, all or nothing, conserved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocol.errors import (
    FlashLoanNotRepaidError,
    InsufficientBalanceError,
    NegativeAmountError,
    NotConservedError,
    RuleError,
    UnknownAccountError,
)
from protocol.ledger import Account, Kind, Ledger, quote_of
from protocol.transaction import State, Transaction

MAX_UNITS = 10**30
WALLETS = ("a", "b", "c")
MARGIN = ("m:a", "m:b", "m:lenders")
ASSETS = ("X", "Y", "F-PERP")


def ledger() -> Ledger:
    book = Ledger()
    book.open(Account("outside", Kind.ISSUER))
    for name in WALLETS:
        book.open(Account(name))
    for name in MARGIN:
        book.open(Account(name, Kind.MARGIN, "m"))
    book.list_instrument("F-PERP")
    return book


def test_a_wallet_cannot_go_below_zero() -> None:
    book = ledger()
    book.post("outside", "a", "X", 5)
    with pytest.raises(InsufficientBalanceError) as caught:
        book.post("a", "b", "X", 6)
    assert caught.value.details["needed"] == 6
    assert caught.value.details["available"] == 5
    assert book.balance("a", "X") == 5


def test_a_loan_is_a_negative_balance_bounded_by_the_cash_of_the_protocol() -> None:
    book = ledger()
    book.post("outside", "m:lenders", "X", 100)
    book.post("m:a", "a", "X", 60)
    assert book.balance("m:a", "X") == -60
    assert book.cash("m", "X") == 40
    with pytest.raises(InsufficientBalanceError):
        book.post("m:b", "b", "X", 41)


def test_inside_a_protocol_balances_may_move_without_cash() -> None:
    book = ledger()
    book.post("m:a", "m:b", "X", 7)
    assert (book.balance("m:a", "X"), book.balance("m:b", "X"), book.cash("m", "X")) == (-7, 7, 0)


def test_positions_are_balances_that_need_no_cash() -> None:
    book = ledger()
    book.post("m:b", "m:a", "F-PERP", 10)
    book.post("m:a", "m:b", quote_of("F-PERP"), 300)
    assert dict(book.balances("m:a")) == {"F-PERP": 10, quote_of("F-PERP"): -300}
    book.assert_conserved("test")


def test_negative_postings_and_unknown_accounts_are_refused() -> None:
    book = ledger()
    with pytest.raises(NegativeAmountError):
        book.post("outside", "a", "X", -1)
    with pytest.raises(UnknownAccountError):
        book.post("outside", "nobody", "X", 1)
    with pytest.raises(UnknownAccountError):
        book.open(Account("a", Kind.ISSUER))


def test_conservation_is_a_real_check() -> None:
    book = ledger()
    book.post("outside", "a", "X", 5)
    book._balances["X"]["a"] += 1
    with pytest.raises(NotConservedError) as caught:
        book.assert_conserved("a tampered transaction")
    assert caught.value.details["total"] == 1


def test_a_transaction_is_all_or_nothing() -> None:
    state = State(ledger())
    state.ledger.post("outside", "a", "X", 5)
    state.values["pool"] = "before"

    def overspend() -> None:
        with Transaction(state, "t"):
            state.ledger.post("a", "b", "X", 3)
            state.values["pool"] = "after"
            state.ledger.post("a", "b", "X", 3)

    with pytest.raises(InsufficientBalanceError):
        overspend()
    assert state.ledger.balance("a", "X") == 5
    assert state.ledger.balance("b", "X") == 0
    assert state.values == {"pool": "before"}


def test_a_flash_loan_must_be_back_at_the_end() -> None:
    state = State(ledger())
    state.ledger.post("outside", "a", "X", 100)
    with pytest.raises(FlashLoanNotRepaidError), Transaction(state, "t") as open_loan:
        open_loan.flash_loan("a", "b", "X", 100)
    assert state.ledger.balance("a", "X") == 100
    state.ledger.post("outside", "b", "X", 1)
    with Transaction(state, "t") as transaction:
        loan = transaction.flash_loan("a", "b", "X", 100, fee=1)
        transaction.repay(loan)
    assert state.ledger.balance("a", "X") == 101
    assert transaction.committed is not None
    assert [posting.amount for posting in transaction.committed.postings] == [100, 101]


def test_an_invariant_that_fails_undoes_the_transaction() -> None:
    state = State(ledger())

    def refuse(_state: State, name: str) -> None:
        raise RuleError(f"{name} refused")

    with pytest.raises(RuleError, match="t refused"), Transaction(state, "t", (refuse,)):
        state.ledger.post("outside", "a", "X", 5)
    assert state.ledger.balance("a", "X") == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(WALLETS), st.sampled_from(WALLETS), st.integers(1, MAX_UNITS)), max_size=20
    )
)
def test_rolling_back_restores_every_balance(moves: list[tuple[str, str, int]]) -> None:
    book = ledger()
    for name in WALLETS:
        book.post("outside", name, "X", MAX_UNITS)
    before = [book.balance(name, "X") for name in WALLETS]
    mark = book.mark()
    for source, target, amount in moves:
        if book.balance(source, "X") >= amount:
            book.post(source, target, "X", amount)
    book.roll_back(mark)
    assert [book.balance(name, "X") for name in WALLETS] == before


class LedgerMachine(RuleBasedStateMachine):
    """Random movements in random transactions; nothing is ever created and nobody falls below his floor."""

    @initialize()
    def start(self) -> None:
        self.state = State(ledger())

    @rule(
        moves=st.lists(
            st.tuples(
                st.sampled_from(("outside", *WALLETS, *MARGIN)),
                st.sampled_from((*WALLETS, *MARGIN)),
                st.sampled_from(ASSETS),
                st.integers(0, 1000),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def transact(self, moves: list[tuple[str, str, str, int]]) -> None:
        before = {
            (a, n): self.state.ledger.balance(n, a) for a in ASSETS for n in ("outside", *WALLETS, *MARGIN)
        }
        try:
            with Transaction(self.state, "random"):
                for source, target, asset, amount in moves:
                    self.state.ledger.post(source, target, asset, amount)
        except InsufficientBalanceError:
            assert all(self.state.ledger.balance(n, a) == v for (a, n), v in before.items())

    @invariant()
    def conserved(self) -> None:
        if hasattr(self, "state"):
            self.state.ledger.assert_conserved("invariant")
            for name in WALLETS:
                assert all(self.state.ledger.balance(name, asset) >= 0 for asset in ASSETS)


TestLedgerMachine = LedgerMachine.TestCase
