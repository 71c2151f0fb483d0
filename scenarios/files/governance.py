"""How a protocol decides on new listings: the votes, the delays, and what no vote can decide."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import Field

from scenarios.files.protocol_parts import Part
from scenarios.files.quantities import NotNegative, Positive

Share: TypeAlias = Annotated[NotNegative, Field(le=1)]
Seconds: TypeAlias = Annotated[int, Field(ge=0, strict=True)]


class ListingLimitsFile(Part):
    """What every new listing keeps to, whatever was voted."""

    collateral_factor: Share | None = Field(None, description="Highest collateral factor.")
    supply_cap_value: NotNegative | None = Field(
        None, description="Most collateral in money at the outside price of the day."
    )
    debt_ceiling: NotNegative | None = Field(
        None, description="Isolation: most debt in money against it, and no other collateral beside it."
    )


class GovernanceFile(Part):
    """Votes on listings.

    A proposal passes where the votes for it reach the quorum and exceed those against; it is executed after
    the timelock unless somebody cancels it. Without a token anybody lists what he likes within the limits.
    """

    token: str = Field("", description="Asset whose units vote; empty: listings need no vote.")
    supply: Positive | None = Field(None, description="Whole tokens in all.")
    quorum: Share = Field(Decimal("0.04"), description="Part of the supply that must vote for a proposal.")
    against: Share = Field(Decimal(0), description="Part of the supply that votes against a hostile one.")
    flash_votes: bool = Field(
        False,
        description="Whether the balance of the moment votes, flash loans included; otherwise the balance at "
        "the start of the block (a snapshot).",
    )
    timelock: Seconds = Field(0, description="Seconds between vote and execution.")
    guardian_delay: Seconds | None = Field(
        None, description="Seconds after which somebody who may cancel has looked; nobody looks if absent."
    )
    exit_per_day: Share = Field(
        Decimal(0), description="Part of the lent cash that leaves on each day of a timelock."
    )
    limits: ListingLimitsFile = ListingLimitsFile()
