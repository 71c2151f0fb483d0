"""Names that would stand for two things on the ledger, and figures too small for their units."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.files.findings import Finding
from scenarios.files.protocol_carry import VirtualAmmFile
from scenarios.simulation.names import GROUP, OTHERS, OWN, PRICE_DECIMALS
from scenarios.world import OUTSIDE

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile

_OWN = (name.removeprefix(f"{GROUP}:") for name in OWN)
TAKEN = frozenset({OUTSIDE, OTHERS, "attacker", "attacker's second account", *_OWN})
"""Owners that no agent or account may share: the world outside, attackers, the protocol's own accounts."""


def check_owners(model: ProtocolFile) -> Iterator[Finding]:
    """Yield agents and accounts whose money would mix with that of others, and makers who make no market."""
    for section, owners in (("agents", model.agents), ("accounts", model.accounts)):
        for name in owners:
            if name in TAKEN or name in model.venues or name in model.vaults or ":" in name:
                message = f"{name!r} is an account of its own"
                yield Finding(
                    "reserved-name", (section, name), message, "another name, no colon", at_key=True
                )
    for section, entries in (("agents", model.agents), ("attacks", model.attacks)):
        for name, entry in entries.items():
            maker = model.agents.get(getattr(entry, "maker", ""))
            if maker is not None and maker.type != "market-maker":
                message = f"{getattr(entry, 'maker', '')!r} is a {maker.type}"
                yield Finding("maker", (section, name, "maker"), message, "an agent of type market-maker")


def check_smallest(model: ProtocolFile) -> Iterator[Finding]:
    """Yield prices and depths that are zero in the units in which they are kept."""
    for name, asset in model.assets.items():
        if asset.price * 10**PRICE_DECIMALS < 1:
            message = f"{asset.price} is zero with {PRICE_DECIMALS} decimals"
            yield Finding("price", ("assets", name, "price"), message, f"at least 1e-{PRICE_DECIMALS}")
    settlement = model.assets.get(model.margin.settlement)
    for name, market in model.perpetuals.items():
        underlying = model.assets.get(market.underlying)
        if not isinstance(market.venue, VirtualAmmFile) or settlement is None or underlying is None:
            continue
        base = Fraction(market.venue.depth)
        quote = base * Fraction(underlying.price) / Fraction(settlement.price)
        if min(base * 10**market.decimals, quote * 10**settlement.decimals) < 1:
            place = ("perpetuals", name, "venue", "depth")
            yield Finding("depth", place, f"{market.venue.depth} is less than one unit", "a deeper market")
