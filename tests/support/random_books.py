"""Random books of the linear rule, as exact accounts and as arrays."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from math import log10

import numpy as np
from numpy.typing import NDArray

from protocol.fixed_point import WAD
from protocol.margin.book.book import Book
from protocol.margin.book.linear import Coefficients, LinearAccount, Weights, exact_excess

ASSETS, INSTRUMENTS = 5, 9
"""Of the exact books; odd numbers that fill no vector."""
LEAST_PRICE, MOST_PRICE = 10**12, 10**23
"""1e-6 to 100,000 dollars."""
MOST_VALUE = 10**7
"""Dollars of one balance or position."""


@dataclass(frozen=True)
class ExactCase:
    """Accounts with prices and weights, 18 decimals."""

    accounts: list[LinearAccount]
    weights: Weights
    prices: list[int]
    marks: list[int]

    @property
    def coefficients(self) -> Coefficients:
        return Coefficients.of(
            self.weights, [price / WAD for price in self.prices], [mark / WAD for mark in self.marks]
        )

    def gross(self, account: LinearAccount) -> float:
        """Return dollars held, owed and paid, all counted as positive."""
        held = sum(abs(units) * price for units, price in zip(account.balances, self.prices, strict=True))
        open_interest = sum(abs(size) * self.marks[number] for number, size in account.positions)
        return (held + open_interest) / WAD**2 + abs(account.cost) / WAD


def exact_case(seed: int, accounts: int = 300) -> ExactCase:
    rng = random.Random(seed)

    def price() -> int:
        return int(10 ** rng.uniform(log10(LEAST_PRICE), log10(MOST_PRICE)))

    prices, marks = [price() for _ in range(ASSETS)], [price() for _ in range(INSTRUMENTS)]

    def units(at: int) -> int:
        dollars = 10 ** rng.uniform(-6, log10(MOST_VALUE))
        return rng.choice((1, 1, 1, -1)) * int(dollars * WAD * WAD / at)

    weights = Weights(
        tuple(rng.randrange(WAD // 2, WAD + 1) for _ in prices),
        tuple(rng.randrange(WAD, 3 * WAD // 2) for _ in prices),
        tuple(rng.randrange(0, WAD // 4) for _ in marks),
    )
    result = []
    for _ in range(accounts):
        balances = tuple(units(at) if rng.random() < 0.6 else 0 for at in prices)
        chosen = rng.sample(range(INSTRUMENTS), rng.randrange(INSTRUMENTS + 1))
        positions = tuple((number, units(marks[number])) for number in chosen)
        worth = sum(size * marks[number] // WAD for number, size in positions)
        account = LinearAccount(balances, positions, worth + rng.randrange(-(10**20), 10**20))
        if rng.random() < 0.2:
            account = on_the_edge(account, weights, prices, marks, rng.randrange(-3, 4))
        result.append(account)
    return ExactCase(result, weights, prices, marks)


def on_the_edge(
    account: LinearAccount, weights: Weights, prices: list[int], marks: list[int], units: int
) -> LinearAccount:
    """Return the account with its cost moved so that its exact excess is ``units`` of 1e-18 dollars."""
    excess = exact_excess(account, weights, prices, marks)
    return replace(account, cost=account.cost + excess - units)


@dataclass(frozen=True)
class ArrayCase:
    """A book of float64 numbers with its weights and prices (assets, then marks)."""

    book: Book
    weights: Weights
    prices: NDArray[np.float64]
    still: NDArray[np.bool_]

    def coefficients(self, prices: NDArray[np.float64] | None = None) -> Coefficients:
        now = self.prices if prices is None else prices
        return Coefficients.of(self.weights, now[..., : self.book.assets], now[..., self.book.assets :])


def array_case(
    seed: int, accounts: int, assets: int = 8, instruments: int = 16, each: float = 4.0, owed: float = 0.05
) -> ArrayCase:
    """Return accounts entered at the present prices, at leverages between 1 and what liquidates them.

    Asset 0 is cash whose price never moves; asset k has the price of instrument k. Leverage (notional over
    weighted collateral) is lognormal, synthetic and not sourced.
    """
    rng = np.random.default_rng(seed)
    marks = np.exp(rng.normal(3, 2, instruments))
    prices = np.concatenate(([1.0], marks[1:assets], marks))
    rates = np.linspace(0.01, 0.1, instruments)
    haircuts = np.linspace(0, 0.4, assets)
    counts = np.minimum(rng.poisson(each, accounts), instruments)
    starts = np.concatenate(([0], np.cumsum(counts)))
    rank = np.concatenate(
        [
            np.argsort(rng.random((min(65536, accounts - first), instruments)), axis=1).astype(np.uint8)
            for first in range(0, accounts, 65536)
        ]
    )
    held = rank[np.arange(instruments) < counts[:, None]]
    value = np.where(rng.random(len(held)) < 0.65, 1.0, -1.0) * rng.lognormal(7, 1.5, len(held))
    owner = np.repeat(np.arange(accounts), counts)
    notional = np.bincount(owner, np.abs(value), minlength=accounts)
    needed = np.bincount(owner, np.abs(value) * rates[held], minlength=accounts)
    leverage = rng.lognormal(0.9, 0.7, accounts)
    wanted = np.maximum(np.where(counts > 0, notional / leverage, 100.0), needed * 1.02)
    balances = np.zeros((accounts, assets))
    shares = rng.dirichlet(np.full(3, 0.5), accounts)
    for turn in range(3):
        asset = np.zeros(accounts, np.int64) if turn == 0 else rng.integers(1, assets, accounts)
        units = wanted * shares[:, turn] / (prices[asset] * (1 - haircuts[asset]))
        balances[np.arange(accounts), asset] += units
    in_debt = np.flatnonzero(rng.random(accounts) < owed)
    debt = 0.3 * wanted[in_debt]
    asset = rng.integers(1, assets, len(in_debt))
    balances[in_debt, asset] -= debt / (prices[asset] * 1.1)
    balances[in_debt, 0] += debt * 1.05
    weights = Weights.from_haircuts(haircuts.tolist(), rates.tolist(), [0.1] * assets)
    costs = np.bincount(owner, value, minlength=accounts)
    book = Book.of(instruments, balances, starts, held, value / marks[held], costs)
    still = np.zeros(assets + instruments, dtype=np.bool_)
    still[0] = True
    return ArrayCase(book, weights, prices, still)


def price_path(
    case: ArrayCase, ticks: int, volatility: float, seed: int, crash: float = 0.0
) -> NDArray[np.float64]:
    """Return [ticks, prices] of correlated steps; in the middle tenth all prices fall by ``crash`` in all."""
    rng = np.random.default_rng(seed)
    assets = case.book.assets
    count = case.book.instruments
    steps = np.sqrt(0.6) * rng.normal(size=(ticks, 1)) + np.sqrt(0.4) * rng.normal(size=(ticks, count))
    steps *= volatility
    steps[ticks // 2 : ticks // 2 + ticks // 10] += np.log1p(-crash) / max(ticks // 10, 1)
    marks = case.prices[assets:] * np.exp(np.cumsum(steps, axis=0))
    return np.concatenate((np.ones((ticks, 1)), marks[:, 1:assets], marks), axis=1)
