"""Designs by hand: each figure follows from the rule of the source, worked out on paper."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    DeleveragingError,
    DivisionByZeroError,
    LiquidationSizeError,
    NotLiquidatableError,
    TransitionError,
    WaterfallExhaustedError,
)
from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind, Ledger, Posting, quote_of
from protocol.liquidation.machine import Machine
from protocol.liquidation.policy import LiquidationPolicy
from protocol.liquidation.presets import catalogue
from protocol.liquidation.presets.derive import Bid
from protocol.liquidation.presets.drift import (
    Ramp,
    deposit_index_delta_for_loss,
    funding_deltas_for_loss,
)
from protocol.liquidation.presets.gmx import PRECISION, AdlSwitch, largest_size, profit_ratio_down
from protocol.liquidation.presets.liquity import StabilityPool
from protocol.liquidation.pricers import FixedBonus
from protocol.liquidation.stages import Stage, advance
from protocol.liquidation.view import Judgement, floor, value
from protocol.liquidation.waterfall import Basis, Deficit, Fund, Socialise, Waterfall
from protocol.market_state import MarketState, Price
from protocol.transaction import State

USD, ETH, PERP = "USD", "ETH", "PERP"
E6, E18 = 10**6, 10**18
DECIMALS = {USD: 6, ETH: 18, PERP: 18, quote_of(PERP): 6}
FEE = Fraction(1, 100)


def market(price: int) -> MarketState:
    dollar = Price.of(1)
    return MarketState(
        {USD: dollar, quote_of(PERP): dollar, ETH: Price.of(price), PERP: Price.of(price)}, DECIMALS
    )


def judge(balances: Mapping[str, int], at: MarketState) -> Judgement:
    """80 % of collateral in ether, 5 % of a position's notional; release at 78 % and 6 %."""
    equity = sum((value(at, a, n) for a, n in balances.items()), Fraction(0))
    ether, position = (
        value(at, ETH, max(0, balances.get(ETH, 0))),
        abs(value(at, PERP, balances.get(PERP, 0))),
    )
    excess = equity - ether * Fraction(20, 100) - position * Fraction(5, 100)
    release = equity - ether * Fraction(22, 100) - position * Fraction(6, 100)
    return Judgement(floor(equity), floor(excess), floor(release))


WATERFALL = Waterfall((Fund("p:fund"), Deficit("p:deficit")))


def setup(policy: LiquidationPolicy, **balances: int) -> Machine:
    state = State()
    book = state.ledger
    for name in ("p:a", "p:lenders", "p:keeper", "p:fund", "p:deficit", "p:house", "p:vault"):
        book.open(Account(name, Kind.MARGIN, "p"))
    book.open(Account("world", Kind.ISSUER))
    book.list_instrument(PERP)
    for name in ("p:lenders", "p:keeper", "p:vault"):
        book.post("world", name, USD, 10**9 * E6)
        book.post("world", name, ETH, 10**6 * E18)
    for asset, units in balances.items():
        giver, taker = ("world", "p:a") if units > 0 else ("p:a", "world")
        if asset == PERP:
            giver, taker = ("p:lenders", "p:a") if units > 0 else ("p:a", "p:lenders")
        book.post(giver, taker, asset, abs(units))
    return Machine(state, policy, judge, USD, "p:house", frozenset({PERP}))


def long(machine: Machine, size: int, price: int) -> None:
    """Open a long of ``size`` whole units at ``price`` against the lenders."""
    machine.book.post("p:lenders", "p:a", PERP, size * E18)
    machine.book.post("p:a", "p:lenders", quote_of(PERP), size * price * E6)


def held(machine: Machine, account: str, asset: str) -> Fraction:
    return Fraction(machine.book.balance(account, asset), 10 ** DECIMALS[asset])


# Fixed spread


def test_aave_half_then_all() -> None:
    """10 ETH at 1990 count 15,920 against a debt of 16,000: health 0.995, so half is repaid at 5 %."""
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    step = machine.step("p:a", "p:keeper", market(1990), 0)
    assert held(machine, "p:a", USD) == -8000
    assert held(machine, "p:a", ETH) == pytest.approx(10 - 8000 * 1.05 / 1990)
    assert step.stages == (Stage.FLAGGED, Stage.ACTIVE, Stage.HEALTHY)
    # At 1880 health is 0.94: all of it goes, and what is left of the collateral stays with the owner.
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    machine.step("p:a", "p:keeper", market(1880), 0)
    assert held(machine, "p:a", USD) == 0
    assert held(machine, "p:a", ETH) == pytest.approx(10 - 16_000 * 1.05 / 1880)


def test_compound_absorbs_all_and_pays_out_the_rest() -> None:
    """10 ETH at 1990 at a penalty of 5 % are 18,905; less a debt of 16,000 the owner gets 2,905."""
    machine = setup(catalogue.compound(WATERFALL, "p:vault"), ETH=10 * E18, USD=-16_000 * E6)
    before = held(machine, "p:vault", ETH)
    machine.step("p:a", "p:keeper", market(1990), 0)
    assert held(machine, "p:a", ETH) == 0
    assert held(machine, "p:a", USD) == 2905
    assert held(machine, "p:vault", ETH) - before == 10
    # At 1,500 the collateral is worth less than the debt: the reserves bear it, the owner gets nothing.
    machine = setup(catalogue.compound(WATERFALL, "p:vault"), ETH=10 * E18, USD=-16_000 * E6)
    step = machine.step("p:a", "p:keeper", market(1500), 0)
    assert not machine.book.balances("p:a")
    assert step.stages[-1] is Stage.CLOSED
    assert step.payments == ()
    assert held(machine, "p:vault", USD) == 10**9 - 16_000


def test_euler_discount_is_the_shortfall() -> None:
    """Counted 15,200 of 16,000 at 1900: factor 0.95, so the keeper gets 1/0.95 of what he repays."""
    machine = setup(catalogue.euler(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    machine.step("p:a", "p:keeper", market(1900), 0)
    assert held(machine, "p:a", USD) == 0
    assert held(machine, "p:a", ETH) == pytest.approx(float(10 - 16_000 / Fraction(95, 100) / 1900))
    # At 1650 the discount stops at 15 %: 16,000 / 0.85 is more than the collateral, which all goes, and
    # 16,500 x 0.85 = 14,025 are repaid; the rest is a deficit.
    machine = setup(catalogue.euler(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    (step,) = machine.run("p:a", "p:keeper", market(1650), 0)
    assert [(p.payer, p.amount, p.basis) for p in step.payments] == [("p:deficit", 1975 * E6, Basis.EQUITY)]


def test_the_fund_pays_before_the_deficit_is_booked() -> None:
    machine = setup(catalogue.euler(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    machine.book.post("world", "p:fund", USD, 500 * E6)
    (step,) = machine.run("p:a", "p:keeper", market(1650), 0)
    assert [(p.payer, p.amount) for p in step.payments] == [
        ("p:fund", 500 * E6),
        ("p:deficit", 1475 * E6),
    ]
    assert step.stages[-1] is Stage.CLOSED


# Positions


def test_mango_closes_just_what_restores_the_release_level() -> None:
    """10 long from 2000 with 900 margin, at 1950: equity 400, short of 5 % of 19,500.

    Closing x units at a fee of 1 % leaves 400 - 19.5 x against 6 % of 1950 (10 - x), so x = 770 / 97.5.
    """
    machine = setup(catalogue.mango(WATERFALL, fee=FEE), USD=900 * E6)
    long(machine, 10, 2000)
    machine.step("p:a", "p:keeper", market(1950), 0)
    assert float(10 - held(machine, "p:a", PERP)) == pytest.approx(770 / 97.5, abs=1e-8)
    assert judge(machine.book.balances("p:a"), market(1950)).release >= 0


def test_drift_allows_a_share_that_grows() -> None:
    """A tenth at once, all after the time: of the 770 / 97.5 units of the Mango test."""
    needed = 770 / 97.5
    policy = catalogue.drift(WATERFALL)
    for wait, share in ((0, 0.1), (27, 0.55), (54, 1.0)):
        machine = setup(policy, USD=900 * E6)
        long(machine, 10, 2000)
        machine.flag("p:a", market(1950), 0)
        machine.step("p:a", "p:keeper", market(1950), wait)
        assert float(10 - held(machine, "p:a", PERP)) == pytest.approx(needed * share, rel=1e-6)


def test_hyperliquid_slices_pause_and_vault() -> None:
    """150 long from 2000 is 300,000: a fifth first, nothing for 30 s, then all."""
    policy = catalogue.hyperliquid(WATERFALL, "p:vault", FixedBonus(Fraction(0)))
    machine = setup(policy, USD=29_400 * E6)
    long(machine, 150, 2000)
    at = market(1899)  # equity 14,250 of 14,242.5 needed: healthy
    with pytest.raises(NotLiquidatableError):
        machine.step("p:a", "p:keeper", at, 0)
    at = market(1890)  # equity 12,900 of 14,175: short, above two thirds
    machine.step("p:a", "p:keeper", at, 0)
    assert held(machine, "p:a", PERP) == 120
    # A fifth at the mark costs nothing: 12,900 against 5 % of 226,800 is enough again.
    assert machine.case("p:a").stage is Stage.ACTIVE  # but not for the release level
    step = machine.step("p:a", "p:keeper", at, 29)
    assert step.moved is None
    machine.step("p:a", "p:keeper", at, 30)
    assert held(machine, "p:a", PERP) == 0
    # Below two thirds of maintenance the vault takes positions and margin; the owner is left with nothing.
    machine = setup(policy, USD=29_400 * E6)
    long(machine, 150, 2000)
    step = machine.step("p:a", "p:keeper", market(1850), 0)
    assert step.taker == "p:vault"
    assert not machine.book.balances("p:a")
    assert held(machine, "p:vault", PERP) == 150


def test_dydx_price_lies_between_the_mark_and_bankruptcy() -> None:
    """10 long from 2000 with 1,400 margin at 1900: equity 400 of 950.

    ABR = 1 - 400/950, concession = ABR x 1.5 x 5 % = 4.342 %; a tenth, one unit, is sold.
    """
    machine = setup(catalogue.dydx(WATERFALL), USD=1400 * E6)
    long(machine, 10, 2000)
    step = machine.step("p:a", "p:keeper", market(1900), 0, seed=3)
    assert step.size == E18
    assert step.moved is not None
    price = float(Fraction(step.moved.paid[quote_of(PERP)], E6))
    assert price == pytest.approx(1900 * (1 - (1 - 400 / 950) * 1.5 * 0.05), abs=1e-5)
    # That is below 1,860, where a tenth of the equity is lost: the insurance fund pays the difference.
    assert [p.payer for p in step.payments] == ["p:deficit"]
    assert float(step.payments[0].amount / E6) == pytest.approx(1860 - price, abs=1e-5)
    assert step.after.equity == pytest.approx(360 * E18, rel=1e-6)


def test_synthetix_windows() -> None:
    """Four units per window of 30 s: 4, then nothing, then 4 more, then the last 2."""
    machine = setup(catalogue.synthetix(WATERFALL, {PERP: 4 * E18}, "p:vault"), USD=1400 * E6)
    long(machine, 10, 2000)
    left = []
    for now in (0, 10, 30, 60):
        machine.step("p:a", "p:keeper", market(1870), now)
        left.append(held(machine, "p:a", PERP))
    assert left == [6, 6, 2, 0]


def test_derive_sells_the_share_that_restores_the_buffer() -> None:
    """Equity 400 and release -770 at 1950: at 95 % of value a share f leaves 400 (1 - .05 f), 1170 (1-f)."""
    machine = setup(catalogue.derive(WATERFALL), USD=900 * E6)
    long(machine, 10, 2000)
    machine.step("p:a", "p:keeper", market(1950), 0)
    share = 1 - float(held(machine, "p:a", PERP)) / 10
    assert 400 * (1 - 0.05 * share) == pytest.approx(1170 * (1 - share), rel=1e-6)


def test_an_insolvent_account_pays_its_taker_from_the_fund() -> None:
    """Equity -100 at 1900: who takes it at the end of the insolvent phase is paid the shortfall, 1,050."""
    machine = setup(catalogue.derive(WATERFALL), USD=900 * E6)
    machine.book.post("world", "p:fund", USD, 400 * E6)
    long(machine, 10, 2000)
    machine.flag("p:a", market(1900), 0)
    step = machine.step("p:a", "p:keeper", market(1900), 3600)
    assert [(p.payer, p.amount) for p in step.payments] == [
        ("p:fund", 400 * E6),
        ("p:deficit", 650 * E6),
    ]
    assert step.stages[-1] is Stage.CLOSED
    assert held(machine, "p:keeper", USD) == 10**9 + 900 + 1050


holdings = st.dictionaries(
    st.sampled_from(["ETH", "PERP", "OPTION", "cash"]), st.integers(-(10**30), 10**30), min_size=1
)


@given(holdings, st.integers(1, WAD), st.integers(0, 10**24), st.integers(0, 10**24), st.integers(0, 10**24))
def test_a_bid_on_an_account_moves_the_share_of_everything_and_conserves(
    balances: dict[str, int], share: int, paid: int, received: int, reserved: int
) -> None:
    book = Ledger()
    for name in ("account", "bidder", "module", "lenders", "world"):
        book.open(Account(name, Kind.ISSUER))
    for asset, units in balances.items():
        giver, taker = ("world", "account") if units > 0 else ("account", "world")
        book.post(giver, taker, asset, abs(units))
    bid = Bid(share, paid, received, received // 3, reserved)
    for p in bid.postings(balances, "cash", "account", "bidder", "module", "lenders"):
        book.post(p.source, p.target, p.asset, p.amount, p.memo)
    book.assert_conserved("bid")
    for asset, units in balances.items():
        if asset != "cash":
            taken = book.balance("bidder", asset)
            assert abs(taken * WAD - units * share) < WAD
            assert abs(taken) * WAD <= abs(units) * share
    assert book.balance("module", "cash") == -(received - received // 3)
    assert book.balance("lenders", "cash") == -(received // 3)


# Stages and waterfalls


def test_stages_cannot_be_jumped() -> None:
    assert advance("a", Stage.FLAGGED, Stage.ACTIVE) is Stage.ACTIVE
    assert advance("a", Stage.ACTIVE, Stage.ACTIVE) is Stage.ACTIVE
    for stage, wanted in (
        (Stage.HEALTHY, Stage.ACTIVE),
        (Stage.HEALTHY, Stage.CLOSED),
        (Stage.FLAGGED, Stage.INSOLVENT),
        (Stage.CLOSED, Stage.ACTIVE),
    ):
        with pytest.raises(TransitionError):
            advance("a", stage, wanted)


def test_a_flag_is_lifted_when_the_price_returns() -> None:
    machine = setup(catalogue.aave(WATERFALL), ETH=10 * E18, USD=-16_000 * E6)
    assert machine.flag("p:a", market(1990), 0) is Stage.FLAGGED
    assert machine.flag("p:a", market(2100), 5) is Stage.HEALTHY
    with pytest.raises(NotLiquidatableError):
        machine.flag("p:a", market(2100), 6)
    with pytest.raises(NotLiquidatableError):
        machine.step("p:a", "p:a", market(1990), 7)


def test_a_loss_that_nobody_pays_is_refused_and_undone() -> None:
    machine = setup(catalogue.euler(Waterfall((Fund("p:fund"),))), ETH=10 * E18, USD=-16_000 * E6)
    machine.book.post("world", "p:fund", USD, 500 * E6)
    before = dict(machine.book.balances("p:a"))
    with pytest.raises(WaterfallExhaustedError) as caught:
        machine.step("p:a", "p:keeper", market(1650), 0)
    assert caught.value.details["unpaid"] == 1475 * E6
    assert machine.book.balances("p:a") == before
    assert machine.case("p:a").stage is Stage.HEALTHY


def test_socialised_loss_is_shared_to_the_unit() -> None:
    book = Ledger()
    for name in ("p:l0", "p:l1", "p:l2", "p:debtor"):
        book.open(Account(name, Kind.MARGIN, "p"))
    book.open(Account("world", Kind.ISSUER))
    for name, units in (("p:l0", 1), ("p:l1", 2), ("p:l2", 4)):
        book.post("world", name, USD, units)
    claims = Socialise(lambda ledger, asset: {f"p:l{i}": ledger.balance(f"p:l{i}", asset) for i in range(3)})
    paid = Waterfall((claims,)).cover(book, "p:debtor", USD, 4)
    # 4 x (1, 2, 4) / 7 = 0.57, 1.14, 2.28: the unit left over goes to the largest fraction.
    assert [(p.payer, p.amount) for p in paid] == [("p:l0", 1), ("p:l1", 1), ("p:l2", 2)]


# Liquity


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


@given(pool_steps)
def test_stability_pool_never_owes_more_than_it_holds(steps: list[tuple[str, str, int, int]]) -> None:
    pool = StabilityPool("LUSD", ETH)
    book = book_of(pool, *"abc")
    for name in "abc":
        book.post("world", name, "LUSD", 10**26)
    exact = dict.fromkeys("abc", Fraction(0))
    for action, name, amount, collateral in steps:
        moved: tuple[Posting, ...] = ()
        if action == "offset":
            before = pool.coins
            pool, burnt, _, moved = pool.offset("trove", amount, collateral)
            if before:
                exact = {n: v * (1 - Fraction(burnt, before)) for n, v in exact.items()}
        elif action == "provide":
            pool, moved = pool.provide(name, amount)
            exact[name] = Fraction(pool.left_down(name))
        elif name in pool.deposits:
            pool, moved = pool.withdraw(name, amount)
            exact[name] = Fraction(pool.left_down(name))
        apply(book, moved)
        book.assert_conserved(action)
        assert book.balance(pool.ACCOUNT, "LUSD") == pool.coins
        assert book.balance(pool.ACCOUNT, ETH) == pool.held
        assert sum(pool.left_down(n) for n in "abc") <= pool.coins
        assert sum(pool.gain_down(n) for n in "abc") <= pool.held
        for n in "abc":
            # The product is fed back what earlier divisions left over, from a pool that may have been larger.
            assert pool.left_down(n) <= exact[n] * (1 + Fraction(1, 10**9)) + 25


# GMX and Drift


def test_gmx_bounds_of_an_execution() -> None:
    percent = PRECISION // 100
    switch = AdlSwitch(85 * percent, 77 * percent)
    with pytest.raises(DeleveragingError, match="AdlNotEnabled"):
        switch.require_execution(90 * percent, 80 * percent, 1, 1, 0)
    switch = switch.update(90 * percent, 100)
    switch.require_execution(90 * percent, 77 * percent, 1, 1, 100)
    for before, after, size, now, name in (
        (85, 80, 1, 100, "AdlNotRequired"),
        (90, 80, 2, 100, "InvalidSizeDeltaForAdl"),
        (90, 90, 1, 100, "InvalidAdl"),
        (90, 76, 1, 100, "PnlOvercorrected"),
        (90, 80, 1, 99, "OracleTimestamps"),
    ):
        with pytest.raises(DeleveragingError, match=name):
            switch.require_execution(before * percent, after * percent, size, 1, now)
    assert not switch.update(85 * percent, 200).on
    with pytest.raises(DeleveragingError):
        switch.update(0, 99)


def test_gmx_largest_size_is_the_last_that_does_not_overcorrect() -> None:
    """Profit 90 of a pool of 100: closing x of profit leaves (90 - x)/(100 - x) = 0.77, x = 56.5217."""
    percent = PRECISION // 100
    switch = AdlSwitch(85 * percent, 77 * percent)
    size = largest_size(90 * E18, 60 * E18, 60 * E18, 100 * E18, switch)
    assert size / E18 == pytest.approx(13 / 0.23, abs=1e-9)
    assert largest_size(90 * E18, 10 * E18, 10 * E18, 100 * E18, switch) == 10 * E18
    assert largest_size(90, 10, -1, 100, switch) == 0
    assert profit_ratio_down(-1, 3) == -(PRECISION // 3)


def test_drift_ramp_by_hand() -> None:
    """A shortage of 1,000 with 10 % at once and 150 slots: 10 %, then a tenth more every 15 slots."""
    ramp = Ramp(1000, 150)
    assert ramp.share_down(1000 * E6, 0, 0) == 1000
    assert ramp.share_down(1000 * E6, 0, 15) == 2000
    # 100 freed already of 1,000: after 15 slots 200 may be freed in all, 100 of the 900 left.
    assert ramp.share_down(900 * E6, 100 * E6, 15) == 1111
    assert ramp.share_down(900 * E6, 300 * E6, 15) == 0
    assert ramp.share_down(49 * E6, 0, 0) == 10_000
    assert ramp.share_down(1000 * E6, 0, 10**6) == 10_000
    assert Ramp(1000, 0).share_down(1000 * E6, 0, 0) == 10_000


def test_drift_bankruptcy_falls_on_both_sides() -> None:
    """100 dollars over 10 + 10 units: 5 dollars a unit, longs by a rise of their rate, shorts by a fall."""
    long_delta, short_delta = funding_deltas_for_loss(100 * E6, 10 * 10**9, -10 * 10**9)
    assert long_delta == -short_delta == 5 * 10**9
    assert funding_deltas_for_loss(1, 3 * 10**9, 0)[0] == 334  # 333.3 rounded up
    with pytest.raises(DivisionByZeroError):
        funding_deltas_for_loss(1, 0, 0)
    assert deposit_index_delta_for_loss(25, 100, 10**10) == 25 * 10**8
    assert deposit_index_delta_for_loss(200, 100, 10**10) == 10**10 - 1
