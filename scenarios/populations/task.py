"""Runs of a whole book as a task: of a population file, or of any book on any market."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from protocol.margin.book.book import Book
from protocol.margin.book.linear import Weights
from scenarios.files.protocol import ProtocolFile
from scenarios.markets.describe import describe
from scenarios.markets.elementary import Floats
from scenarios.markets.market import Market, paths
from scenarios.populations.beliefs import believed, reader_of
from scenarios.populations.draw import draw_book
from scenarios.populations.linear import linear_weights
from scenarios.populations.moving import run_moving
from scenarios.populations.outcome import OpenBook, Outcome, Terms
from scenarios.runs.task import Record
from scenarios.seeds import Seed
from scenarios.simulation.market import draw_paths
from scenarios.simulation.run import Metrics


@dataclass(frozen=True)
class BookTask:
    """Any book on any market: each run is one path, judged at every step.

    Parameters
    ----------
    book, weights, terms
        The accounts, the level that liquidates, and how.
    market
        Of the random prices.
    columns
        For each asset and instrument of the book its asset in the market, or None: a price of one.
    seed
        Master seed and scenario hash (``market_seed``).
    steps
        Of each path.
    fast
        Whether compiled kernels are used; None where they are installed.
    """

    book: Book
    weights: Weights
    terms: Terms
    market: Market
    columns: tuple[str | None, ...]
    seed: Seed
    steps: int
    fast: bool | None = None

    def describe(self) -> Mapping[str, object]:
        """Return the market, the rule and the hash of the book."""
        book, digest = self.book, hashlib.sha256()
        for array in (book.balances, book.starts, book.held, book.sizes, book.costs):
            digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
        return {
            "market": describe(self.market),
            "book": digest.hexdigest(),
            "weights": [list(map(str, part)) for part in (self.weights.owned, self.weights.owed)],
            "rates": list(map(str, self.weights.rates)),
            "terms": describe(self.terms),
            "columns": list(self.columns),
            "steps": self.steps,
        }

    @cached_property
    def opened(self) -> OpenBook:
        """The book made ready."""
        return OpenBook(self.book, self.weights, self.terms, self.fast)

    def __call__(self, runs: range) -> Iterator[Record]:
        """Yield the outcome of each run."""
        drawn = paths(self.market, self.seed, runs, self.steps, self.fast).prices
        names = self.market.assets
        for place in range(len(runs)):
            prices = np.ones((self.steps, len(self.columns)))
            for column, name in enumerate(self.columns):
                if name is not None:
                    prices[:, column] = drawn[:, names.index(name), place]
            outcome = self.opened.run(prices)
            yield {
                "accounts_liquidated": outcome.accounts,
                "liquidated": outcome.traded,
                "bad_debt": outcome.bad_debt,
                "insolvent": outcome.insolvent,
                "value": outcome.value,
            }


@dataclass(frozen=True)
class PopulationTask:
    """Runs of a protocol file with a population, each reduced to the metrics of any stress test.

    Parameters
    ----------
    file
        The checked file.
    seed
        Master seed and hash of the market.
    fast
        Whether compiled kernels are used; None where they are installed.
    """

    file: ProtocolFile
    seed: Seed
    fast: bool | None = None

    def describe(self) -> Mapping[str, object]:
        """Return the whole file; numbers as text, so that none loses a digit."""
        return {"protocol": self.file.model_dump(mode="json")}

    @cached_property
    def opened(self) -> OpenBook:
        """The accounts drawn and made ready; one worker does it once."""
        file, population = self.file, self.file.population
        assert population is not None
        listings = list(file.listings)
        settlement = listings.index(file.margin.settlement) if file.perpetuals else -1
        bonus = file.liquidation.bonus
        assert bonus is not None
        terms = Terms(settlement, float(bonus), population.sell_collateral)
        return OpenBook(draw_book(file), linear_weights(file), terms, self.fast)

    @property
    def priced(self) -> tuple[str, ...]:
        """The asset that prices each column of the book."""
        return (*self.file.listings, *(market.underlying for market in self.file.perpetuals.values()))

    def __call__(self, runs: range) -> Iterator[Record]:
        """Yield the metrics of each run; money as text."""
        drawn = draw_paths(self.file, self.seed, runs)
        for place in range(len(runs)):
            path = None if drawn is None else drawn[:, :, place]
            metrics = metrics_of(self.file, *self.outcome(path))
            yield {
                name: str(value) if isinstance(value, Decimal) else value
                for name, value in asdict(metrics).items()
            }

    def outcome(self, path: Floats | None) -> tuple[Outcome, Floats, float]:
        """Return what one path comes to, the last prices, and the greatest error of the oracle.

        Parameters
        ----------
        path
            ``[steps, assets]`` of the random assets.
        """
        outside, population = outside_prices(self.file, path), self.file.population
        assert population is not None
        columns = self.priced
        prices = np.stack([outside[asset] for asset in columns], axis=1)
        if population.depth:
            reserve = np.array([float(population.depth.get(asset, Decimal("inf"))) for asset in columns])
            recovery = float(population.recovery)
            return run_moving(self.opened, prices, reserve, recovery), prices[-1], 0.0
        readers = {asset: reader_of(self.file, asset) for asset in dict.fromkeys(columns)}
        seconds = float(self.file.run.step_seconds)
        if all(reader.fresh(seconds) for reader in readers.values()):
            return self.opened.run(prices), prices[-1], 0.0
        seen = {
            asset: believed(outside[asset][:, None], float(self.file.price(asset)), reader, seconds)[:, 0]
            for asset, reader in readers.items()
        }
        beliefs = np.stack([seen[asset] for asset in columns], axis=1)
        error = float(np.abs(beliefs / prices - 1.0).max())
        return self.opened.run(prices, beliefs if error > 0 else None), prices[-1], error


def outside_prices(file: ProtocolFile, path: Floats | None) -> dict[str, Floats]:
    """Return ``[steps]`` prices of every asset: random, scripted or standing."""
    steps = file.run.steps
    found = {asset: np.full(steps, float(file.price(asset))) for asset in file.assets}
    if path is not None:
        for index, asset in enumerate(file.market.moving()):
            found[asset] = path[:, index]
    for asset, multiples in file.market.script.items():
        if multiples:
            price = file.price(asset)
            scripted = [float(price * multiples[min(step, len(multiples) - 1)]) for step in range(steps)]
            found[asset] = np.array(scripted)
    return found


def metrics_of(file: ProtocolFile, outcome: Outcome, last: Floats, error: float) -> Metrics:
    """Return the metrics of a run; the fund pays first where the waterfall says so, the rest is shared."""
    fund, debt, lent = 0.0, 0.0, 0.0
    for index, (asset, listing) in enumerate(file.listings.items()):
        if "insurance-fund" in file.waterfall:
            fund += float(file.insurance_fund.get(asset, Decimal(0))) * float(last[index])
        owed = float(outcome.owed[index] * last[index])
        if owed:
            cash = float(listing.cash) * float(last[index]) + float(outcome.owned[index] * last[index])
            debt, lent = debt + owed, lent + owed + cash
    insured = min(fund, outcome.bad_debt)
    return Metrics(
        bad_debt=_cents(outcome.bad_debt),
        liquidated=_cents(outcome.traded),
        liquidations=outcome.accounts,
        accounts_liquidated=outcome.accounts,
        insurance_paid=_cents(insured),
        socialised=_cents(outcome.bad_debt - insured),
        unserved=outcome.unserved,
        refusals=0,
        oracle_error=Decimal(f"{error:.12g}"),
        utilisation=Decimal(f"{debt / lent if lent else 0.0:.12g}"),
    )


def _cents(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")
