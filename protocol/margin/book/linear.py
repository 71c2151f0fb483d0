"""The linear margin rule: weighted collateral plus profit, less a share of notional, exactly and as arrays.

excess = sum of balance * price * weight + sum of (size * mark - |size| * mark * rate) - cost

A weight is one less the haircut where the balance is owned and at least one where it is owed; a rate is the
margin per notional at one level; the cost is what was paid for the positions plus funding not yet paid. With
weights of one and rates of nothing the excess is the account's equity. Isolated and cross margin of linear
contracts, weighted lending and collateral haircuts without size tiers are this rule with different numbers.

The exact form counts in 18 decimals and truncates every product toward zero, as Derive's and Synthetix's
``multiplyDecimal`` do: value = trunc(amount * price), then trunc(value * weight). The array form folds price
and weight into one coefficient per row: owned and owed for collateral, long and short for instruments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protocol.errors import BookError
from protocol.fixed_point import WAD, div_to_zero

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """Parameters of the rule at one level, as integers of 18 decimals.

    Parameters
    ----------
    owned
        Per asset: one less the haircut.
    owed
        Per asset: how much of a debt counts, at least one.
    rates
        Per instrument: margin per notional, 0 to 1.
    floats
        What counts of a dollar owned, owed, long and short, as arrays.
    """

    owned: tuple[int, ...]
    owed: tuple[int, ...]
    rates: tuple[int, ...]
    floats: tuple[Floats, Floats, Floats, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.owned) != len(self.owed):
            raise BookError(
                "weights", f"{len(self.owned)} of what is owned, {len(self.owed)} of what is owed"
            )
        for name, values, most in (
            ("weight of an asset owned", self.owned, WAD),
            ("weight of an asset owed", self.owed, 16 * WAD),
            ("margin rate", self.rates, WAD),
        ):
            for value in values:
                if not 0 <= value <= most:
                    raise BookError(name, f"{value} lies outside 0..{most} (18 decimals)")
        owned, owed, rates = (
            np.array([value / WAD for value in values]) for values in (self.owned, self.owed, self.rates)
        )
        object.__setattr__(self, "floats", (owned, owed, 1.0 - rates, 1.0 + rates))

    @classmethod
    def from_haircuts(
        cls, haircuts: Sequence[float], rates: Sequence[float], surcharges: Sequence[float] | None = None
    ) -> Weights:
        """Return weights from haircuts of what is owned, surcharges of what is owed and margin rates."""
        extra = [0.0] * len(haircuts) if surcharges is None else surcharges
        return cls(
            tuple(WAD - round(value * WAD) for value in haircuts),
            tuple(WAD + round(value * WAD) for value in extra),
            tuple(round(value * WAD) for value in rates),
        )

    @classmethod
    def equity(cls, assets: int, instruments: int) -> Weights:
        """Return the weights under which excess is equity."""
        return cls((WAD,) * assets, (WAD,) * assets, (0,) * instruments)


@dataclass(frozen=True, slots=True)
class LinearAccount:
    """An account in exact units, 18 decimals.

    Parameters
    ----------
    balances
        Per asset, signed: a loan is negative.
    positions
        Instrument number and signed size, each instrument at most once.
    cost
        Paid for the positions (sum of size * entry price) plus funding owed; negative if received.
    """

    balances: tuple[int, ...]
    positions: tuple[tuple[int, int], ...] = ()
    cost: int = 0


def exact_excess(
    account: LinearAccount, weights: Weights, prices: Sequence[int], marks: Sequence[int]
) -> int:
    """Return equity less requirement with 18 decimals; below zero the account fails.

    Parameters
    ----------
    account, weights
        Of the same number of assets and instruments.
    prices, marks
        Of assets and instruments, 18 decimals.
    """
    total = -account.cost
    for amount, price, owned, owed in zip(account.balances, prices, weights.owned, weights.owed, strict=True):
        value = div_to_zero(amount * price, WAD)
        total += div_to_zero(value * (owned if amount >= 0 else owed), WAD)
    for instrument, size in account.positions:
        value = div_to_zero(size * marks[instrument], WAD)
        total += value - abs(value) * weights.rates[instrument] // WAD
    return total


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Dollars of excess per unit: ``owned`` and ``owed`` per asset, ``positions`` long then short."""

    owned: Floats
    owed: Floats
    positions: Floats

    @classmethod
    def of(cls, weights: Weights, prices: ArrayLike, marks: ArrayLike) -> Coefficients:
        """Fold prices into the weights; leading axes of the prices (ticks, paths) are kept."""
        of_assets = _checked("price", prices, len(weights.owned))
        return cls.folded(weights, of_assets, _checked("mark", marks, len(weights.rates)))

    @classmethod
    def folded(cls, weights: Weights, of_assets: Floats, of_marks: Floats) -> Coefficients:
        """Fold prices that have been checked."""
        owned, owed, long, short = weights.floats
        return cls(
            of_assets * owned,
            of_assets * owed,
            np.concatenate((of_marks * long, of_marks * short), axis=-1),
        )


def _checked(what: str, values: ArrayLike, count: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != count:
        raise BookError(what, f"{count} are needed, the array has shape {array.shape}")
    if not np.isfinite(array).all() or (array < 0).any():
        raise BookError(what, "a value is negative or not finite")
    return array
