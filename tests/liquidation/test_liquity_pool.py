"""Liquity's stability pool by hand and at random."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preset_world import E18, ETH
from protocol.errors import LiquidationSizeError, OverflowedError
from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind, Ledger, Posting
from protocol.liquidation.presets.liquity import StabilityPool


def book_of(pool: StabilityPool, *names: str) -> Ledger:
    book = Ledger()
    for name in ("world", "trove"):
        book.open(Account(name, Kind.ISSUER))
    for name in (pool.ACCOUNT, *names):
        book.open(Account(name))
    return book


def apply(book: Ledger, moved: tuple[Posting, ...]) -> None:
    for p in moved:
        book.post(p.source, p.target, p.asset, p.amount, p.memo)


def test_stability_pool_shares_debt_and_collateral() -> None:
    """100 and 300 deposited; 200 of debt against 3 ETH: each loses half and gains 0.75 and 2.25."""
    pool = StabilityPool("LUSD", ETH)
    pool, _ = pool.provide("a", 100 * E18)
    pool, _ = pool.provide("b", 300 * E18)
    pool, burnt, taken, _ = pool.offset("trove", 200 * E18, 3 * E18)
    assert (burnt, taken) == (200 * E18, 3 * E18)
    assert pool.left_down("a") == pytest.approx(50 * E18, abs=200)
    assert pool.left_down("b") == pytest.approx(150 * E18, abs=400)
    assert pool.gain_down("a") == 75 * 10**16
    assert pool.gain_down("b") == 225 * 10**16
    # The pool is emptied: the epoch ends, and who comes after has neither loss nor gain from before.
    pool, burnt, taken, _ = pool.offset("trove", 400 * E18, 8 * E18)
    assert (burnt, taken) == (200 * E18, 4 * E18)
    assert pool.left_down("a") == pool.left_down("b") == 0
    pool, _ = pool.provide("c", E18)
    assert (pool.left_down("c"), pool.gain_down("c")) == (E18, 0)
    assert pool.gain_down("a") == pytest.approx(175 * 10**16, abs=10)
    with pytest.raises(LiquidationSizeError):
        pool.withdraw("stranger", 1)


pool_steps = st.lists(
    st.tuples(
        st.sampled_from(["provide", "withdraw", "offset", "offset"]),
        st.sampled_from("abc"),
        st.integers(1, 10**24),
        st.integers(0, 10**22),
    ),
    max_size=25,
)


Step: TypeAlias = tuple[str, str, int, int]
CONTRACT: list[tuple[list[Step], tuple[int, int], tuple[int, int]]] = [
    (
        [
            ("provide", "a", 1, 0),
            ("provide", "b", 9852856910741239787, 0),
            ("offset", "", 6725677465, 0),
            ("offset", "", 7568846535268261057, 0),
        ],
        (2284010368747301267, 2284010368747301266),
        (0, 0),
    ),
    (
        [
            ("provide", "a", 1, 0),
            ("provide", "b", 10**24, 0),
            ("offset", "", 1, 0),
            ("offset", "", 10**24 - 1, 0),
            ("offset", "", 1, 1),
        ],
        (0, 0),
        (999999, 1),
    ),
    (
        [
            ("provide", "a", 65567, 0),
            ("provide", "a", 391337599999999999868869, 0),
            ("offset", "", 1, 3),
            ("offset", "", 391337599999999999934434, 0),
            ("offset", "", 1, 0),
        ],
        (0, 0),
        (1174012, 3),
    ),
]
"""Steps, then what Liquity's own code, compiled and run on them, owes and holds: coins, then collateral."""


@pytest.mark.parametrize(("steps", "coins", "collateral"), CONTRACT)
def test_pool_owes_more_than_it_holds_where_the_contract_does(
    steps: list[Step], coins: tuple[int, int], collateral: tuple[int, int]
) -> None:
    pool = StabilityPool("LUSD", ETH)
    for action, name, amount, taken in steps:
        if action == "offset":
            pool, *_ = pool.offset("trove", amount, taken)
        else:
            pool, _ = pool.provide(name, amount)
    assert (sum(pool.left_down(n) for n in "ab"), pool.coins) == coins
    assert (sum(pool.gain_down(n) for n in "ab"), pool.held) == collateral


@given(pool_steps)
@example(
    [
        ("provide", "a", 116463, 0),
        ("offset", "a", 490, 0),
        ("offset", "a", 3386, 0),
        ("offset", "a", 97125, 0),
        ("offset", "a", 1, 25_361_399_671_951_916_804),
        ("withdraw", "a", 1, 0),
    ]
)
def test_pool_owes_what_it_holds_but_for_what_divisions_left_over(
    steps: list[tuple[str, str, int, int]],
) -> None:
    """The contract itself can owe more than it holds, see ``CONTRACT``: by what its divisions leave over.

    An offset that leaves less than a billionth of the pool is left out: there the product has no digits left,
    and the last case of ``CONTRACT`` owes more than the bound.
    """
    pool = StabilityPool("LUSD", ETH)
    book = book_of(pool, *"abc")
    for name in "abc":
        book.post("world", name, "LUSD", 10**26)
    exact = dict.fromkeys("abc", Fraction(0))
    over, slip, gained, last = Fraction(0), Fraction(0), Fraction(0), 0
    for action, name, amount, collateral in steps:
        moved: tuple[Posting, ...] = ()
        if action == "offset":
            before = pool.coins
            if 0 < before - amount < before // 10**9:
                continue
            try:
                pool, burnt, taken, moved = pool.offset("trove", amount, collateral)
            except OverflowedError:
                # A few units offset after a division that left more over: the contract's subtraction reverts.
                assert amount * WAD < pool.loss_error
                continue
            if before:
                # A loss per unit is less by what the division before left over: at most a WAD-th of a unit on
                # each unit of the pool of then, which may have been larger. Everything else rounds down.
                over, slip, last = over + Fraction(last, WAD) + 1, slip + Fraction(last, WAD), before
                # What deposits count beyond the pool gets the same collateral a unit as the rest.
                gained += slip * Fraction(taken, before) + 2
                exact = {n: v * (1 - Fraction(burnt, before)) for n, v in exact.items()}
        elif action == "provide" or name in pool.deposits:
            try:
                pool, moved = (pool.provide if action == "provide" else pool.withdraw)(name, amount)
            except OverflowedError:
                # Who comes last may be owed more than is there: the contract's subtraction reverts.
                assert 0 < pool.gain_down(name) - pool.held <= gained
                continue
            exact[name] = Fraction(pool.left_down(name))
        apply(book, moved)
        book.assert_conserved(action)
        assert book.balance(pool.ACCOUNT, "LUSD") == pool.coins
        assert book.balance(pool.ACCOUNT, ETH) == pool.held
        assert sum(pool.left_down(n) for n in "abc") <= pool.coins + over
        assert sum(pool.gain_down(n) for n in "abc") <= pool.held + gained
        for n in "abc":
            assert pool.left_down(n) <= exact[n] + over
