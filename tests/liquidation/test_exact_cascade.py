"""Cascades over exact venues: every unit on the ledger, keepers who cannot or will not come."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import InsufficientBalanceError
from protocol.ledger import Account, Kind
from protocol.liquidation.cascade.exact import Cascade, Outlet
from protocol.liquidation.cascade.keepers import Keeper, in_order
from protocol.liquidation.costs import GasMarket, Toll
from protocol.liquidation.machine import Machine
from protocol.liquidation.presets import catalogue
from protocol.liquidation.stages import Stage
from protocol.liquidation.view import Judgement, floor, value
from protocol.liquidation.waterfall import Deficit, Fund, Waterfall
from protocol.market_state import MarketState, Price
from protocol.transaction import State
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.venue import Venue

ETH, USD = "ETH", "USD"
POOL, POOL_ACCOUNT = "pool", "pool account"
DOLLAR = 10**18
THRESHOLD = Fraction(80, 100)


def marks(venues: Mapping[str, Venue], now: int) -> MarketState:
    reserves = venues[POOL].reserves()
    price = reserves[USD] * 10**12 * 10**18 // reserves[ETH]
    return MarketState({ETH: Price(price), USD: Price.of(1)}, {ETH: 18, USD: 6})


def judge(balances: Mapping[str, int], market: MarketState) -> Judgement:
    held = sum((value(market, a, n) for a, n in balances.items() if n > 0), Fraction(0))
    counted = sum((value(market, a, n) * THRESHOLD for a, n in balances.items() if n > 0), Fraction(0))
    owed = -sum((value(market, a, n) for a, n in balances.items() if n < 0), Fraction(0))
    excess = floor(counted - owed)
    return Judgement(floor(held - owed), excess, excess)


def world(
    keepers: tuple[Keeper, ...],
    capital: Mapping[str, int],
    debts: tuple[int, ...],
    *,
    eth_in_pool: int = 1000,
    price: int = 2000,
) -> tuple[Cascade, list[str]]:
    """Accounts with 10 ETH each against ``debts`` (whole dollars), and a pool of ETH and dollars."""
    state = State()
    book = state.ledger
    book.open(Account("world", Kind.ISSUER))
    for name in (POOL_ACCOUNT, "miner", *capital):
        book.open(Account(name))
    for name in ("p:lenders", "p:fund", "p:deficit"):
        book.open(Account(name, Kind.MARGIN, "p"))
    eth, usd = eth_in_pool * 10**18, eth_in_pool * price * 10**6
    book.post("world", POOL_ACCOUNT, ETH, eth)
    book.post("world", POOL_ACCOUNT, USD, usd)
    state.values[POOL] = UniswapV2Pair(ETH, USD, eth, usd)
    for name, dollars in capital.items():
        book.post("world", name, USD, dollars * 10**6)
    book.post("world", "p:lenders", USD, sum(debts) * 10**6)
    book.post("world", "p:fund", USD, 50 * 10**6)
    accounts = []
    for index, debt in enumerate(debts):
        account = f"p:a{index}"
        book.open(Account(account, Kind.MARGIN, "p"))
        book.post("world", account, ETH, 10 * 10**18)
        book.post(account, "world", USD, debt * 10**6, "borrowed")
        accounts.append(account)
    policy = catalogue.aave(Waterfall((Fund("p:fund"), Deficit("p:deficit"))))
    machine = Machine(state, policy, judge, USD)
    return Cascade(machine, marks, {ETH: Outlet(POOL, POOL_ACCOUNT, USD)}, keepers), accounts


def held_by_venue(cascade: Cascade) -> bool:
    venue = cascade.machine.state.values[POOL]
    assert isinstance(venue, UniswapV2Pair)
    return all(cascade.book.balance(POOL_ACCOUNT, a) == n for a, n in venue.reserves().items())


def test_a_liquidation_pushes_others_over_the_edge() -> None:
    """Debts just inside the limit: the first account fails on its own, its sale takes the others with it."""
    ladder = (16_100, 15_800, 15_500, 15_200, 14_900)
    cascade, accounts = world((Keeper("k"),), {"k": 10**6}, ladder, eth_in_pool=300)
    market = marks(cascade.venues(), 0)
    failing = [a for a in accounts if judge(cascade.book.balances(a), market).excess < 0]
    assert failing == accounts[:1]
    blocks = cascade.run(accounts, 0)
    touched = {step.account for block in blocks for _, step in block.steps}
    assert len(touched) > 1
    assert not blocks[-1].steps
    assert not blocks[-1].unserved
    prices = [block.market.price(ETH).exact for block in blocks]
    assert prices == sorted(prices, reverse=True)
    # The fixed point: at the last marks nobody is short.
    for account in accounts:
        assert judge(cascade.book.balances(account), blocks[-1].market).excess >= 0
    cascade.book.assert_conserved("cascade")
    assert held_by_venue(cascade)


def test_a_deep_pool_stops_it_at_the_first() -> None:
    cascade, accounts = world((Keeper("k"),), {"k": 10**6}, (16_100, 15_800), eth_in_pool=10**6)
    blocks = cascade.run(accounts, 0)
    assert {step.account for block in blocks for _, step in block.steps} == {accounts[0]}


def test_without_capital_nobody_is_liquidated() -> None:
    cascade, accounts = world((Keeper("k"),), {"k": 0}, (16_100,))
    (block,) = cascade.run(accounts, 0, most_blocks=1)
    assert block.steps == ()
    assert block.unserved == (accounts[0],)
    assert cascade.machine.case(accounts[0]).stage is Stage.FLAGGED


def test_gas_keeps_keepers_away_until_it_falls() -> None:
    """A gain of 5 % of half the debt is about 400 dollars; at 1,000 dollars of gas nobody comes."""
    keeper = Keeper("k", gas=100 * DOLLAR)
    cascade, accounts = world((keeper,), {"k": 10**6}, (16_100,))
    cascade.gas = GasMarket(USD, "miner", lambda now: Fraction(10 if now < 3600 else 1))
    assert cascade.block(accounts, 0).unserved == (accounts[0],)
    assert cascade.block(accounts, 3599).unserved == (accounts[0],)
    assert cascade.book.balance("miner", USD) == 0
    block = cascade.block(accounts, 3600)
    assert [name for name, _ in block.steps] == ["k"]
    # The gas is a posting like any other: the miner has what the keeper paid.
    assert cascade.book.balance("miner", USD) == 100 * 10**6
    assert block.tolls == (("k", Toll(USD, 100 * 10**6, "miner")),)
    cascade.book.assert_conserved("gas")


def test_a_keeper_counts_the_impact_of_his_own_sale() -> None:
    """The bonus is 5 %; selling 4.2 ETH into 20 costs far more, so nobody comes; into 1,000 he does."""
    for depth, served in ((20, False), (1000, True)):
        cascade, accounts = world((Keeper("k"),), {"k": 10**6}, (16_100,), eth_in_pool=depth)
        before = cascade.book.balance("k", USD)
        block = cascade.block(accounts, 0)
        assert bool(block.steps) is served
        assert (cascade.book.balance("k", USD) > before) is served
        holder = Keeper("k", sells=False)
        cascade, accounts = world((holder,), {"k": 10**6}, (16_100,), eth_in_pool=depth)
        assert cascade.block(accounts, 0).steps


def test_rivals_pay_for_calls_that_come_too_late() -> None:
    """Three want the same account: the highest bid gets it, the others lose a quarter of their gas."""
    late = Fraction(1, 4)
    keepers = (
        Keeper("first", gas=10 * DOLLAR, bid=Fraction(3)),
        Keeper("second", gas=10 * DOLLAR, reverted=late),
        Keeper("broke", gas=10 * DOLLAR, reverted=late),
        Keeper("careful", gas=10 * DOLLAR),
    )
    cascade, accounts = world(keepers, {"first": 10**6, "second": 10**6, "careful": 10**6}, (16_100,))
    cascade.book.open(Account("broke"))
    cascade.gas = GasMarket(USD, "miner")
    block = cascade.block(accounts, 0)
    assert [name for name, _ in block.steps] == ["first"]
    assert {name: toll.units for name, toll in block.tolls} == {"first": 30 * 10**6, "second": 2_500_000}
    assert cascade.book.balance("miner", USD) == 32_500_000
    cascade.book.assert_conserved("gas")


def test_gas_beyond_what_a_bot_was_told_to_pay_keeps_it_away_whatever_the_gain() -> None:
    bot = Keeper("bot", gas=DOLLAR, highest_gas=Fraction(3))
    cascade, accounts = world((bot,), {"bot": 10**6}, (16_100,))
    cascade.gas = GasMarket(USD, "miner", lambda now: Fraction(6))
    assert cascade.block(accounts, 0).unserved == (accounts[0],)


def test_a_caller_pays_the_toll_of_a_step_or_nothing_happens() -> None:
    for dollars, paid in ((10**6, True), (8_050, False)):
        cascade, accounts = world((), {"k": dollars}, (16_100,))
        machine, market = cascade.machine, marks(cascade.venues(), 0)
        toll = Toll(USD, 20 * 10**6, "miner")
        cascade.book.open(Account("miner"))
        if paid:
            step = machine.step(accounts[0], "k", market, 0, toll=toll)
            assert step.toll == toll
        else:
            with pytest.raises(InsufficientBalanceError):
                machine.step(accounts[0], "k", market, 0, toll=toll)
            assert machine.case(accounts[0]).stage is Stage.HEALTHY
        assert cascade.book.balance("miner", USD) == (toll.units if paid else 0)


def test_the_slow_keeper_comes_later_and_the_sleeping_one_never() -> None:
    cascade, accounts = world(
        (Keeper("slow", latency=60), Keeper("asleep", awake=lambda now: False)),
        {"slow": 10**6, "asleep": 10**6},
        (16_100,),
    )
    blocks = cascade.run(accounts, 0)
    first = next(block for block in blocks if block.steps)
    assert first.now == 60
    assert {name for block in blocks for name, _ in block.steps} == {"slow"}


def test_the_highest_bid_goes_first_and_blocks_have_room_for_few() -> None:
    poor, rich = Keeper("poor"), Keeper("rich", bid=Fraction(2), per_block=1)
    assert in_order((poor, rich)) == [rich, poor]
    cascade, accounts = world((poor, rich), {"poor": 10**6, "rich": 10**6}, (16_100, 16_100, 16_100))
    block = cascade.block(accounts, 0)
    assert [name for name, _ in block.steps] == ["rich", "poor", "poor"]


def test_when_keepers_stay_away_the_deficit_grows() -> None:
    """The same fall, with keepers at once and with keepers who come after it: only the second leaves debt."""
    deficits = []
    for latency in (0, 600):
        cascade, accounts = world((Keeper("k", latency=latency),), {"k": 10**7}, (15_900,) * 3)
        book = cascade.book
        book.open(Account("whale"))
        book.post("world", "whale", ETH, 10**22)
        for minute in range(16):
            venue = cascade.machine.state.values[POOL]
            assert isinstance(venue, UniswapV2Pair)
            trade, after = venue.swap(ETH, USD, 25 * 10**18)
            book.post("whale", POOL_ACCOUNT, ETH, trade.amount_in)
            book.post(POOL_ACCOUNT, "whale", USD, trade.amount_out)
            cascade.machine.state.values[POOL] = after
            for _ in range(4):
                cascade.block(accounts, minute * 60)
        cascade.run(accounts, 960)
        book.assert_conserved("slow keepers")
        paid = 50 * 10**6 - book.balance("p:fund", USD)
        deficits.append(paid - book.balance("p:deficit", USD))
    assert deficits[0] == 0
    assert deficits[1] > 0


@given(
    st.lists(st.integers(12_000, 19_000), min_size=1, max_size=6),
    st.integers(20, 5000),
    st.integers(0, 10**5),
    st.integers(0, 30),
)
@settings(max_examples=40, deadline=None)
def test_any_cascade_ends_balanced(debts: list[int], depth: int, capital: int, latency: int) -> None:
    keepers = (Keeper("k", latency=latency), Keeper("l", gas=5 * DOLLAR, per_block=2))
    cascade, accounts = world(keepers, {"k": capital, "l": capital // 2}, tuple(debts), eth_in_pool=depth)
    cascade.gas = GasMarket(USD, "miner")
    blocks = cascade.run(accounts, 0, most_blocks=300)
    cascade.book.assert_conserved("cascade")
    assert cascade.book.balance("miner", USD) == sum(t.units for block in blocks for _, t in block.tolls)
    assert held_by_venue(cascade)
    assert len(blocks) < 300
    assert not blocks[-1].steps


def test_a_keeper_that_fails_leaves_no_trace() -> None:
    cascade, accounts = world((Keeper("k"),), {"k": 100}, (16_100,))
    before = {name: dict(cascade.book.balances(name)) for name in (*accounts, "k", POOL_ACCOUNT)}
    block = cascade.block(accounts, 0)
    assert block.unserved == (accounts[0],)
    assert before == {name: dict(cascade.book.balances(name)) for name in before}
