"""Accounts drawn from a file's distributions: every number belongs to its account and to nothing else.

Size is lognormal, leverage uniform, both joined by a Gaussian copula; shares of assets and markets are
exponential draws times their weights, divided by their sum. Bytes are the same on every processor, as those
of market paths are, and the first n accounts of a larger population are those of a smaller one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from protocol.margin.book.book import Book
from protocol.margin.book.linear import Weights
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_population import PopulationFile
from scenarios.markets import elementary
from scenarios.markets.arithmetic import Arithmetic, arithmetic
from scenarios.markets.elementary import Floats
from scenarios.populations.linear import linear_weights
from scenarios.seeds import Purpose, Seed, scenario_hash

PART = 65_536
"""Accounts drawn at a time: the generator's temporaries stay small."""
BELOW_LIMIT = 1 - 1e-9
"""Leverage is cut to this part of what initial margin permits, so that no rounding fails it at the start."""
NORMALS, COLLATERAL, EXPOSURE, SIDES = range(4)


def draw_book(file: ProtocolFile) -> Book:
    """Return the accounts of the file's population; assets are its listings, instruments its perpetuals."""
    population = file.population
    assert population is not None
    key = Seed(population.seed, scenario_hash("population")).key()
    draw = _Draw(file, population, linear_weights(file, initial=True), key, arithmetic(fast=False))
    count = population.accounts
    parts = [draw.some(range(first, min(first + PART, count))) for first in range(0, count, PART)]
    return Book.join(parts)


@dataclass(frozen=True, slots=True)
class _Draw:
    file: ProtocolFile
    population: PopulationFile
    initial: Weights
    key: tuple[int, int]
    numbers: Arithmetic

    def some(self, accounts: range) -> Book:
        """Return a range of the accounts."""
        population, listings = self.population, list(self.file.listings)
        markets = list(self.file.perpetuals)
        value, leverage = self._size_and_leverage(accounts)
        balances = np.zeros((len(accounts), len(listings)))
        power, limits = np.zeros(len(accounts)), self.initial.floats[0]
        for asset, share in self._shares(COLLATERAL, list(population.collateral.values()), accounts):
            name = list(population.collateral)[asset]
            place = listings.index(name)
            worth = value * share
            balances[:, place] = worth / float(self.file.price(name))
            power = power + worth * limits[place]
        names = [*population.debt, *population.positions]
        weights = [*population.debt.values(), *population.positions.values()]
        shares = list(self._shares(EXPOSURE, weights, accounts))
        needed = np.zeros(len(accounts))
        for index, share in shares:
            needed = needed + share * self._need(names[index])
        exposure = np.minimum(value * leverage, BELOW_LIMIT * power / needed)
        sides = self.numbers.uniforms(
            self.key, accounts, SIDES, Purpose.POPULATION, max(len(population.positions), 1)
        )
        sizes = np.empty((len(accounts), len(population.positions)))
        costs = np.zeros(len(accounts))
        for index, share in shares:
            amount = exposure * share
            if index < len(population.debt):
                balances[:, listings.index(names[index])] = -amount / float(self.file.price(names[index]))
                continue
            column = index - len(population.debt)
            signed = np.where(sides[column] < float(population.long), amount, -amount)
            mark = float(self.file.price(self.file.perpetuals[names[index]].underlying))
            sizes[:, column] = signed / mark
            costs = costs + sizes[:, column] * mark
        held = [markets.index(name) for name in population.positions]
        starts = np.arange(len(accounts) + 1) * len(held)
        return Book.of(
            len(markets),
            balances,
            starts,
            np.tile(np.array(held, np.int64), len(accounts)),
            sizes.ravel(),
            costs,
        )

    def _need(self, name: str) -> float:
        """Return the initial margin per unit of debt or notional."""
        if name in self.population.debt:
            return 1.0
        return self.initial.rates[list(self.file.perpetuals).index(name)] / 10**18

    def _size_and_leverage(self, accounts: range) -> tuple[Floats, Floats]:
        population = self.population
        first, second = self.numbers.normals(self.key, accounts, NORMALS, Purpose.POPULATION, 2)
        spread = float(population.log_deviation)
        value = float(population.median_value) * self.numbers.exponential(spread * first)
        rho = float(population.size_and_leverage)
        both = rho * first + math.sqrt(1.0 - rho * rho) * second
        low, high = float(population.lowest_leverage), float(population.highest_leverage)
        return value, low + (high - low) * normal_cdf(both)

    def _shares(self, step: int, weights: Sequence[object], accounts: range) -> Iterator[tuple[int, Floats]]:
        """Yield each share of an account's total by its index; one entry alone is all of it."""
        drawn = self.numbers.uniforms(self.key, accounts, step, Purpose.POPULATION, len(weights))
        parts = [
            float(str(weight)) * (0.0 - self.numbers.logarithm(1.0 - uniform))
            for weight, uniform in zip(weights, drawn, strict=True)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        for index, part in enumerate(parts):
            yield index, part / total


def normal_cdf(x: Floats) -> Floats:
    """Return the standard normal distribution function within 7.5e-8, in operations of fixed order.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17.
    """
    size = np.abs(x)
    t = 1.0 / (1.0 + 0.2316419 * size)
    tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = tail * 0.3989422804014327 * elementary.exponential(-0.5 * (size * size))
    return np.where(x > 0.0, 1.0 - tail, tail)
