"""Which replay runs which incident; adding one is one line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from scenarios.files.library import protocol_of

if TYPE_CHECKING:
    from scenarios.files.models import Incident
    from scenarios.incidents.replayer import Replayer

REPLAYERS = {
    "bonq-2023-02-01": "bonq:BonqReplayer",
    "bzx1-2020-02-15": "bzx:Bzx1Replayer",
    "bzx2-2020-02-18": "bzx2:Bzx2Replayer",
    "cheesebank-2020-11-06": "lp_collateral:CheeseBankReplayer",
    "compound-dai-2020-11-26": "compound_dai:CompoundDaiReplayer",
    "cream-yusd-2021-10-27": "cream:CreamReplayer",
    "denaria-2026-04": "denaria:DenariaReplayer",
    "drift-2026-04-01": "drift_collateral:DriftReplayer",
    "dydx-yfi-2023-11-17": "dydx_yfi:DydxYfiReplayer",
    "harvest-fusdc-2020-10-26": "harvest:HarvestUsdcReplayer",
    "harvest-fusdt-2020-10-26": "harvest:HarvestUsdtReplayer",
    "hyperliquid-adl-2025-10-10": "hyperliquid_adl:HyperliquidAdlReplayer",
    "hyperliquid-jelly-2025-03-26": "jelly:JellyReplayer",
    "hyperliquid-popcat-2025-11-12": "popcat:PopcatReplayer",
    "inverse-inv-2022-04-02": "inverse:InverseInvReplayer",
    "inverse-yvcrv-2022-06-16": "inverse_yvcrv:InverseYvcrvReplayer",
    "kiloex-2025-04-14": "kiloex:KiloexReplayer",
    "maker-black-thursday-2020-03-12": "black_thursday:BlackThursdayReplayer",
    "mango-2022-10-11": "mango:MangoReplayer",
    "moonwell-cbeth-2026-02-15": "moonwell:MoonwellReplayer",
    "ploutus-2026-02": "ploutus:PloutusReplayer",
    "resupply-2025-06-26": "resupply:ResupplyReplayer",
    "uwu-2024-06-10": "uwu:UwuReplayer",
    "valuedefi-2020-11-14": "valuedefi:ValueDefiReplayer",
    "venus-blizz-luna-2022-05-12": "luna:LunaReplayer",
    "venus-the-2026-03-15": "venus_the:VenusTheReplayer",
    "warp-2020-12-17": "lp_collateral:WarpReplayer",
    "yieldblox-2026-02-22": "yieldblox:YieldbloxReplayer",
}
"""By incident id."""
GENERIC = "replayer:Replayer"
"""Runs an incident of a protocol that no bundled incident has."""


def replayer_of(incident: Incident) -> Replayer:
    """Return the replay of an incident.

    A file with an id of its own runs under the rules of the bundled incident of the same ``protocol`` that
    has a rule for each of its actions, else on the generic actions of ``Replayer``.
    """
    target = REPLAYERS.get(incident.id)
    return _replayer(target, incident) if target else _of_same_protocol(incident)


def _of_same_protocol(incident: Incident) -> Replayer:
    wanted = {step.action for step in incident.steps}
    for known, target in REPLAYERS.items():
        if protocol_of(known) == incident.protocol:
            replayer = _replayer(target, incident)
            if wanted <= set(replayer.known_actions()):
                return replayer
    return _replayer(GENERIC, incident)


def _replayer(target: str, incident: Incident) -> Replayer:
    module, name = target.split(":")
    replayer: Replayer = getattr(import_module(f"scenarios.incidents.{module}"), name)(incident)
    return replayer
