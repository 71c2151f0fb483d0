"""The chain of a protocol file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from scenarios.blocks import Chain, Demand, FeeRule, Proposer, Schedule
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_chain import ChainFile
from scenarios.seeds import Stream
from scenarios.world import World

GWEI = 10**9
PROPOSERS = "chain: proposers"
DEMAND = "chain: everybody else"
GAS: Mapping[str, int] = {
    "oracle": 80_000,
    "keeper": 500_000,
    "arbitrage": 250_000,
    "user": 200_000,
    "attack": 1_000_000,
}
"""Of a transaction where the file gives none, by kind; round figures of mainnet."""


def wei(gwei: Decimal) -> int:
    """Return wei per gas, rounded toward zero."""
    return int(gwei * GWEI)


def build_chain(
    file: ProtocolFile,
    settings: ChainFile,
    world: World,
    streams: Mapping[str, Stream],
    on_slot: Callable[[], None],
) -> Chain:
    """Return the chain over a world.

    Parameters
    ----------
    streams
        Those of ``PROPOSERS`` and ``DEMAND`` are used.
    on_slot
        Called when a slot's time has come.
    """
    proposers = tuple(
        Proposer(
            name,
            float(entry.share),
            entry.ordering,
            frozenset(entry.channels),
            frozenset(entry.favours),
            frozenset(entry.censors),
        )
        for name, entry in settings.proposers.items()
    )
    congestion, demand = settings.congestion, None
    if congestion is not None:
        demand = Demand(
            float(congestion.load),
            wei(congestion.tip),
            float(congestion.tip_spread),
            float(congestion.headroom),
            float(congestion.load_elasticity),
            float(congestion.tip_elasticity),
            congestion.patience,
            wei(congestion.most_fee),
        )
    return Chain(
        world,
        Schedule(proposers, streams[PROPOSERS], float(settings.missed)),
        FeeRule(settings.gas_limit, settings.elasticity, settings.denominator),
        file.run.block_seconds,
        wei(settings.base_fee),
        demand,
        None if demand is None else streams[DEMAND],
        settings.native,
        on_slot,
    )
