"""The two lending markets of the papers as protocol files, and one account's liquidation to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from protocol.liquidation.sizers import CloseFactor
from scenarios.files.document import Document
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import read_protocol
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, step_once
from scenarios.simulation.simulation import Simulation

VICTIM, KEEPER = "victim", "liquidator"
HALF = Fraction(1, 2)


def lending_file(
    collateral: str, debt: str, moving: str, amounts: tuple[str, str], threshold: str, bonus: str, **more: Any
) -> ProtocolFile:
    """Return a market of one borrower; both assets cost 1 at the start and ``moving`` is fed every step.

    Parameters
    ----------
    amounts
        Whole tokens of collateral and of debt.
    """
    still = debt if moving == collateral else collateral
    data: dict[str, Any] = {
        "title": f"{collateral} against {debt}",
        "assets": {name: {"decimals": 18, "price": 1} for name in (collateral, debt)},
        "oracle": {
            "nodes": {
                "fed": {"type": "feed", "feed": "price", "asset": moving},
                "still": {"type": "constant", "price": 1},
            },
            "prices": {moving: "fed", still: "still"},
        },
        "listings": {
            collateral: {"collateral_factor": threshold, "borrowable": False},
            debt: {"cash": 10**9},
        },
        "margin": {"preset": "loan-to-value"},
        "liquidation": {"preset": "aave", "bonus": bonus},
        "waterfall": ["deficit"],
        "outside": {"half_spread": 0},
        "agents": {"feed": {"type": "publisher", "feed": "price", "asset": moving}},
        "accounts": {VICTIM: {"balances": {collateral: amounts[0], debt: f"-{amounts[1]}"}}},
        "run": {"steps": 1, "step_seconds": 12},
    }
    return read_protocol(Document(data | more, "study"))


@dataclass(frozen=True, slots=True)
class Liquidated:
    """What the liquidation of the account came to, in money.

    Parameters
    ----------
    ratios
        Loan to value before each step and at the end; infinite with debt and nothing left.
    taken, repaid
        Collateral taken and debt repaid, whole tokens.
    bad_debt
        Debt that the waterfall took over, whole tokens.
    """

    ratios: tuple[float, ...]
    taken: float
    repaid: float
    bad_debt: float


def open_game(file: ProtocolFile) -> Simulation:
    """Return the market alive, with a liquidator of any means; half of the debt is repaid at a time."""
    game = open_simulation(file, seed_of(file), 0)
    machine = game.protocol.machine
    (rule,) = machine.policy.rules
    half = CloseFactor(HALF, full_below=Fraction(-1))
    machine.policy = replace(machine.policy, rules=(replace(rule, sizer=half),))
    debt = next(a for a, units in game.protocol.balances(VICTIM).items() if units < 0)
    game.world.fund(game.world.wallet(KEEPER), debt, game.units(debt, Decimal(10**9)))
    return game


def at_price(game: Simulation, prices: Mapping[str, Decimal], step: int = 0) -> bool:
    """Move the market to prices that the oracle takes over; return whether the account is short."""
    step_once(game, prices, step)
    return VICTIM in game.protocol.liquidatable()


def liquidate_fully(game: Simulation, collateral: str, debt: str, most: int = 400) -> Liquidated:
    """Liquidate until the account is safe, or has nothing left and its debt went down the waterfall."""
    before = {name: game.balance(KEEPER, name) for name in (collateral, debt)}
    owed = game.protocol.balances(VICTIM).get(debt, 0)
    ratios = [_ratio(game, collateral, debt)]
    for _ in range(most):
        if VICTIM not in game.protocol.liquidatable():
            break
        with game.transaction("liquidation"):
            game.protocol.liquidate(VICTIM, KEEPER)
        ratios.append(_ratio(game, collateral, debt))
    taken = game.balance(KEEPER, collateral) - before[collateral]
    repaid = before[debt] - game.balance(KEEPER, debt)
    left = -game.protocol.balances(VICTIM).get(debt, 0)
    bad = -owed - repaid - left
    # A last step that closes the account leaves neither collateral nor debt with it.
    shown = [
        ratio if bad <= 0 or place < len(ratios) - 1 else float("inf") for place, ratio in enumerate(ratios)
    ]
    return Liquidated(tuple(shown), *(float(game.whole(debt, units)) for units in (taken, repaid, bad)))


def _ratio(game: Simulation, collateral: str, debt: str) -> float:
    held = game.protocol.balances(VICTIM)
    owed, owned = game.value(debt, -held.get(debt, 0)), game.value(collateral, held.get(collateral, 0))
    return float(owed / owned) if owned else float("inf") if owed else 0.0
