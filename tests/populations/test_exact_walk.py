"""A population beside the exact rule, account by account and step by step."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from population_files import FILES
from protocol.margin.book.book import Book
from protocol.market_state import Price
from scenarios.files.protocol import ProtocolFile
from scenarios.populations.draw import draw_book
from scenarios.populations.outcome import OpenBook, Terms, liquidate
from scenarios.populations.task import PopulationTask, outside_prices
from scenarios.simulation.market import draw_paths, seed_of
from scenarios.simulation.simulation import Simulation


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
