"""Multi-asset collateral: tiers, growth caps, groups, isolation, caps, sub-accounts, queues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import (
    BorrowRefusedError,
    CapExceededError,
    EligibilityError,
    GateClosedError,
    InsufficientBalanceError,
    UnknownAccountError,
    UnsafeValueError,
)
from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind
from protocol.market_state import MarketState, Price
from protocol.transaction import State
from protocol.vaults.collateral import FULL, Collateral, CollateralRules, Group
from protocol.vaults.haircuts import GrowthCap, TieredHaircut
from protocol.vaults.interest import YEAR
from protocol.vaults.multi_vault import MultiVault
from protocol.vaults.queue import Gate, WithdrawalQueue

MAX_UNITS = 10**24
PERCENT = WAD // 100
# Bybit's documented example for BTC: 10 at 0.98, 10 at 0.95, ... above 40 at 0.80.
BYBIT = TieredHaircut.of(
    [(0, 98 * PERCENT), (10, 95 * PERCENT), (20, 90 * PERCENT), (30, 85 * PERCENT), (40, 80 * PERCENT)]
)


def test_tiers_by_hand() -> None:
    assert BYBIT.counted_down(10) == 9  # 9.8
    assert BYBIT.counted_down(100) == 84  # 9.8 + 9.5 + 9 + 8.5 + 60 x 0.8 = 84.8
    scaled = TieredHaircut.of([(tier.above * 10**6, tier.rate) for tier in BYBIT.tiers])
    assert scaled.counted_down(100 * 10**6) == 84_800_000
    assert scaled.rate_at(25 * 10**6) == 90 * PERCENT


tiers = st.lists(
    st.tuples(st.integers(1, MAX_UNITS), st.integers(0, WAD)),
    min_size=0,
    max_size=5,
    unique_by=lambda t: t[0],
)


@given(tiers, st.integers(0, MAX_UNITS), st.integers(0, MAX_UNITS))
def test_counted_value_is_rising_concave_and_never_above_the_units(
    rows: list[tuple[int, int]], a: int, b: int
) -> None:
    bounds = [0, *sorted(above for above, _ in rows)]
    rates = sorted((rate for _, rate in rows), reverse=True)
    haircut = TieredHaircut.of(list(zip(bounds, [WAD, *rates], strict=True)))
    assert haircut.counted_down(a) <= a
    assert haircut.counted_down(min(a, b)) <= haircut.counted_down(max(a, b))
    # Splitting in two accounts never counts less: why holders can be judged as one.
    assert haircut.counted_down(a) + haircut.counted_down(b) >= haircut.counted_down(a + b) - 1


def test_tiers_out_of_order_are_refused() -> None:
    for rows in ([(1, WAD)], [(0, WAD + 1)], [(0, WAD // 2), (5, WAD)], [(0, WAD), (0, WAD)]):
        with pytest.raises(UnsafeValueError):
            TieredHaircut.of(rows)


def test_growth_cap_by_hand() -> None:
    cap = GrowthCap(WAD, 0, WAD // 10)
    assert cap.believed(2 * WAD, YEAR) == WAD + WAD // 10
    assert cap.believed(WAD // 2, YEAR) == WAD // 2
    assert GrowthCap(WAD, 0, WAD // 10, may_fall=False).believed(WAD // 2, YEAR) == WAD


@given(st.integers(1, 10 * WAD), st.integers(0, 10 * YEAR))
def test_a_donation_moves_a_capped_rate_no_further_than_time(rate: int, now: int) -> None:
    cap = GrowthCap(WAD, 0, WAD // 20)
    assert cap.believed(rate, now) <= WAD + WAD // 20 * now // YEAR + 1


def test_an_exchange_rate_asset_is_priced_at_the_believed_rate() -> None:
    rules = CollateralRules(
        {"wstETH": Collateral(FULL, FULL, underlying="ETH", growth=GrowthCap(WAD, 0, WAD // 10))}
    )
    for rate, expected in ((WAD * 105 // 100, 2100), (5 * WAD, 2200), (WAD // 2, 1000)):
        market = rules.believed(MARKET, {"wstETH": rate, "ETH": WAD}, YEAR)
        assert market.price("wstETH").exact == expected
        assert market.price("ETH").exact == 2000


def flat(opening: int, maintenance: int) -> tuple[TieredHaircut, TieredHaircut]:
    return TieredHaircut.flat(opening * PERCENT), TieredHaircut.flat(maintenance * PERCENT)


RULES = CollateralRules(
    {
        "ETH": Collateral(*flat(75, 80), supply_cap=10**24),
        "stETH": Collateral(*flat(70, 78)),
        "USD": Collateral(FULL, FULL),
        "NEW": Collateral(*flat(50, 60), debt_ceiling=1000 * WAD),
    },
    {
        "ether": Group(
            "ether",
            {"ETH": Collateral(*flat(93, 95)), "stETH": Collateral(*flat(93, 95))},
            frozenset({"ETH", "stETH"}),
        )
    },
    frozenset({"USD"}),
)
MARKET = MarketState(
    {"ETH": Price.of(2000), "stETH": Price.of(2000), "USD": Price.of(1), "NEW": Price.of(1)},
    {"ETH": 18, "stETH": 18, "USD": 6, "NEW": 18},
)


def vault(*, pool_holders: bool = False) -> MultiVault:
    state = State()
    state.ledger.open(Account("world", Kind.ISSUER))
    made = MultiVault(state, "v", RULES, pool_holders=pool_holders)
    for asset, units in (("USD", 10**13), ("ETH", 10**24), ("stETH", 10**24)):
        state.ledger.post("world", made.lenders, asset, units)
    return made


def priced(**prices: int) -> MarketState:
    return MarketState({**MARKET.prices, **{k: Price.of(v) for k, v in prices.items()}}, MARKET.decimals)


def test_no_withdrawal_beyond_the_limit_to_the_unit() -> None:
    v = vault()
    account = v.account("alice")
    v.deposit("world", account, "ETH", 10**18)
    with pytest.raises(BorrowRefusedError):
        v.withdraw(account, "world", "USD", 1_500_000_001, MARKET)
    v.withdraw(account, "world", "USD", 1_500_000_000, MARKET)
    with pytest.raises(BorrowRefusedError):
        v.withdraw(account, "world", "ETH", 1, MARKET)
    assert v.standing(account, MARKET).opening == 0
    assert v.standing(account, MARKET).equity == 500 * WAD


def test_a_group_lends_more_and_only_in_its_assets() -> None:
    v = vault()
    account = v.account("alice")
    v.deposit("world", account, "stETH", 10**18)
    v.withdraw(account, "world", "USD", 100, MARKET)
    with pytest.raises(EligibilityError):
        v.join(account, "ether", MARKET)
    v.deposit("world", account, "USD", 200)
    v.join(account, "ether", MARKET)
    v.withdraw(account, "world", "ETH", 93 * 10**16, MARKET)
    with pytest.raises(EligibilityError):
        v.withdraw(account, "world", "USD", 300, MARKET)
    with pytest.raises(BorrowRefusedError):  # out of the group 0.70 would not cover 0.93
        v.join(account, "", MARKET)
    assert v.group_of(account) == "ether"
    with pytest.raises(EligibilityError):
        v.join(account, "none such", MARKET)


def test_an_isolated_asset_stands_alone_and_under_its_ceiling() -> None:
    v = vault()
    account, other = v.account("alice"), v.account("bob")
    v.deposit("world", account, "NEW", 10**22)
    with pytest.raises(EligibilityError):
        v.deposit("world", account, "ETH", 1)
    with pytest.raises(EligibilityError):
        v.withdraw(account, "world", "ETH", 1, MARKET)
    v.withdraw(account, "world", "USD", 700 * 10**6, MARKET)
    v.deposit("world", other, "NEW", 10**22)
    with pytest.raises(CapExceededError):
        v.withdraw(other, "world", "USD", 301 * 10**6, MARKET)
    v.withdraw(other, "world", "USD", 300 * 10**6, MARKET)


def test_caps_and_strangers() -> None:
    v = vault()
    account = v.account("alice")
    with pytest.raises(CapExceededError):
        v.deposit("world", account, "ETH", 10**24 + 1)
    assert v.deposited("ETH") == 0
    with pytest.raises(EligibilityError):
        v.deposit("world", account, "SHIB", 1)
    v.deposit("world", account, "ETH", 10**24)
    with pytest.raises(InsufficientBalanceError):
        v.withdraw(account, "world", "USD", 10**13 + 1, MARKET)


def test_collateral_moves_to_the_sub_account_that_needs_it() -> None:
    v = vault()
    poor, rich = v.account("alice", "poor"), v.account("alice", "rich")
    stranger = v.account("bob")
    v.deposit("world", poor, "ETH", 10**18)
    v.deposit("world", rich, "ETH", 10**19)
    v.withdraw(poor, "world", "USD", 1_500_000_000, MARKET)
    with pytest.raises(EligibilityError):
        v.transfer(rich, stranger, "ETH", 1, MARKET)
    assert v.rebalance("alice", MARKET) == ()
    fallen = priced(ETH=1500)
    assert v.standing(poor, fallen).maintenance < 0
    (move,) = v.rebalance("alice", fallen)
    assert (move.source, move.target, move.asset) == (rich, poor, "ETH")
    # 1500 / (1500 x 0.8) = 1.25 ETH are needed: a quarter moves, not a unit more.
    assert move.units == 25 * 10**16
    assert v.standing(poor, fallen).maintenance == 0
    v.state.ledger.assert_conserved("rebalance")


@given(st.integers(1, 3000), st.integers(0, 10**19), st.integers(0, 10**19))
def test_rebalancing_hurts_no_giver_and_helps_who_is_short(price: int, a: int, b: int) -> None:
    v = vault()
    names = [v.account("alice", sub) for sub in "012"]
    for name, units in zip(names, (10**18, a, b), strict=True):
        v.deposit("world", name, "ETH", units)
    v.withdraw(names[0], "world", "USD", 1_500_000_000, MARKET)
    market = priced(ETH=price)
    before = {name: v.standing(name, market) for name in names}
    total = v.holdings("alice")
    moves = v.rebalance("alice", market)
    assert v.holdings("alice") == total
    for name in {move.source for move in moves}:
        assert v.standing(name, market).opening >= 0
    for name in {move.target for move in moves}:
        assert v.standing(name, market).maintenance > before[name].maintenance


def test_splitting_an_account_gains_nothing_when_holders_are_pooled() -> None:
    tiered = CollateralRules({"ETH": Collateral(*[TieredHaircut.of([(0, WAD), (10**18, WAD // 2)])] * 2)})
    for pooled, expected in ((False, 4000 * WAD), (True, 3000 * WAD)):
        state = State()
        state.ledger.open(Account("world", Kind.ISSUER))
        v = MultiVault(state, "v", tiered, pool_holders=pooled)
        accounts = [v.account("alice", sub) for sub in "01"]
        for account in accounts:
            v.deposit("world", account, "ETH", 10**18)
        assert sum(v.standing(account, MARKET).opening for account in accounts) == expected


def test_names_cannot_reach_into_another_holders_accounts() -> None:
    v = vault()
    v.account("alice")
    for holder, sub in (("alice/0", "1"), ("alice", "0/1"), ("", "0"), ("alice", "")):
        with pytest.raises(UnknownAccountError):
            v.account(holder, sub)
    assert v.accounts("alice") == ["v:alice/0"]


def test_accounts_of_the_vault_neither_pay_deposits_nor_receive_withdrawals() -> None:
    """Else a sub-account could be left with a debt that nobody checked, or above a cap."""
    v = vault()
    one, other = v.account("alice", "1"), v.account("alice", "2")
    v.deposit("world", one, "ETH", 10**18)
    for payer in (one, v.lenders):
        with pytest.raises(EligibilityError):
            v.deposit(payer, other, "USD", 10**9)
    with pytest.raises(EligibilityError):
        v.withdraw(one, other, "ETH", 1, MARKET)
    assert v.state.ledger.balances(other) == {}


def test_a_debt_that_is_no_collateral_can_be_repaid_to_the_unit() -> None:
    state = State()
    state.ledger.open(Account("world", Kind.ISSUER))
    v = MultiVault(state, "v", CollateralRules({"ETH": Collateral(*flat(75, 80))}))
    state.ledger.post("world", v.lenders, "USD", 10**13)
    account = v.account("alice")
    v.deposit("world", account, "ETH", 10**18)
    v.withdraw(account, "world", "USD", 500, MARKET)
    with pytest.raises(EligibilityError):
        v.deposit("world", account, "USD", 501)
    v.deposit("world", account, "USD", 500)
    assert v.standing(account, MARKET).debt == 0


def test_collateral_is_rounded_down_and_debt_up() -> None:
    cents = MarketState({"USD": Price(1, 6), "ETH": Price(1, 6)}, {"USD": 6, "ETH": 18}, scale=6)
    standing = RULES.standing({"ETH": 3 * 10**17, "USD": -1}, cents)
    assert (standing.debt, standing.equity, standing.opening) == (1, -1, -1)


def test_a_group_does_not_lift_the_cap_of_an_asset() -> None:
    v = vault()
    account = v.account("alice")
    v.join(account, "ether", MARKET)
    with pytest.raises(CapExceededError):
        v.deposit("world", account, "ETH", 10**24 + 1)


def test_an_exchange_rate_asset_of_a_group_alone_is_capped_too() -> None:
    wrapped = Collateral(FULL, FULL, underlying="ETH", growth=GrowthCap(WAD, 0, WAD // 10))
    rules = CollateralRules({}, {"ether": Group("ether", {"wstETH": wrapped}, frozenset({"ETH"}))})
    assert rules.believed(MARKET, {"wstETH": 5 * WAD}, YEAR).price("wstETH").exact == 2200


# Queues


def test_queue_serves_in_order_within_the_gate() -> None:
    queue = WithdrawalQueue(Gate(delay=10, window=100, most=50))
    queue = queue.ask("a", 30, 0).ask("b", 40, 5).ask("c", 10, 195)
    with pytest.raises(GateClosedError):
        queue.serve(9, lambda shares: shares)
    queue, served = queue.serve(20, lambda shares: shares)
    assert [(r.account, r.shares) for r in served] == [("a", 30), ("b", 20)]
    queue, served = queue.serve(99, lambda shares: shares)
    assert served == ()
    queue, served = queue.serve(200, lambda shares: shares)
    assert [(r.account, r.shares) for r in served] == [("b", 20)]
    queue, back = queue.cancel("c")
    assert (back, queue.shares) == (10, 0)


def test_a_period_is_used_up_once_and_the_unripe_wait() -> None:
    queue = WithdrawalQueue(Gate(delay=10, window=100, most=50)).ask("a", 30, 0).ask("b", 40, 15)
    queue, served = queue.serve(20, lambda shares: 99)
    assert [(r.account, r.shares) for r in served] == [("a", 30)]
    assert queue.room(24) == 20
    queue, served = queue.serve(25, lambda shares: shares)
    assert [(r.account, r.shares) for r in served] == [("b", 20)]
    assert queue.room(99) == 0
    queue, served = queue.serve(99, lambda shares: shares)
    assert served == ()
    assert queue.room(100) == 50


def test_a_closed_gate_serves_nobody() -> None:
    queue = WithdrawalQueue(Gate(closed=True)).ask("a", 1, 0)
    with pytest.raises(GateClosedError):
        queue.serve(1000, lambda shares: shares)


asks = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, MAX_UNITS)), max_size=8)


@given(asks, st.lists(st.integers(0, MAX_UNITS), max_size=6), st.integers(0, MAX_UNITS))
def test_a_queue_neither_loses_nor_makes_shares(
    requests: list[tuple[str, int]], cash: list[int], most: int
) -> None:
    queue = WithdrawalQueue(Gate(window=10, most=most))
    for account, shares in requests:
        queue = queue.ask(account, shares, 0)
    asked, served = queue.shares, 0
    for period, limit in enumerate(cash):
        queue, done = queue.serve(period * 10, lambda shares, limit=limit: min(shares, limit))
        served += sum(request.shares for request in done)
        assert sum(request.shares for request in done) <= min(most, limit)
    assert served + queue.shares == asked


def test_a_giver_keeps_his_opening_requirement() -> None:
    """At 1,700 the poor account lacks 0.103 ETH; the rich one has 80 / 1,275 = 0.063 to give."""
    v = vault()
    rich, poor = v.account("alice", "rich"), v.account("alice", "poor")
    v.deposit("world", rich, "ETH", 32 * 10**17)
    v.deposit("world", poor, "ETH", 10**18)
    v.withdraw(rich, "world", "USD", 4_000 * 10**6, MARKET)
    v.withdraw(poor, "world", "USD", 1_500 * 10**6, MARKET)
    fallen = priced(ETH=1700)
    (move,) = v.rebalance("alice", fallen)
    # A unit stays because counted units are rounded down.
    assert move.units == 80 * 10**18 // 1275 - 1
    assert v.standing(rich, fallen).opening >= 0 > v.standing(poor, fallen).maintenance


def test_beside_an_isolated_asset_nothing_else_counts() -> None:
    standing = RULES.standing({"NEW": 10**21, "ETH": 10**18, "USD": -1}, MARKET)
    assert standing.opening == 500 * WAD - standing.debt
