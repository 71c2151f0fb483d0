"""The base of every agent: its parameters are the entry of the protocol file, checked and explained.

A user's agent is a subclass with a ``type``, its parameters as fields and one method, ``act``. It is called
once per step inside a transaction of its own; what a rule refuses is undone and logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from scenarios.files.quantities import NotNegative

if TYPE_CHECKING:
    from scenarios.agents.signed import Signed
    from scenarios.simulation.simulation import Simulation


class Agent(BaseModel):
    """Somebody who acts once per step.

    Agents hold no state of their own: what they have and owe stands in the world.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    transaction_kind: ClassVar[str] = "user"
    """On a chain: ``user``, ``oracle``, or ``keeper`` and ``arbitrage``, who compete with their own kind."""
    signs: ClassVar[bool] = False
    """Whether it commits itself by ``sign`` when it decides; else ``act`` runs when it is included."""

    type: str
    funds: dict[str, NotNegative] = Field(
        default_factory=dict, description="Whole tokens at hand at the start."
    )

    def open(self, game: Simulation, me: str) -> None:
        """Prepare before the first step (positions, deposits)."""

    def act(self, game: Simulation, me: str) -> None:
        """Do what this agent does in one step.

        Parameters
        ----------
        game
            The simulation: prices, balances, actions.
        me
            The agent's name and wallet.
        """
        raise NotImplementedError

    def observe(self, game: Simulation, me: str) -> None:
        """Take notice of what is there when it decides; kept in the world under ``watch of`` its name."""

    def sign(self, game: Simulation, me: str) -> Signed | None:
        """Return what it commits itself to; None for nothing in this step."""
        raise NotImplementedError
