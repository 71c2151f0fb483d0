"""Interest, funding and marks: closed forms, conservation to the unit, and marks that funding holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import exp, sqrt
from statistics import mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InsufficientLiquidityError
from protocol.venues.virtual_amm import VirtualAmm
from protocol_texts import changed, lending, read
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_carry import FundingFile
from scenarios.simulation.carry.funding import clamped_rate, settle_funding, velocity_rate
from scenarios.simulation.carry.trading import index_of, mark_of, trade_on_venue
from scenarios.simulation.market import seed_of
from scenarios.simulation.names import DEPOSITORS, FUND, RESERVES
from scenarios.simulation.run import open_simulation, run_path
from scenarios.simulation.simulation import Simulation
from scenarios.world import World

YEAR = 31_536_000
PERP = "ETH-PERP"


def opened(file: ProtocolFile, run: int = 0) -> Simulation:
    return open_simulation(file, seed_of(file), run)


# Interest


def lent(debt: int, cash: int, interest: dict[str, Any], **more: Any) -> ProtocolFile:
    listings = {
        "ETH": {"collateral_factor": "0.8", "borrowable": False},
        "USDC": {"cash": cash + debt, "interest": interest},
    }
    accounts = {"debtor": {"balances": {"ETH": 10 * debt // 2000, "USDC": -debt}}}
    return read(lending(accounts=accounts, listings=listings, **more))


@pytest.mark.parametrize("rate", ["0.05", "0.5"])
def test_debt_grows_as_the_exponential(rate: str) -> None:
    file = lent(1_000_000, 1_000_000, {"base": rate})
    game = opened(file)
    for _ in range(365):
        game.advance(86_400)
    debt = -game.protocol.balances("debtor")["USDC"] / 10**6
    # Three terms of the series a day, a yearly rate cut to whole wei a second: both below one in a million.
    assert debt == pytest.approx(1_000_000 * exp(float(rate)), rel=1e-6)
    lenders = game.world.balance(DEPOSITORS, "USDC") / 10**6
    assert lenders == pytest.approx(2_000_000 + debt - 1_000_000, abs=0.001)


@pytest.mark.parametrize(
    ("interest", "debt", "cash", "yearly"),
    [
        # base + slope * U below the kink; + steep * (U - kink) beyond it
        ({"base": "0.02", "slope": "0.1", "kink": "0.8", "steep": 2}, 500, 500, 0.02 + 0.05),
        ({"base": "0.02", "slope": "0.1", "kink": "0.8", "steep": 2}, 900, 100, 0.02 + 0.08 + 0.2),
        # Published: 5 % up to 0.8, then 4.75 per unit.
        ({"model": "hyperliquid"}, 700, 300, 0.05),
        ({"model": "hyperliquid"}, 900, 100, 0.05 + 4.75 * 0.1),
        # Published: 4 % at the target of 0.9 at first; a quarter of it at utilisation 0, four times at 1.
        ({"model": "morpho"}, 900, 100, 0.04),
        ({"model": "morpho"}, 1000, 0, 0.16),
    ],
)
def test_rates_are_those_of_the_models(interest: dict[str, Any], debt: int, cash: int, yearly: float) -> None:
    game = opened(lent(debt * 1000, cash * 1000, interest))
    game.advance(60)
    (event,) = (e for e in game.events if e.kind == "interest")
    assert float(Decimal(str(event.details["yearly_rate"]))) == pytest.approx(yearly, rel=1e-6)


@given(
    st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 10**6), st.sampled_from(["0", "0.1", "0.99"])
)
def test_what_debtors_pay_lenders_and_reserves_get(debt: int, cash: int, seconds: int, kept: str) -> None:
    game = opened(lent(debt, cash, {"base": "0.3", "slope": "0.3", "reserve_factor": kept}))
    book = game.world.state.ledger
    names = ("protocol:debtor", DEPOSITORS, RESERVES)
    before = [book.balance(name, "USDC") for name in names]
    game.advance(seconds)
    moved = [book.balance(name, "USDC") - old for name, old in zip(names, before, strict=True)]
    assert sum(moved) == 0
    assert moved[0] < 0 <= min(moved[1:])
    # Rounding is the reserves': less than a unit each for the factor and the lender.
    assert abs(moved[2] + moved[0] * Fraction(kept)) < 2
    game.world.state.ledger.assert_conserved("interest")


def test_interest_alone_makes_an_account_short() -> None:
    interest = {"base": "10"}
    listings = {
        "ETH": {"collateral_factor": "0.8", "borrowable": False},
        "USDC": {"cash": 3_000_000, "interest": interest},
    }
    accounts = {"debtor": {"balances": {"ETH": 100, "USDC": -159_000}}}
    agents = {"keeper": {"type": "keeper", "funds": {"USDC": 1_000_000}}}
    run = {"steps": 10, "step_seconds": 3600}
    costly = run_path(read(lending(accounts=accounts, listings=listings, agents=agents, run=run)))
    assert costly.metrics.liquidations
    del listings["USDC"]["interest"]
    assert not run_path(
        read(lending(accounts=accounts, listings=listings, agents=agents, run=run))
    ).metrics.liquidations


# Funding


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        ("0", "0.0001"),  # interest 0.01 % per eight hours, within the clamp of 0.05 %
        ("0.0003", "0.0001"),
        ("0.01", "0.0095"),  # P + clamp(I - P) = 1 % - 0.05 %
        ("-0.01", "-0.0095"),
        ("0.5", "0.32"),  # 4 % an hour
    ],
)
def test_clamped_rates_are_the_published_ones(premium: str, rate: str) -> None:
    index = Fraction(2000)
    found = clamped_rate(FundingFile(), index * (1 + Fraction(premium)), index, 28_800)
    assert float(found) == pytest.approx(float(rate), rel=1e-9)


def test_velocity_adds_up_over_a_day() -> None:
    entry = FundingFile(rule="velocity", skew_scale=Decimal(100), greatest_velocity=Decimal(9))
    paid, daily = velocity_rate(entry, Fraction(50), 0, 86_400)
    # Half of the full skew for a day: the rate ends at 4.5 a day, its mean was 2.25.
    assert daily == 45 * 10**17
    assert paid == Fraction(9, 4)


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12),
    st.fractions(-1, 1, max_denominator=10**9),
)
def test_funding_paid_is_funding_received(sizes: list[int], rate: Fraction) -> None:
    world = World({"USDC": 6})
    names = [world.margin_account("protocol", f"a{place}") for place in range(len(sizes) + 1)]
    world.margin_account("protocol", "insurance fund")
    positions = dict(zip(names, (*sizes, -sum(sizes)), strict=True))
    done = settle_funding(world, "P", "USDC", positions, Fraction(2000, 100), rate)
    paid = sum(-min(world.balance(name, "USDC"), 0) for name in names)
    received = sum(max(world.balance(name, "USDC"), 0) for name in names)
    assert paid == done.paid == received + done.rounding
    assert world.balance(FUND, "USDC") == done.rounding
    assert 0 <= done.rounding <= len(names)


def test_a_long_pays_the_premium_of_eight_hours() -> None:
    file = changed("funding-squeeze", agents={}, attacks={})
    game = opened(file)
    for owner in ("long", "short"):
        game.world.wallet(owner)
        game.world.fund(owner, "USDC", 10**12)
        with game.transaction("deposit"):
            game.protocol.deposit(owner, "USDC", 10**12)
    with game.transaction("open"):
        trade_on_venue(game.protocol, "long", PERP, 100 * 10**8)
    index, mark = index_of(game.protocol, PERP), mark_of(game.protocol, PERP)
    assert index is not None
    assert mark is not None
    before = game.protocol.balances("long")["USDC"]
    game.advance(28_800)
    above = mark / index - 1
    # x y = k at 5,000: buying 100 lifts the price by 1 / (1 - 0.02)^2.
    assert float(mark) == pytest.approx(2000 / 0.98**2, rel=1e-9)
    paid = (before - game.protocol.balances("long")["USDC"]) / 10**6
    assert paid == pytest.approx(100 * 2000 * float(above - Fraction(5, 10_000)), rel=1e-6)


def mean_gap(file: ProtocolFile, run: int) -> float:
    """Return the mean of |mark / index - 1| over a run's steps."""
    result = run_path(file, run=run)
    marks, indices = (
        next(line.values for line in result.series if line.name == name) for name in ("mark", "index")
    )
    gaps = [
        abs(float(mark / index) - 1) for mark, index in zip(marks, indices, strict=True) if mark and index
    ]
    assert len(gaps) == file.run.steps + 1
    funded = any(event.kind == "funding" for event in result.events)
    assert funded == (file.perpetuals[PERP].funding is not None)
    assert sum(result.gains.values()) == pytest.approx(0, abs=Decimal("0.1"))
    return mean(gaps)


def test_funding_keeps_the_mark_near_the_index() -> None:
    runs, length = range(8), {"steps": 72, "step_seconds": 3600, "seed": 4}
    paid = [mean_gap(changed("funding-squeeze", run=length), run) for run in runs]
    free = [
        mean_gap(changed("funding-squeeze", run=length, **{f"perpetuals__{PERP}__funding": None}), run)
        for run in runs
    ]
    # The basis trader asks 20 % a year, that is 0.018 % per eight hours, and funding pulls once the premium
    # is 0.05 % off: the gap stays near the sum. 3.5: the 99 % point of Student's t, 7 degrees of freedom.
    bound = 0.2 / (365 * 3) + 0.0005
    assert mean(paid) + 3.5 * stdev(paid) / sqrt(len(paid)) < 1.3 * bound
    saved = [without - with_it for with_it, without in zip(paid, free, strict=True)]
    assert mean(saved) - 3.5 * stdev(saved) / sqrt(len(saved)) > 10 * bound


# Markets of perpetuals


@given(st.integers(10**3, 10**15), st.integers(10**3, 10**15), st.integers(0, 10**15))
def test_virtual_trades_never_shrink_the_product(base: int, quote: int, units: int) -> None:
    amm = VirtualAmm(base, quote)
    if units >= base:
        with pytest.raises(InsufficientLiquidityError):
            amm.buy(units)
        return
    cost, after = amm.buy(units)
    assert after.base * after.quote >= base * quote
    assert (after.quote - 1) * after.base < base * quote or not units
    back, last = after.sell(units)
    assert back <= cost
    assert last.base == base
    assert last.quote >= quote


def test_skew_moves_the_mark_in_proportion() -> None:
    changes = {f"perpetuals__{PERP}__venue": {"type": "skew", "skew_scale": 10_000}}
    game = opened(changed("funding-squeeze", agents={}, attacks={}, **changes))
    game.world.wallet("me")
    game.world.fund("me", "USDC", 10**12)
    with game.transaction("open"):
        game.protocol.deposit("me", "USDC", 10**12)
        cost = trade_on_venue(game.protocol, "me", PERP, 200 * 10**8)
    # The mean of the impacts before (0) and after (200 / 10,000): 1 % above the index.
    assert cost == 200 * 2000 * 10**6 * 101 // 100
    assert mark_of(game.protocol, PERP) == 2000 * Fraction(102, 100)


def test_margin_is_judged_at_the_mark_within_its_cap() -> None:
    for cap, price in (("0.1", 2200), ("0.5", 3000), (None, 2000 / 0.5**2)):
        game = opened(
            changed("funding-squeeze", agents={}, attacks={}, **{f"perpetuals__{PERP}__mark_cap": cap})
        )
        game.protocol.marks.fill(PERP, 2500 * 10**8, Fraction(2000))
        assert float(game.protocol.market().price(PERP).exact) == pytest.approx(price, rel=1e-9)
    judged = {f"perpetuals__{PERP}__mark_cap": None, f"perpetuals__{PERP}__margin_price": "index"}
    game = opened(changed("funding-squeeze", agents={}, attacks={}, **judged))
    game.protocol.marks.fill(PERP, 2500 * 10**8, Fraction(2000))
    assert game.protocol.market().price(PERP).exact == 2000


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({f"perpetuals__{PERP}__venue": None}, "without a market is its index"),
        ({f"perpetuals__{PERP}__margin_price": "index"}, "nothing is capped"),
        ({f"perpetuals__{PERP}__venue": {"type": "virtual-amm"}}, "depth"),
    ],
)
def test_bad_marks_are_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(FileError) as refusal:
        changed("funding-squeeze", **changes)
    assert word in str(refusal.value)
