"""What is looked at after every step of a path: health of the accounts, and who is exposed to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.ledger import quote_of
from scenarios.simulation.names import GROUP

if TYPE_CHECKING:
    from protocol.liquidation.view import Balances, Judgement
    from scenarios.simulation.simulation import Simulation

SHARES = (5, 25, 50, 75, 95)
"""Percentiles of health that are kept."""
MOST_HEALTH = Decimal(100)
"""Health above is printed as this."""


@dataclass(frozen=True, slots=True)
class HealthSample:
    """Health of the accounts that owe anything, after one step.

    Parameters
    ----------
    step
        -1 is the opening.
    accounts
        How many owe anything and could be judged.
    short
        How many of them are below 1.
    lowest
        The least health.
    percentiles
        In the order of ``SHARES``; the nearest rank.
    """

    step: int
    accounts: int
    short: int
    lowest: Decimal
    percentiles: tuple[Decimal, ...]


@dataclass(slots=True)
class Observer:
    """Looks at a simulation after every step.

    Parameters
    ----------
    game
        The simulation.
    health
        A sample per step at which any account owed anything.
    exposures
        Greatest value of an asset that an account held or owed, or notional of a position in it, in money
        at the outside prices.
    """

    game: Simulation
    health: list[HealthSample] = field(default_factory=list)
    exposures: dict[tuple[str, str], Fraction] = field(default_factory=dict)

    def look(self) -> None:
        """Take a sample."""
        game = self.game
        protocol, book = game.protocol, game.world.state.ledger
        market, values, found = protocol.market(), game.unit_values(), []
        for account in protocol.accounts():
            held = book.balances(account)
            self._expose(account.removeprefix(f"{GROUP}:"), held, values)
            owes = any(units < 0 for units in held.values())
            if owes and all(asset in market.prices for asset, units in held.items() if units):
                found.append(health_of(protocol.rule.judge(held, market)))
        if found:
            found.sort()
            self.health.append(
                HealthSample(
                    game.step,
                    len(found),
                    sum(health < 1 for health in found),
                    found[0],
                    tuple(found[-(-share * len(found) // 100) - 1] for share in SHARES),
                )
            )

    def _expose(self, owner: str, held: Balances, values: Mapping[str, Fraction]) -> None:
        file = self.game.file
        positions = {name: entry.underlying for name, entry in file.perpetuals.items()}
        positions |= {name: entry.underlying for name, entry in file.options.items()}
        costs = {quote_of(name) for name in positions}
        for asset, units in held.items():
            if units and asset in values and asset not in costs:
                name = positions.get(asset, asset)
                worth = abs(values[asset] * units)
                if asset in positions:  # its notional: an option far out of the money reads the feed too
                    worth = abs(self.game.outside[name] * units) / 10 ** self.game.world.decimals[asset]
                if worth > self.exposures.get((owner, name), 0):
                    self.exposures[owner, name] = worth


def health_of(judged: Judgement) -> Decimal:
    """Return equity over the requirement, at most ``MOST_HEALTH``: below 1 an account is liquidated."""
    if judged.requirement <= 0:
        return MOST_HEALTH if judged.excess >= 0 else Decimal(0)
    return min(MOST_HEALTH, Decimal(f"{judged.equity / judged.requirement:.6g}"))
