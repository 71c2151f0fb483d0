"""A book drawn from a file: the draw's law, the exact rule beside it, and one digest wherever it runs."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.margin.book.book import Book
from protocol.market_state import Price
from protocol_texts import changed, read
from scenarios.errors import PopulationError
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import load_protocol
from scenarios.populations.draw import draw_book, normal_cdf
from scenarios.populations.outcome import OpenBook, Terms, liquidate
from scenarios.populations.task import PopulationTask, outside_prices
from scenarios.runs import Study, run_study
from scenarios.simulation.compare import compare
from scenarios.simulation.market import draw_paths, seed_of
from scenarios.simulation.run import run_path
from scenarios.simulation.simulation import Simulation
from scenarios.simulation.stress import stress

SMALL = {"population__accounts": 400, "run__steps": 24, "run__runs": 12}


def lending(**more: object) -> ProtocolFile:
    """Borrowers of two coins against ether and bitcoin."""
    data: dict[str, Any] = {
        "title": "borrowers",
        "assets": {
            "ETH": {"decimals": 18, "price": 2000},
            "BTC": {"decimals": 8, "price": 60000},
            "USDC": {"decimals": 6, "price": 1},
        },
        "oracle": {
            "nodes": {
                "eth": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
                "btc": {"type": "feed", "feed": "BTC/USD", "asset": "BTC"},
                "dollar": {"type": "constant", "price": 1},
            },
            "prices": {"ETH": "eth", "BTC": "btc", "USDC": "dollar"},
        },
        "listings": {
            "ETH": {"collateral_factor": 0.8, "liquidation_threshold": 0.825},
            "BTC": {"collateral_factor": 0.75, "liquidation_threshold": 0.8},
            "USDC": {"cash": 20000000},
        },
        "margin": {"preset": "aave-v3"},
        "liquidation": {"preset": "aave", "bonus": 0.05},
        "insurance_fund": {"USDC": 1000},
        "agents": {
            "eth feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"},
            "btc feed": {"type": "publisher", "feed": "BTC/USD", "asset": "BTC"},
        },
        "population": {
            "accounts": 300,
            "collateral": {"ETH": 2, "BTC": 1},
            "median_value": 50000,
            "debt": {"USDC": 1},
            "lowest_leverage": 0.2,
            "highest_leverage": 0.8,
        },
        "market": {
            "volatility": {"ETH": 1.2, "BTC": 0.9},
            "jumps": [
                {"intensity": 700, "mean": {"ETH": -0.12, "BTC": -0.1}, "deviation": {"ETH": 0.1, "BTC": 0.1}}
            ],
        },
        "run": {"steps": 24, "step_seconds": 3600, "runs": 12, "seed": 4},
    }
    for path, value in more.items():
        *parents, last = path.split("__")
        here = data
        for key in parents:
            here = here[key]
        here[last] = value
    exact: dict[str, Any] = texts(data)
    return read(exact)


def texts(value: Any) -> Any:
    """Return plain data with its fractions as text: files hold no floats."""
    if isinstance(value, dict):
        return {key: texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item) for item in value]
    return str(value) if isinstance(value, float) else value


def exchange(**more: object) -> ProtocolFile:
    """Return the shipped exchange with few accounts."""
    return changed("whole-book", **{name: texts(value) for name, value in (SMALL | more).items()})


FILES = [lending, exchange]


def test_size_leverage_and_their_correlation_follow_their_laws() -> None:
    file = exchange(population__accounts=40_000, population__highest_leverage=8)
    book = draw_book(file)
    prices = np.array([float(file.price(asset)) for asset in file.listings])
    value = book.balances @ prices
    logs = np.log(value)
    n = len(logs)
    # Lognormal of median 2000 and deviation 1.8: four standard errors.
    assert abs(logs.mean() - math.log(2000)) < 4 * 1.8 / math.sqrt(n)
    assert abs(logs.std() - 1.8) < 4 * 1.8 / math.sqrt(2 * n)
    marks = np.array([float(file.price(m.underlying)) for m in file.perpetuals.values()])
    notional = np.abs(book.sizes.reshape(n, 3)) @ marks
    leverage = notional / value
    assert leverage.min() >= 0.5
    assert leverage.max() <= 8 + 1e-9
    assert abs(leverage.mean() - 4.25) < 4 * 7.5 / math.sqrt(12 * n)
    # A Gaussian copula: Spearman's rank correlation is 6 / pi * asin(rho / 2).
    ranks = [np.argsort(np.argsort(x)) for x in (logs, leverage)]
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(6 / math.pi * math.asin(-0.2), abs=4 / math.sqrt(n))
    assert abs((book.sizes > 0).mean() - 0.6) < 4 * math.sqrt(0.24 / (3 * n))


def test_normal_distribution_function() -> None:
    x = np.linspace(-7, 7, 1001)
    exact = [0.5 * math.erfc(-value / math.sqrt(2)) for value in x]
    assert np.abs(normal_cdf(x) - exact).max() < 7.5e-8


@pytest.mark.parametrize("make", FILES)
def test_a_smaller_population_is_the_beginning_of_a_larger_one(make: Any) -> None:
    few, many = draw_book(make(population__accounts=70)), draw_book(make(population__accounts=70_000))
    first = many.select(np.arange(70))
    for name in ("balances", "starts", "held", "sizes", "costs"):
        assert np.array_equal(getattr(few, name), getattr(first, name))


def named(file: ProtocolFile, book: Book) -> tuple[ProtocolFile, Book]:
    """Return the file with the accounts by name, in units of each token, and the book of just those."""
    assets, markets = list(file.listings), list(file.perpetuals)
    accounts: dict[str, Any] = {}
    balances, sizes = book.balances.copy(), book.sizes.copy()
    costs = np.zeros(book.accounts)
    for i in range(book.accounts):
        held: dict[str, Decimal] = {}
        for a, asset in enumerate(assets):
            held[asset] = round(Decimal(float(balances[i, a])), file.assets[asset].decimals)
            balances[i, a] = float(held[asset])
        positions: dict[str, Decimal] = {}
        for k in range(book.starts[i], book.starts[i + 1]):
            market = file.perpetuals[markets[book.held[k]]]
            size = round(Decimal(float(sizes[k])), market.decimals)
            positions[markets[book.held[k]]] = size
            sizes[k] = float(size)
            # The ledger rounds the size of what was paid down to whole units of the settlement asset.
            paid = int(abs(size) * file.price(market.underlying) * 10**6)
            costs[i] += math.copysign(paid / 10**6, size)
        accounts[f"a{i}"] = {
            "balances": {k: str(v) for k, v in held.items() if v},
            "positions": {k: str(v) for k, v in positions.items() if v},
        }
    data = file.model_dump(mode="json")
    del data["population"]
    data["accounts"] = accounts
    rounded = Book.of(book.instruments, balances, book.starts, book.held, sizes, costs)
    return ProtocolFile.model_validate(data), rounded


@pytest.mark.parametrize("make", FILES)
def test_the_exact_rule_fails_the_same_accounts_at_the_same_steps(make: Any) -> None:
    """Every account and step of three paths beside ``Protocol.judge`` in integers: no wrong sign."""
    file = make(population__accounts=60)
    plain, book = named(file, draw_book(file))
    game = Simulation(plain)
    task = PopulationTask(file, seed_of(file))
    opened = OpenBook(book, task.opened.weights, task.opened.terms)
    drawn = draw_paths(file, seed_of(file), range(3))
    assert drawn is not None
    failed = 0
    for run in range(3):
        outside = outside_prices(file, drawn[:, :, run])
        prices = np.stack([outside[name] for name in task.priced], axis=1)
        first = opened.first_failures(prices)
        for step in range(0, file.run.steps, 4):
            now = {asset: Fraction(float(outside[asset][step])) for asset in file.oracle.prices}
            market = game.protocol.market_at({a: Price(int(p * 10**18), 18) for a, p in now.items()})
            for i in range(book.accounts):
                held = game.protocol.balances(f"a{i}")
                excess = game.protocol.rule.judge(held, market).excess / 10**18
                gross = sum(abs(float(market.value_down(a, n))) for a, n in held.items()) / 10**18
                # Before its first failing step an account does not fail; at it, it does.
                if first[i] < 0 or step < first[i]:
                    assert excess > -(1e-6 + 1e-9 * gross)
                if step == first[i]:
                    assert excess < 1e-6 + 1e-9 * gross
        failed += int((first >= 0).sum())
    assert failed > 10


def exactly_liquidated(
    balances: list[Fraction],
    positions: list[tuple[Fraction, Fraction]],
    cost: Fraction,
    prices: list[Fraction],
    terms: Terms,
) -> list[Fraction]:
    """Liquidate one account in fractions, written from the words of the file's documentation."""
    after, bonus = list(balances), Fraction(terms.bonus)
    if positions:
        result = sum((size * mark for size, mark in positions), Fraction(0)) - cost
        penalty = bonus * sum((abs(size) * mark for size, mark in positions), Fraction(0))
        after[terms.settlement] += (result - penalty) / prices[terms.settlement]
    if terms.sell_collateral:
        owned = sum((b * p for b, p in zip(after, prices, strict=True) if b > 0), Fraction(0))
        owed = -sum((b * p for b, p in zip(after, prices, strict=True) if b < 0), Fraction(0))
        taken = min(owned, owed * (1 + bonus))
        for i, b in enumerate(after):
            if b > 0:
                after[i] -= b * taken / owned
            elif b < 0:
                after[i] -= b * (taken / (1 + bonus)) / owed
    return after


@pytest.mark.parametrize("sell", [True, False])
@pytest.mark.parametrize("make", FILES)
def test_a_liquidation_is_that_of_exact_fractions(make: Any, sell: bool) -> None:
    file = make(population__accounts=80, population__sell_collateral=sell)
    task = PopulationTask(file, seed_of(file))
    book, terms = task.opened.book, task.opened.terms
    choose = random.Random(3)
    steps = 5
    base = np.array([float(file.price(asset)) for asset in task.priced])
    moves = np.array([[choose.uniform(0.5, 1.4) for _ in base] for _ in range(steps)])
    for column, asset in enumerate(task.priced):
        moves[:, column] = moves[:, task.priced.index(asset)]  # a market moves with its asset
    prices = base * moves
    when = np.array([choose.randrange(steps) for _ in range(book.accounts)])
    after, _ = liquidate(book, when, prices, prices, terms)
    for i in range(book.accounts):
        at = [Fraction(float(p)) for p in prices[when[i]]]
        held = [
            (Fraction(float(book.sizes[k])), at[book.assets + int(book.held[k])])
            for k in range(book.starts[i], book.starts[i + 1])
        ]
        balances = [Fraction(float(b)) for b in book.balances[i]]
        exact = exactly_liquidated(balances, held, Fraction(float(book.costs[i])), at[: book.assets], terms)
        gross = sum(abs(b * p) for b, p in zip(balances, at[: book.assets], strict=True))
        gross += sum(abs(size * mark) for size, mark in held)
        for a, units in enumerate(exact):
            assert abs(float(units * at[a]) - after[i, a] * prices[when[i], a]) < 1e-6 + 1e-9 * float(gross)


@pytest.mark.parametrize("make", FILES)
def test_an_outcome_is_that_of_a_walk_step_by_step(make: Any) -> None:
    """The product over all steps at once beside a loop that marks every account at every step."""
    file = make()
    task = PopulationTask(file, seed_of(file))
    opened, drawn = task.opened, draw_paths(file, seed_of(file), range(12))
    assert drawn is not None
    book, bad = opened.book, 0.0
    owned, owed, long, short = opened.weights.floats
    for run in range(12):
        outcome, last, _ = task.outcome(drawn[:, :, run])
        outside = outside_prices(file, drawn[:, :, run])
        prices = np.stack([outside[name] for name in task.priced], axis=1)
        dense = np.zeros((book.accounts, book.instruments))
        dense[np.repeat(np.arange(book.accounts), np.diff(book.starts)), book.held] = book.sizes
        equity, failed = {}, np.full(book.accounts, -1)
        for step, row in enumerate(prices):
            p, m = row[: book.assets], row[book.assets :]
            counted = (np.maximum(book.balances, 0) * owned - np.maximum(-book.balances, 0) * owed) @ p
            counted += (np.maximum(dense, 0) * long - np.maximum(-dense, 0) * short) @ m - book.costs
            for i in np.flatnonzero((counted < 0) & (failed < 0)):
                failed[i] = step
                after, _ = liquidate(book.select([i]), np.array([step]), prices, prices, opened.terms)
                equity[i] = float(after[0] @ last[: book.assets])
        assert outcome.accounts == (failed >= 0).sum()
        assert outcome.insolvent == sum(value < 0 for value in equity.values())
        lacking = -sum(value for value in equity.values() if value < 0)
        assert outcome.bad_debt == pytest.approx(lacking, rel=1e-9, abs=1e-6)
        rest = np.flatnonzero(failed < 0)
        value = (
            book.balances[rest] @ last[: book.assets] + dense[rest] @ last[book.assets :] - book.costs[rest]
        )
        assert outcome.value == pytest.approx(float(value.sum()) + sum(equity.values()), rel=1e-9)
        bad += lacking
    assert bad > 0


def test_one_digest_for_workers_and_resumption(tmp_path: Path) -> None:
    file = exchange(population__accounts=50)
    one = stress(file)
    assert stress(file, workers=2) == one
    stress(file, runs=5, folder=tmp_path)
    assert stress(file, folder=tmp_path) == one


@pytest.mark.parametrize("make", FILES)
def test_kernels_and_numpy_give_the_same_records(make: Any) -> None:
    file = make()
    rows = list(PopulationTask(file, seed_of(file), fast=False)(range(12)))
    assert rows == list(PopulationTask(file, seed_of(file), fast=True)(range(12)))


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_one_digest_for_four_workers_dask_and_after_kill_9(tmp_path: Path) -> None:
    """``backstop stress`` is killed between two chunks and goes on in its folder."""
    text = (Path(__file__).parents[2] / "scenarios" / "examples" / "whole-book.yaml").read_text()
    path = tmp_path / "book.yaml"
    path.write_text(text.replace("accounts: 1000000", "accounts: 20000").replace("runs: 200", "runs: 3000"))
    file = load_protocol(path)
    one = stress(file)
    assert stress(file, workers=4).digest == one.digest
    task = PopulationTask(file, seed_of(file))
    assert run_study(Study(task, 3000, tmp_path / "dask", "dask", 2)).digest == one.digest
    folder = tmp_path / "kept"
    words = [sys.executable, "-m", "scenarios.cli.main", "stress", str(path), "--folder", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    journal = folder / "journal.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 4:
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert not (folder / "results.jsonl").exists()
    assert stress(file, folder=folder).digest == one.digest


@pytest.mark.long
def test_a_million_accounts_stay_far_below_24_gib() -> None:
    code = (
        "import resource\n"
        "from scenarios.files.protocol_checks import load_protocol\n"
        "from scenarios.simulation.stress import stress\n"
        "print(stress(load_protocol('whole-book'), runs=4).rows[0].accounts_liquidated)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _, peak = map(int, done.stdout.split())
    assert peak * 1024 < 2 * 2**30  # measured: 0.45 GiB


def test_a_slow_feed_leaves_accounts_short_and_a_fund_pays_first() -> None:
    fresh = stress(lending())
    lazy = {"type": "publisher", "feed": "ETH/USD", "asset": "ETH", "deviation": "0.2", "heartbeat": 172800}
    slow = stress(lending(agents={"eth feed": lazy, "btc feed": lazy | {"feed": "BTC/USD", "asset": "BTC"}}))
    assert max(row.oracle_error for row in fresh.rows) == 0
    # What has moved by 20 % is published, so the error stays below 0.2 / 0.8.
    assert 0.15 < max(row.oracle_error for row in slow.rows) < Decimal("0.25")
    assert sum(row.unserved for row in slow.rows) > 0
    assert all(row.unserved == 0 for row in fresh.rows)
    assert any(row.bad_debt > 1000 for row in fresh.rows)
    for row in (*fresh.rows, *slow.rows):
        assert row.insurance_paid == min(row.bad_debt, 1000)
        assert row.insurance_paid + row.socialised == row.bad_debt


def test_shallow_pools_let_liquidations_cause_liquidations() -> None:
    flat = stress(lending())
    deep = stress(lending(population__depth={"ETH": 10**9, "BTC": 10**9}))
    thin = stress(lending(population__depth={"ETH": 2000, "BTC": 60}))
    liquidated = [[row.accounts_liquidated for row in result.rows] for result in (flat, deep, thin)]
    assert liquidated[0] == liquidated[1]
    assert all(a <= b for a, b in zip(*liquidated[1:], strict=True))
    assert sum(liquidated[2]) > sum(liquidated[1])
    assert sum(r.bad_debt for r in thin.rows) > sum(r.bad_debt for r in deep.rows)
    healed = stress(lending(population__depth={"ETH": 2000, "BTC": 60}, population__recovery=0.99))
    assert sum(r.accounts_liquidated for r in healed.rows) <= sum(liquidated[2])


def test_a_higher_threshold_is_compared_on_the_same_accounts_and_paths() -> None:
    listings = {
        "ETH": {"collateral_factor": 0.8, "liquidation_threshold": 0.9},
        "BTC": {"collateral_factor": 0.75, "liquidation_threshold": 0.9},
        "USDC": {"cash": 20000000},
    }
    found = {line.name: line for line in compare(lending(), lending(listings=listings)).lines}
    assert found["accounts liquidated"].difference < 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"population__debt": {"WETH": 1}}, "there is no listing 'WETH'"),
        ({"population__debt": {"ETH": 1}}, "owned and owed"),
        ({"population__debt": {}}, "debt or positions"),
        ({"population__highest_leverage": 0.1}, "below the lowest leverage"),
        ({"population__long": 2}, "no probability"),
        ({"population__size_and_leverage": -2}, "no correlation"),
        ({"population__accounts": 0}, "population.accounts"),
        ({"liquidation": {"preset": "aave"}}, "liquidation.bonus"),
        ({"liquidation": {"preset": "aave", "bonus": 0.05, "close_factor": 0.5}}, "liquidated whole"),
        ({"agents": {}}, "no publisher writes ETH/USD"),
        ({"agents__keeper": {"type": "keeper", "funds": {"USDC": 1}}}, "only publishers"),
        ({"accounts": {"ann": {"balances": {"USDC": 1}}}}, "one of the two"),
    ],
)
def test_what_cannot_be_judged_as_arrays_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(FileError, match=says):
        lending(**change)


def test_tiers_moving_settlement_and_other_rules_are_refused() -> None:
    for change, says in (
        ({"margin": {"preset": "span", "settlement": "USDC"}}, "not linear"),
        ({"market__volatility": {"BTC": 1, "ETH": 1, "SOL": 1, "USDC": 0.1}}, "USDC moves"),
        ({"population__depth": {"USDC": 1}}, "settles in it"),
    ):
        with pytest.raises(FileError, match=says):
            exchange(**change)
    perpetuals = {"BTC-PERP": {"underlying": "BTC", "maximum_leverage": 40}}
    with pytest.raises(FileError, match="tiers by size"):
        exchange(
            margin={"preset": "hyperliquid"}, perpetuals=perpetuals, population__positions={"BTC-PERP": 1}
        )


def test_what_follows_accounts_one_by_one_refuses_a_population() -> None:
    with pytest.raises(PopulationError, match="stress, sweep and compare"):
        run_path(lending())
