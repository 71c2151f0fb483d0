"""A lending market that reads its pool and whose keeper sells on it: the smallest file with a cascade."""

from __future__ import annotations

from decimal import Decimal

from protocol_texts import changed
from scenarios.files.protocol import ProtocolFile

FALL = (1, "0.97", "0.94", "0.9", "0.86", "0.83", "0.78", "0.72", "0.66", "0.6", "0.55", "0.5", "0.52")


def pool_crash(**more: object) -> ProtocolFile:
    """Return the file; in its first path the insurance fund is used up and depositors pay the rest."""
    return changed(
        "lending-crash",
        oracle__nodes__eth={"type": "spot-pool", "venue": "WETH/USDC", "base": "WETH", "quote": "USDC"},
        attacks={},
        insurance_fund={"USDC": 20000},
        agents__feed={"type": "trader", "funds": {"WETH": 1}, "venue": "WETH/USDC", "size": 10},
        agents__keeper={
            "type": "keeper",
            "funds": {"USDC": 3000000},
            "sell_on": "WETH/USDC",
        },
        market={"script": {"WETH": [Decimal(price) for price in FALL]}},
        run={"steps": 16, "step_seconds": 600, "seed": 3, "runs": 2},
        **more,
    )
