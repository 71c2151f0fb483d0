"""What interest, funding and marks ask of the rest of a protocol file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.files.findings import Finding

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile


def check_carry(model: ProtocolFile) -> Iterator[Finding]:
    """Yield marks without a market, agents on markets that are not there, and charges of populations."""
    for name, market in model.perpetuals.items():
        place = ("perpetuals", name)
        if market.venue is None and market.margin_price == "mark":
            message = "the mark of a perpetual without a market is its index"
            yield Finding("mark", (*place, "margin_price"), message, "a venue, or index")
        if market.mark_cap is not None and market.margin_price == "index":
            message = "margin is judged at the index, so nothing is capped"
            yield Finding("mark", (*place, "mark_cap"), message, "margin_price: mark")
        if model.population is not None and (market.funding or market.venue):
            message = "a population is judged as arrays: no funding, no market"
            yield Finding("population", place, message, at_key=True)
    for asset, listing in model.listings.items():
        if model.population is not None and listing.interest is not None:
            message = "a population is judged as arrays: no interest"
            yield Finding("population", ("listings", asset, "interest"), message, at_key=True)
    for name, agent in model.agents.items():
        traded = model.perpetuals.get(getattr(agent, "market", ""))
        if agent.type in ("perpetual-flow", "basis-trader") and traded and traded.venue is None:
            message = "the perpetual has no market of its own"
            yield Finding("market", ("agents", name, "market"), message, "one with a venue")
