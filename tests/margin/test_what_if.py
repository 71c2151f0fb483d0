"""What a trade does to margin, and the cheapest collateral: against hand-made and exhaustive answers."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import CollateralAssetError, NoCollateralPlanError
from protocol.fixed_point import WAD
from protocol.margin.book.linear import LinearAccount, Weights
from protocol.margin.what_if import Asset, Trade, cheapest_collateral, margin_impact

LEVELS = {
    "initial": Weights.from_haircuts([0.0], [0.1, 0.2]),
    "maintenance": Weights.from_haircuts([0.0], [0.05, 0.1]),
}


def test_the_impact_of_a_trade_worked_by_hand() -> None:
    # 1,000 of cash; buy 10 at 101 with the mark at 100 and a fee of 3: result -10 - 3, requirement 100 or 50.
    account = LinearAccount((1000 * WAD,))
    trade = Trade(0, 10 * WAD, 101 * WAD, 3 * WAD)
    impact = margin_impact(account, trade, LEVELS, [WAD], [100 * WAD, 50 * WAD])
    assert impact["initial"].before == impact["maintenance"].before == 1000 * WAD
    assert impact["initial"].after == (1000 - 13 - 100) * WAD
    assert impact["maintenance"].after == (1000 - 13 - 50) * WAD
    assert impact["initial"].permitted
    assert not margin_impact(account, Trade(0, 500 * WAD, 100 * WAD), LEVELS, [WAD], [100 * WAD, 0])[
        "initial"
    ].permitted


@given(st.integers(-(10**24), 10**24), st.integers(-(10**24), 10**24), st.integers(1, 10**22))
def test_a_trade_and_its_reverse_leave_the_fee_only(held: int, size: int, mark: int) -> None:
    account = LinearAccount((0,), ((1, held),) if held else ())
    there = Trade(1, size, mark, 7).applied(account)
    back = Trade(1, -size, mark, 7).applied(there)
    assert back.positions == account.positions
    assert back.cost == account.cost + 14


def greedy(assets: list[Asset], needed: float) -> float:
    """Return the least carry of posting only: cheapest per dollar of excess first (a fractional knapsack)."""
    cost = 0.0
    usable = [asset for asset in assets if asset.weight > 0]
    for asset in sorted(usable, key=lambda asset: asset.carry / asset.weight):
        excess = min(needed, asset.available * asset.price * asset.weight)
        cost += excess / asset.weight * asset.carry
        needed -= excess
    return cost if needed <= 1e-9 else float("inf")


ASSET = st.builds(
    Asset,
    price=st.floats(0.01, 1e4),
    weight=st.floats(0.05, 1.0),
    available=st.floats(0, 1e3),
    carry=st.floats(1e-4, 0.2),
)


@settings(deadline=None)
@given(st.lists(ASSET, min_size=1, max_size=6), st.floats(0, 1e6))
def test_posting_alone_is_the_greedy_choice(assets: list[Asset], needed: float) -> None:
    best = greedy(assets, needed)
    most = sum(asset.available * asset.price * asset.weight for asset in assets)
    if abs(most - needed) < 1e-6 * (1 + needed):
        return
    if best == float("inf"):
        with pytest.raises(NoCollateralPlanError):
            cheapest_collateral(assets, needed, withdraw=False)
        return
    plan = cheapest_collateral(assets, needed, withdraw=False)
    assert plan.cost == pytest.approx(best, rel=1e-7, abs=1e-6)
    assert plan.excess >= needed - 1e-6 * (1 + needed)
    for asset, units in zip(assets, plan.posted, strict=True):
        assert -1e-9 <= units <= asset.available * (1 + 1e-9)


def test_withdrawing_takes_the_dearest_collateral_out() -> None:
    # 100 dollars of excess to spare; each asset earns 5 % or 1 % outside.
    assets = [Asset(1.0, 1.0, held=500.0, carry=0.01), Asset(10.0, 0.5, held=100.0, carry=0.05)]
    plan = cheapest_collateral(assets, -100.0)
    assert plan.withdrawn == pytest.approx((0.0, 20.0))  # 20 * 10 * 0.5 = 100 of excess, 200 dollars free
    assert plan.cost == pytest.approx(-10.0)


def test_swapping_beats_posting_when_its_fee_is_lower() -> None:
    # Swapping 10 dollars of the second for the first gains 10 * (0.99 - 0.5) of excess for a fee of 0.1.
    assets = [Asset(1.0, 1.0, available=1000.0, carry=0.05), Asset(10.0, 0.5, held=30.0)]
    plan = cheapest_collateral(assets, 49.0, {(1, 0): 0.01}, withdraw=False)
    # carry of what the swap brings in is counted too: 99 * 0.05 + 1 = 5.95 against posting 49 * 0.05 = 2.45
    assert plan.posted == pytest.approx((49.0, 0.0))
    cheap = [Asset(1.0, 1.0, available=1000.0, carry=0.05), Asset(10.0, 0.5, held=30.0, carry=0.05)]
    plan = cheapest_collateral(cheap, 49.0, {(1, 0): 0.01}, withdraw=False)
    assert plan.swapped == {(1, 0): pytest.approx(10.0)}
    assert plan.cost == pytest.approx(100 * 0.01 + 99 * 0.05 - 100 * 0.05)


@settings(deadline=None, max_examples=30)
@given(st.lists(ASSET, min_size=3, max_size=3), st.integers(0, 10**6))
def test_no_other_choice_on_a_grid_is_cheaper(assets: list[Asset], seed: int) -> None:
    from dataclasses import replace
    from random import Random

    rng = Random(seed)
    owned = [replace(asset, held=rng.uniform(0, 100)) for asset in assets]
    fees = {(0, 1): rng.uniform(0, 0.05), (2, 0): rng.uniform(0, 0.05)}
    reachable = sum(asset.available * asset.price * asset.weight for asset in owned)
    needed = rng.uniform(-0.5, 0.9) * reachable
    plan = cheapest_collateral(owned, needed, fees)
    steps = (0.0, 0.5, 1.0)
    for posted, taken, swaps in product(
        product(steps, repeat=3), product(steps, repeat=3), product(steps, repeat=2)
    ):
        excess = cost = 0.0
        left = [asset.held for asset in owned]
        for k, asset in enumerate(owned):
            net = posted[k] * asset.available - taken[k] * asset.held
            left[k] -= taken[k] * asset.held
            excess += net * asset.price * asset.weight
            cost += net * asset.price * asset.carry
        for share, ((sold, bought), fee) in zip(swaps, fees.items(), strict=True):
            units = share * owned[sold].held / 2
            left[sold] -= units
            dollars = units * owned[sold].price
            excess += dollars * ((1 - fee) * owned[bought].weight - owned[sold].weight)
            cost += dollars * (fee + (1 - fee) * owned[bought].carry - owned[sold].carry)
        if min(left) >= 0 and excess >= needed:
            assert plan.cost <= cost + 1e-6 * (1 + abs(cost))


def test_no_collateral_is_no_plan_unless_nothing_is_needed() -> None:
    assert cheapest_collateral([], -5.0).cost == 0.0
    with pytest.raises(NoCollateralPlanError):
        cheapest_collateral([], 5.0)


@pytest.mark.parametrize("held", [0.0, 3.0])
def test_a_worthless_asset_stays_where_it_is(held: float) -> None:
    worthless = Asset(price=0.0, weight=0.9, held=held, available=7.0, carry=-0.1)
    plan = cheapest_collateral([worthless, Asset(1.0, 1.0, available=10.0, carry=0.01)], 5.0, {(0, 1): 0.0})
    assert plan.cost == pytest.approx(0.05)
    assert plan.posted == (0.0, 5.0)


@pytest.mark.parametrize(
    "asset",
    [
        Asset(-1.0, 0.5),
        Asset(1.0, 0.5, held=-1.0),
        Asset(1.0, 0.5, available=float("inf")),
        Asset(1.0, float("nan")),
    ],
)
def test_figures_that_no_asset_has_are_refused(asset: Asset) -> None:
    with pytest.raises(CollateralAssetError, match="finite"):
        cheapest_collateral([asset], 5.0)
