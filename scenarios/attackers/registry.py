"""The strategies that a file can name, by ``type``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from scenarios.attackers.beliefs import (
    Donation,
    LatencyChoice,
    PublisherMinority,
    SelfLiquidation,
    StaleFeed,
)
from scenarios.attackers.governance import GovernanceListing
from scenarios.attackers.marks import MarkManipulation
from scenarios.attackers.prices import (
    FlashLoanManipulation,
    LiquidationHunting,
    MultiBlockTwap,
    ThinMarketPump,
)
from scenarios.attackers.vaults import VaultDumping

AttackerFile: TypeAlias = Annotated[
    FlashLoanManipulation
    | MultiBlockTwap
    | ThinMarketPump
    | LiquidationHunting
    | Donation
    | StaleFeed
    | PublisherMinority
    | LatencyChoice
    | SelfLiquidation
    | MarkManipulation
    | VaultDumping
    | GovernanceListing,
    Field(discriminator="type"),
]
"""What may stand under ``attacks``; a new one is a subclass and a name here."""
