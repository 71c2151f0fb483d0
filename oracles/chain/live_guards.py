"""Live sources under a guard that reads a contract of its own.

``sequencer-up:SOURCE`` is a source of an L2 as long as the chain's uptime feed says that the sequencer is up,
and has been for longer than the grace period.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oracles.chain.calls import Plan
from oracles.chain.errors import UnknownSourceError
from oracles.chain.header import Block
from oracles.chain.keys import known
from oracles.chain.live_view import Found, LiveSource
from oracles.chain.readers.stores import read_sequencer
from oracles.sources.sequencer import SequencerUp

GUARDS = ("sequencer-up",)


def guarded(chain_id: int, name: str, key: str, find: Callable[[str], LiveSource]) -> LiveSource:
    """Return the source that ``key`` names, under the guard of the chain's uptime feed.

    Raises
    ------
    UnknownSourceError
        If no uptime feed is known on the chain, or the source is unknown or under a guard already.
    """
    feed = known(chain_id, "chainlink_sequencer_uptime")
    if key.partition(":")[0] in GUARDS:
        raise UnknownSourceError(f"{name}: one guard is enough")
    inner = find(key)

    def plan(block: Block) -> Plan[Found]:
        found = yield from inner.plan(block)
        uptime = yield from read_sequencer(name, feed)
        node = SequencerUp(uptime=name, parents=(found.node,))
        return replace(found, node=node, memory={**found.memory, name: uptime})

    return replace(inner, name=name, plan=plan)
