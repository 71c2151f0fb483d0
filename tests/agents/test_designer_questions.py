"""A designer's questions whose answer is known in advance."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from protocol_texts import changed, lending, read
from scenarios.attackers.attacker import AttackResult
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.attack import optimise
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation

PUMPS = (10_000, 100_000, 1_000_000, 4_000_000, 20_000_000)
DEPOSITS = (1_000, 30_000, 300_000, 3_000_000)


def executed(file: ProtocolFile, name: str, **values: object) -> AttackResult:
    strategy = file.attacks[name]
    chosen = strategy.at({key: Decimal(str(value)) for key, value in values.items()})
    return chosen.execute(open_simulation(file, seed_of(file), 0))


def flash_loan_file(cap: int | None) -> ProtocolFile:
    data = lending(
        attacks={
            "flash": {
                "type": "flash-loan-manipulation",
                "venue": "pair",
                "collateral": "ETH",
                "quote": "USDC",
                "borrow": ["USDC"],
                "pump": 1000000,
                "deposit": 100000,
            }
        }
    )
    if cap is not None:
        data["listings"]["USDC"]["borrow_cap"] = cap
    return read(data)


@pytest.mark.parametrize("result", ["grid", "search"])
def test_raising_a_borrow_cap_never_lowers_the_optimum(result: str) -> None:
    optima = []
    for cap in (0, 50_000, 400_000, 1_500_000, None):
        file = flash_loan_file(cap)
        if result == "grid":
            best = max(
                executed(file, "flash", pump=pump, deposit=deposit).profit
                for pump in PUMPS
                for deposit in DEPOSITS
            )
            optima.append(best)
        else:
            optima.append(optimise(file, "flash", generations=8, population=6).best.profit)
    slack = Fraction(1, 1000) if result == "search" else Fraction(0)
    for lower, higher in pairwise(optima):
        assert higher >= lower - abs(lower) * slack
    assert optima[-1] > 500_000
    assert optima[0] <= 0


def test_lower_median_kills_two_bad_samples_in_four() -> None:
    published = executed(changed("four-samples"), "two samples")
    assert published.profit > 10_000_000
    answer = {"type": "median", "even": "lower", "parents": ["newest", "second", "third", "fourth"]}
    file = changed("four-samples", oracle__nodes__answer=answer)
    best = optimise(file, "two samples", generations=8, population=6)
    assert not best.pays
    assert best.best.bad_debt == 0
    # The upper median of two bad and two good samples is a bad one: the even-count rule alone decides.
    upper = changed("four-samples", oracle__nodes__answer=answer | {"even": "upper"})
    assert executed(upper, "two samples").profit == published.profit


def test_third_bad_sample_buys_the_lower_median_back() -> None:
    answer = {"type": "median", "even": "lower", "parents": ["newest", "second", "third", "fourth"]}
    file = changed("four-samples", oracle__nodes__answer=answer)
    strategy = file.attacks["two samples"].model_copy(update={"samples": 3})
    assert strategy.execute(open_simulation(file, seed_of(file), 0)).profit > 10_000_000


def test_true_thirty_minute_average_kills_the_open_one() -> None:
    published = executed(changed("open-twap"), "pump")
    assert published.profit > 1_000_000
    closed = changed("open-twap", oracle__nodes__average__anyone_may_update=False)
    assert executed(closed, "pump").profit < 0
    best = optimise(closed, "pump", generations=6, population=6)
    # What is left is borrowing at the honest price, which earns nothing.
    assert best.best.profit < published.profit / 50


def test_position_limit_kills_the_thin_perpetual() -> None:
    file = changed("thin-perpetual")
    assert executed(file, "pump").profit > 50_000_000
    best = optimise(_limited(100_000), "pump", generations=6, population=6)
    assert not best.pays
    profits = [
        executed(_limited(limit), "pump").profit for limit in (100_000, 1_000_000, 10_000_000, 500_000_000)
    ]
    assert profits == sorted(profits)


def _limited(limit: int) -> ProtocolFile:
    data = changed("thin-perpetual")
    market = data.perpetuals["MNGO-PERP"].model_copy(update={"position_limit": Decimal(limit)})
    return data.model_copy(update={"perpetuals": {"MNGO-PERP": market}})


def test_shares_that_cannot_be_borrowed_end_the_donation() -> None:
    assert executed(changed("donated-rate"), "donation").profit > 50_000_000
    closed = changed("donated-rate", listings__yUSD__borrowable=False)
    for loops in (0, 1, 5):
        assert executed(closed, "donation", loops=loops).profit < 0


def test_self_liquidation_pays_only_beyond_the_threshold_and_bonus() -> None:
    # Limit 0.8: one unit of collateral carries a debt of 0.8. After a fall f the bonus b makes the account
    # worth less than nothing once (1 - f) < 0.8 (1 + b), that is f > 1 - 0.8 * 1.05 = 0.16.
    file = changed("lending-crash", agents={}, insurance_fund={})
    small = executed(file, "own liquidation", fall="0.10", deposit=1_000_000)
    assert small.profit == 0
    below = executed(file, "own liquidation", fall="0.15", deposit=1_000_000)
    assert below.profit == 0
    beyond = executed(file, "own liquidation", fall="0.25", deposit=1_000_000)
    # Collateral of 750,000 repays 750,000 / 1.05 of the debt of 800,000; what is left is others' loss.
    assert float(beyond.profit) == pytest.approx(800_000 - 750_000 / 1.05, abs=1)
    assert beyond.paid_by["depositors"] == -beyond.profit


def test_stale_feed_pays_by_the_staleness_and_not_when_fresh() -> None:
    attack = {
        "type": "stale-feed",
        "collateral": "ETH",
        "borrow": ["USDC"],
        "fall": "0.5",
        "deposit": 500000,
    }
    nodes = {
        "dollar": {"type": "constant", "price": 1},
        "feed": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
    }
    prices = {"ETH": "feed", "USDC": "dollar"}
    data = lending(oracle={"nodes": nodes, "prices": prices}, attacks={"stale": attack})
    stale = executed(read(data), "stale")
    # 500,000 of collateral counts 1,000,000 and borrows 800,000.
    assert float(stale.profit) == pytest.approx(300_000, abs=1)
    data["agents"] = {"feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"}}
    data["attacks"]["stale"]["delay"] = 12
    assert executed(read(data), "stale").profit == 0


def test_hunting_pays_on_a_spot_oracle_with_deep_positions_near_their_limit() -> None:
    data = lending(
        accounts={"victim": {"balances": {"ETH": 1000, "USDC": -1550000}}},
        attacks={
            "hunt": {
                "type": "liquidation-hunting",
                "venue": "pair",
                "collateral": "ETH",
                "quote": "USDC",
                "debt": "USDC",
                "push": 60000,
                "purse_size": 2000000,
            }
        },
    )
    file = read(data)
    result = executed(file, "hunt")
    assert not result.refused
    assert result.profit > 0
    assert result.paid_by["victim"] < 0
    # An oracle that does not look at the pool leaves nothing to hunt.
    data["oracle"]["nodes"]["spot"] = {"type": "constant", "price": 2000}
    assert executed(read(data), "hunt").profit <= 0


@pytest.mark.parametrize(
    ("name", "attack"),
    [
        ("four-samples", "two samples"),
        ("open-twap", "pump"),
        ("thin-perpetual", "pump"),
        ("donated-rate", "donation"),
        ("lending-crash", "own liquidation"),
        ("jelly", "dump on the vault"),
        ("governance-listing", "listing"),
    ],
)
def test_profit_and_who_paid_add_up_to_zero(name: str, attack: str) -> None:
    file = changed(name)
    game = open_simulation(file, seed_of(file), 0)
    state = dict(game.world.state.values)
    result = file.attacks[attack].execute(game)
    assert result.profit + sum(result.paid_by.values()) == 0
    assert game.world.state.values == state, "a what-if leaves no trace"
    game.world.state.ledger.assert_conserved("afterwards")
