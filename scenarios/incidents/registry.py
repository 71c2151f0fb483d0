"""Which replay runs which incident; adding one is one line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.files.models import Incident
    from scenarios.incidents.replayer import Replayer

REPLAYERS = {
    "bzx1-2020-02-15": "bzx:Bzx1Replayer",
    "cheesebank-2020-11-06": "lp_collateral:CheeseBankReplayer",
    "cream-yusd-2021-10-27": "cream:CreamReplayer",
    "inverse-inv-2022-04-02": "inverse:InverseInvReplayer",
    "mango-2022-10-11": "mango:MangoReplayer",
    "resupply-2025-06-26": "resupply:ResupplyReplayer",
    "warp-2020-12-17": "lp_collateral:WarpReplayer",
    "yieldblox-2026-02-22": "yieldblox:YieldbloxReplayer",
}
"""By incident id; every other incident runs on the generic actions of ``Replayer``."""


def replayer_of(incident: Incident) -> Replayer:
    """Return the replay of an incident, by its id."""
    target = REPLAYERS.get(incident.id, "replayer:Replayer")
    module, name = target.split(":")
    replayer: Replayer = getattr(import_module(f"scenarios.incidents.{module}"), name)(incident)
    return replayer
