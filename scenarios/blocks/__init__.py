"""Time on a chain: slots, proposers, ordering, gas, congestion, and what waits."""

from __future__ import annotations

from scenarios.blocks.chain import BlockRecord, Chain, Receipt
from scenarios.blocks.demand import Demand
from scenarios.blocks.fees import FeeRule
from scenarios.blocks.pending import Bundle, Pending
from scenarios.blocks.proposers import Proposer, Schedule, mean_wait_for_control

__all__ = [
    "BlockRecord",
    "Bundle",
    "Chain",
    "Demand",
    "FeeRule",
    "Pending",
    "Proposer",
    "Receipt",
    "Schedule",
    "mean_wait_for_control",
]
