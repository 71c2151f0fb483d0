"""The cheapest way to a rule's requirement: what to post, withdraw and swap.

The linear programme wants what a unit of each collateral adds to the excess. For a rule by scenarios that
depends on the account, so it is measured on the account, the programme is solved, the account that the plan
leaves is judged exactly, and what is still missing is asked for again. The answer says what the last
judgement found; it is the cheapest plan at the weights as measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from protocol.errors import NoCollateralPlanError, RuleError
from protocol.margin.presets.registry import Preset
from protocol.margin.what_if import Asset, Plan, cheapest_collateral
from scenarios.files.portfolio import Collateral, PortfolioFile
from scenarios.margin import number
from scenarios.margin_judge import LEVELS, Case
from scenarios.margin_values import price_of

_ROUNDS = 8
_STEP = Decimal("1e-9")
_PROBE_DOLLARS = Decimal(100)
_LEAST_CARRY = 1e-9
"""Stands for no carry, so that collateral without a cost is not posted for nothing."""
_NEAR_ENOUGH = Decimal("0.01")
"""Dollars of excess beyond the target at which a plan is called met."""


@dataclass(frozen=True, slots=True)
class CollateralPlan:
    """What to do under one rule.

    Parameters
    ----------
    rule
        Its name.
    reason
        Why there is no plan; empty otherwise.
    cost
        Of carry (per year) and swaps, in the file's money; negative if it earns.
    posted, withdrawn
        Units by asset.
    swapped
        Units sold, by pair such as ``ETH > USDC``.
    before, after
        Excess of the account as it stands and as the plan leaves it, judged exactly.
    """

    rule: str
    reason: str
    cost: Decimal
    posted: Mapping[str, Decimal]
    withdrawn: Mapping[str, Decimal]
    swapped: Mapping[str, Decimal]
    before: Decimal | None
    after: Decimal | None


def plan_collateral(
    case: Case | PortfolioFile, rule: Preset, target: Decimal, level: str = "initial"
) -> CollateralPlan:
    """Return the cheapest plan to bring the excess of one rule to at least ``target``.

    Parameters
    ----------
    case
        The file: its collateral says what is held, available and locked, and what it costs.
    rule
        The rule.
    target
        Excess wanted, in the file's money; below today's excess what can be spared is withdrawn.
    level
        One of ``LEVELS``.
    """
    case = case if isinstance(case, Case) else Case(case)
    if LEVELS[level] not in rule.levels:
        return _none(rule, f"it has no {level} level")
    model = case.model
    try:
        before = _excess(case, model, rule, level)
    except RuleError as error:
        return _none(rule, str(error.details.get("why", error.message)))
    assets = {name: _asset(case, rule, level, name, before) for name in model.collateral}
    needed = target - before
    best: tuple[Plan, Decimal] | None = None
    for _ in range(_ROUNDS):
        try:
            plan = cheapest_collateral(list(assets.values()), float(needed), _fees(model))
        except NoCollateralPlanError as error:
            if best is None:
                return _none(rule, error.message, before)
            break
        try:
            after = _excess(case, _after(model, plan), rule, level)
        except RuleError as error:
            why = error.details.get("why", error.message)
            return _none(rule, f"the rule cannot judge the account that a plan leaves: {why}", before)
        if after >= target and (best is None or plan.cost <= best[0].cost):
            best = plan, after
        if 0 <= after - target <= _NEAR_ENOUGH:
            break
        needed += target - after + _NEAR_ENOUGH / 2
    if best is None:
        return _none(rule, "the weights measured lead to no plan that the rule accepts", before)
    plan, after = best
    names = list(model.collateral)
    # Posting and withdrawing the same asset cost the same and cancel.
    moved = [post - take for post, take in zip(plan.posted, plan.withdrawn, strict=True)]
    return CollateralPlan(
        rule.name,
        "",
        Decimal(f"{plan.cost:.2f}"),
        {name: _units(units, ROUND_UP) for name, units in zip(names, moved, strict=True) if units > 0},
        {name: _units(-units, ROUND_DOWN) for name, units in zip(names, moved, strict=True) if units < 0},
        {f"{names[a]} > {names[b]}": _units(units, ROUND_UP) for (a, b), units in plan.swapped.items()},
        before,
        after,
    )


def _none(rule: Preset, reason: str, before: Decimal | None = None) -> CollateralPlan:
    return CollateralPlan(rule.name, reason, Decimal(0), {}, {}, {}, before, None)


def _excess(case: Case, model: PortfolioFile, rule: Preset, level: str) -> Decimal:
    return number(replace(case, model=model).judge(rule, LEVELS[level]).excess)


def _price(model: PortfolioFile, name: str) -> Decimal:
    held = model.collateral[name]
    if held.cash:
        return Decimal(1)
    if name in model.underlyings:
        return model.underlyings[name].index
    return number(price_of(model, held))


def _asset(case: Case, rule: Preset, level: str, name: str, before: Decimal) -> Asset:
    """Return an asset with its weight measured by posting a little more of it."""
    model = case.model
    held, price = model.collateral[name], _price(model, name)
    weight = Decimal(0)
    if not price:  # below the last digit: worth nothing, so it cannot help
        return Asset(0.0, 0.0)
    if held.available > 0 or held.amount > 0 or held.cash:
        probe = _PROBE_DOLLARS / price
        try:
            weight = (_excess(case, _changed(model, {name: probe}), rule, level) - before) / _PROBE_DOLLARS
        except RuleError:
            return Asset(float(price), 0.0)
    return Asset(
        float(price),
        float(weight),
        0.0 if held.locked else float(max(held.amount, Decimal(0))),
        float(held.available),
        float(held.carry) or _LEAST_CARRY,
    )


def _fees(model: PortfolioFile) -> dict[tuple[int, int], float]:
    rows = list(model.collateral.values())
    worthless = {i for i, name in enumerate(model.collateral) if not _price(model, name)}
    return {
        (i, j): float(1 - (1 - sold.swap_fee) * (1 - bought.swap_fee))
        for i, sold in enumerate(rows)
        for j, bought in enumerate(rows)
        if i != j and not sold.locked and sold.amount > 0 and not worthless & {i, j}
    }


def _after(model: PortfolioFile, plan: Plan) -> PortfolioFile:
    names = list(model.collateral)
    changes = dict.fromkeys(names, Decimal(0))
    for name, posted, withdrawn in zip(names, plan.posted, plan.withdrawn, strict=True):
        net = posted - withdrawn
        changes[name] += _units(net, ROUND_UP) if net > 0 else -_units(-net, ROUND_DOWN)
    fees = _fees(model)
    for (sold, bought), units in plan.swapped.items():
        paid = _units(units, ROUND_UP)
        worth = paid * _price(model, names[sold]) * (1 - Decimal(repr(fees[sold, bought])))
        changes[names[sold]] -= paid
        changes[names[bought]] += worth / _price(model, names[bought])
    return _changed(model, changes)


def _changed(model: PortfolioFile, changes: Mapping[str, Decimal]) -> PortfolioFile:
    collateral: dict[str, Collateral] = {}
    for name, held in model.collateral.items():
        amount = held.amount + changes.get(name, Decimal(0))
        if held.amount >= 0 > amount:  # rounding of the last digit may not make a debt
            amount = Decimal(0)
        collateral[name] = held.model_copy(update={"amount": amount})
    return model.model_copy(update={"collateral": collateral})


def _units(amount: float, rounding: str) -> Decimal:
    return Decimal(repr(amount)).quantize(_STEP, rounding=rounding)
