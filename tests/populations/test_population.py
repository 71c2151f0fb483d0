"""A book drawn from a file: the draw's law, one digest wherever it runs, and what is refused."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from population_files import FILES, exchange, lending
from scenarios.errors import PopulationError
from scenarios.files.errors import FileError
from scenarios.files.protocol_checks import load_protocol
from scenarios.populations.draw import draw_book, normal_cdf
from scenarios.populations.task import PopulationTask
from scenarios.runs import Study, run_study
from scenarios.simulation.compare import compare
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import run_path
from scenarios.simulation.stress import stress


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
