"""Portfolio margin of a whole book: every distinct instrument revalued once per scenario, then one product.

The profit of an account under a scenario is the sum of size * (value under it - value now) over what it
holds, so the book is sparse rows times a table [instruments, scenarios], and the requirement is its worst
column. Perpetuals, spot and collateral are further rows of the same table. Accounts that must not net across
underlyings enter once per underlying; their worst losses are then added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.margin.book.columns import Rows, Table, least_of_columns
from protocol.margin.book.option_values import shocked_values

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Shocks:
    """Scenarios as arrays of one length.

    Parameters
    ----------
    price
        Multiplier of the forward, 1 for no move.
    volatility
        Multiplier of volatility.
    weight
        Share of the profit or loss that counts.
    """

    price: Floats
    volatility: Floats
    weight: Floats

    @classmethod
    def of(cls, price: ArrayLike, volatility: ArrayLike, weight: ArrayLike = 1.0) -> Shocks:
        """Return scenarios; the arrays broadcast."""
        parts = np.broadcast_arrays(*(np.asarray(part, np.float64) for part in (price, volatility, weight)))
        if parts[0].ndim != 1 or not all(np.isfinite(part).all() and (part >= 0).all() for part in parts):
            raise BookError("shocks", "one row of finite numbers of at least zero is needed")
        return cls(*(part.copy() for part in parts))

    @classmethod
    def grid(cls, prices: ArrayLike, volatilities: ArrayLike) -> Shocks:
        """Return every combination of price and volatility multipliers."""
        a, b = np.meshgrid(
            np.asarray(prices, np.float64), np.asarray(volatilities, np.float64), indexing="ij"
        )
        return cls.of(a.ravel(), b.ravel())


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """Distinct options as arrays of one length.

    Parameters
    ----------
    forward, strike
        Dollars.
    volatility
        Per square root of a year.
    years
        To expiry.
    call
        Whether a call.
    discount
        Factor to expiry, 1 where settlement is not discounted.
    """

    forward: Floats
    strike: Floats
    volatility: Floats
    years: Floats
    call: NDArray[np.bool_]
    discount: Floats | float = 1.0


def option_profits(
    options: Options, shocks: Shocks, *, fast: bool | None = None, workers: int = 1
) -> tuple[Floats, Floats]:
    """Return values now [options] and weighted profits [options, scenarios] of one bought option each."""
    total = options.volatility * np.sqrt(options.years)
    prices, volatilities = shocks.price, shocks.volatility
    unmoved = np.flatnonzero((prices == 1.0) & (volatilities == 1.0))
    if not len(unmoved):
        prices, volatilities = np.append(prices, 1.0), np.append(volatilities, 1.0)
        unmoved = np.array([-1])
    values = shocked_values(
        options.forward, options.strike, total, options.call, prices, volatilities,
        fast=fast, workers=workers,
    )  # fmt: skip
    if np.any(options.discount != 1.0):
        values *= np.broadcast_to(np.asarray(options.discount, dtype=np.float64), total.shape)[:, None]
    now = values[:, unmoved[0]].copy()
    profits = values[:, : len(shocks.price)]
    profits -= now[:, None]
    if (shocks.weight != 1.0).any():
        profits *= shocks.weight
    return now, profits


def linear_profits(prices: ArrayLike, shocks: Shocks) -> Floats:
    """Return weighted profits [instruments, scenarios] of one unit each of spot, perpetual or future."""
    return np.outer(np.asarray(prices, dtype=np.float64), (shocks.price - 1.0) * shocks.weight)


def worst_losses(
    rows: Rows, profits: Floats | Table, *, fast: bool | None = None, workers: int = 1
) -> Floats:
    """Return per account the worst profit over the scenarios, never above zero.

    Parameters
    ----------
    rows
        What each account holds; table rows are rows of ``profits``. Its constants are zero, or a profit that
        is the same in every scenario.
    profits
        [instruments, scenarios], or ``Table.of_losses`` of them.
    """
    table = profits if isinstance(profits, Table) else Table.of_losses(profits)
    return least_of_columns(rows, table, most=0.0, fast=fast, workers=workers)
