"""Amounts and names of an incident: whole tokens, raw units, and the words a file may use for them."""

from __future__ import annotations

import re
from decimal import Context, Decimal

from protocol.venues.venue import Venue
from scenarios.errors import NoStepError
from scenarios.files.facts import Facts
from scenarios.files.models import Incident
from scenarios.world import World, shares_of

EXACT = Context(prec=100)
WRAPPED = {"ETH": "WETH", "WETH": "ETH"}


class Amounts:
    """What every replay knows of its file: the facts, the world they describe, and what each step gave.

    Attributes
    ----------
    world
        What the steps change.
    received
        By step: what the actor got, in raw units by asset.
    """

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self.facts: Facts = incident.facts
        self.world = World(decimals=dict(self.facts_decimals()))
        self.received: dict[int, dict[str, int]] = {}

    def facts_decimals(self) -> dict[str, int]:
        """Return every declared asset's decimals."""
        declared = self.facts.mapping("assets") if self.facts.has("assets") else {}
        return {asset: self.facts.integer("assets", asset) for asset in declared}

    def step_of(self, action: str, actor: str = "") -> Facts:
        """Return the first step with this action (and actor).

        Raises
        ------
        NoStepError
            If the file has none.
        """
        for step in self.incident.steps:
            if step.action == action and actor in ("", step.actor):
                return self.facts.step(step.n)
        raise NoStepError(self.facts.document.file, action, actor)

    def add_venue(self, name: str, venue: Venue) -> None:
        """Put a venue into the world; its LP token has 18 decimals."""
        self.world.decimals[shares_of(name)] = 18
        self.world.add_venue(name, venue)

    def asset(self, name: str) -> str:
        """Return the declared asset meant by ``name``: ETH and WETH stand for each other."""
        if name not in self.world.decimals and WRAPPED.get(name) in self.world.decimals:
            return WRAPPED[name]
        return name

    def units(self, asset: str, amount: Decimal) -> int:
        """Return raw units of an amount of whole tokens, rounded down."""
        return int(EXACT.scaleb(amount, self.world.decimals[asset]))

    def whole(self, asset: str, units: int) -> Decimal:
        """Return whole tokens of raw units, exactly."""
        return EXACT.scaleb(Decimal(units), -self.world.decimals[asset])

    def step_units(self, step: Facts, asset: str, *path: str) -> int:
        """Return a step's amount in raw units; an amount may have more decimals than the asset keeps."""
        return self.units(asset, step.decimal(*path))

    def amounts(self, step: Facts) -> list[tuple[str, int]]:
        """Return the assets and raw units a step names, in any of the format's forms.

        ``asset`` with ``amount``; ``amounts`` by asset; or the assets themselves as keys.
        """
        if step.has("asset"):
            name = step.text("asset")
            return [(self.asset(name), self.step_units(step, self.asset(name), "amount"))]
        where = ("amounts",) if step.has("amounts") else ()
        found = [
            (self.asset(name), self.units(self.asset(name), amount))
            for name, amount in step.items(*where)
            if self.asset(name) in self.world.decimals
        ]
        if not found:
            step.decimal("amount")
        return found

    def spoken_units(self, step: Facts, holder: str, asset: str, key: str = "amount") -> int:
        """Return an amount given as a number or in words: ``all``, ``all bought``, ``all ... step 4``."""
        words = step.value(key)
        if not (isinstance(words, str) and words.startswith("all")):
            return self.step_units(step, asset, key)
        if match := re.search(r"step (\d+)", words):
            return self.received[int(match[1])].get(asset, 0)
        if words == "all bought":
            return self.received[max(n for n in self.received if n < step.integer("n"))].get(asset, 0)
        return self.world.balance(holder, asset)

    def text(self, asset: str, units: int) -> str:
        """Return an amount in words for summaries."""
        whole = self.whole(asset, units)
        return f"{whole:,.6f}".rstrip("0").rstrip(".") + f" {self.display(asset)}"

    def display(self, asset: str) -> str:
        """Return an asset's name as readers know it."""
        return "LP" if asset.endswith(".LP") else asset
