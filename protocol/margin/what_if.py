"""Questions before the fact: what a trade does to margin, which collateral meets a requirement cheapest.

Posting, withdrawing and swapping collateral moves the excess of a linear rule by fixed amounts per unit, so
the cheapest way to a target is a linear programme; scipy solves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from protocol.errors import CollateralAssetError, NoCollateralPlanError
from protocol.fixed_point import WAD, div_to_zero
from protocol.margin.book.linear import LinearAccount, Weights, exact_excess


@dataclass(frozen=True, slots=True)
class Trade:
    """Units of an instrument bought (sold if negative) at a price, and a fee in dollars; 18 decimals."""

    instrument: int
    size: int
    price: int
    fee: int = 0

    def applied(self, account: LinearAccount) -> LinearAccount:
        """Return the account after the trade; a position of zero is gone."""
        positions = dict(account.positions)
        positions[self.instrument] = positions.get(self.instrument, 0) + self.size
        kept = tuple((number, size) for number, size in positions.items() if size)
        cost = account.cost + div_to_zero(self.size * self.price, WAD) + self.fee
        return replace(account, positions=kept, cost=cost)


@dataclass(frozen=True, slots=True)
class Impact:
    """Excess at one level before and after a trade, 18 decimals."""

    before: int
    after: int

    @property
    def permitted(self) -> bool:
        """Whether a rule that asks for an excess of zero after the trade lets it in."""
        return self.after >= 0


def margin_impact(
    account: LinearAccount,
    trade: Trade,
    levels: Mapping[str, Weights],
    prices: Sequence[int],
    marks: Sequence[int],
) -> dict[str, Impact]:
    """Return the impact of a trade at each named level, exactly."""
    after = trade.applied(account)
    return {
        name: Impact(
            exact_excess(account, weights, prices, marks), exact_excess(after, weights, prices, marks)
        )
        for name, weights in levels.items()
    }


@dataclass(frozen=True, slots=True)
class Asset:
    """A collateral asset in the eyes of the account's owner; dollars and whole units.

    Parameters
    ----------
    price
        Dollars.
    weight
        What it counts, one less its haircut.
    held
        Units in the account that may leave it.
    available
        Units outside that may be posted.
    carry
        Cost per dollar posted, such as the yield given up; withdrawing earns it back.
    """

    price: float
    weight: float
    held: float = 0.0
    available: float = 0.0
    carry: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheapest plan.

    Parameters
    ----------
    cost
        Dollars; negative if it earns.
    excess
        Change of the account's excess, dollars.
    posted, withdrawn
        Units per asset.
    swapped
        Units sold of the first asset for the second, both inside the account.
    """

    cost: float
    excess: float
    posted: tuple[float, ...]
    withdrawn: tuple[float, ...]
    swapped: Mapping[tuple[int, int], float]


def cheapest_collateral(
    assets: Sequence[Asset],
    needed: float,
    swap_fees: Mapping[tuple[int, int], float] | None = None,
    *,
    withdraw: bool = True,
) -> Plan:
    """Return what to post, withdraw and swap so that the excess changes by at least ``needed`` at least cost.

    Parameters
    ----------
    assets
        The collateral assets.
    needed
        Dollars of excess that are missing; negative if there is some to spare.
    swap_fees
        By pair (sold, bought): share of the value lost in the swap, below 1. Only these pairs can be swapped.
        What a swap buys stays in the account.
    withdraw
        Whether collateral may leave the account.

    Raises
    ------
    NoCollateralPlanError
        If all that is at hand does not suffice.
    CollateralAssetError
        If an asset's price, weight, amounts or carry are not finite, or price or amounts are negative.
    """
    for number, asset in enumerate(assets):
        figures = (asset.price, asset.weight, asset.held, asset.available, asset.carry)
        if not all(map(isfinite, figures)) or min(asset.price, asset.held, asset.available) < 0:
            raise CollateralAssetError(number, figures)
    import numpy as np  # noqa: PLC0415 - margin impact does without
    from scipy.optimize import linprog  # noqa: PLC0415 - slow to import

    fees = dict(swap_fees or {})
    count = len(assets)
    if not count:
        if needed > 0:
            raise NoCollateralPlanError(needed, 0.0, "there is no collateral asset")
        return Plan(0.0, 0.0, (), (), {})
    # The unknowns are dollars, not units: that keeps the programme well scaled.
    weight, carry, held, available = (
        np.array(values)
        for values in (
            [asset.weight for asset in assets],
            [asset.carry for asset in assets],
            [asset.held * asset.price for asset in assets],
            [asset.available * asset.price for asset in assets],
        )
    )
    sold = np.array([pair[0] for pair in fees], dtype=np.int64)
    bought = np.array([pair[1] for pair in fees], dtype=np.int64)
    fee = np.array(list(fees.values()), dtype=np.float64)
    gain = np.concatenate((weight, -weight, (1.0 - fee) * weight[bought] - weight[sold]))
    cost = np.concatenate((carry, -carry, fee + (1.0 - fee) * carry[bought] - carry[sold]))
    # Of each asset no more leaves the account than is in it.
    leaving = np.zeros((count, len(gain)))
    leaving[np.arange(count), count + np.arange(count)] = 1.0
    leaving[sold, 2 * count + np.arange(len(sold))] = 1.0
    bounds = [
        *((0.0, most) for most in available.tolist()),
        *((0.0, most if withdraw else 0.0) for most in held.tolist()),
        *((0.0, None) for _ in fees),
    ]
    result = linprog(
        cost,
        A_ub=np.vstack((-gain, leaving)),
        b_ub=np.concatenate(([-needed], held)),
        bounds=bounds,
        method="highs",
    )
    if result.status != 0 or result.x is None or result.fun is None:
        raise NoCollateralPlanError(needed, float(weight @ available), str(result.message))
    price = np.array([asset.price for asset in assets])
    dollars = np.maximum(result.x, 0.0)
    each = np.concatenate((price, price, price[sold]))
    units = np.divide(dollars, each, out=np.zeros_like(dollars), where=each > 0)  # worthless units stay put
    moved = [float(amount) for amount in units]
    return Plan(
        float(cost @ dollars),
        float(gain @ dollars),
        tuple(moved[:count]),
        tuple(moved[count : 2 * count]),
        {pair: amount for pair, amount in zip(fees, moved[2 * count :], strict=True) if amount > 0},
    )
