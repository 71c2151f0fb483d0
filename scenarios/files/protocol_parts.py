"""Parts of a protocol file: assets, venues, vaults, oracle nodes and accounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from scenarios.files.quantities import Fraction, NotNegative, Number, Positive

Decimals: TypeAlias = Annotated[int, Field(ge=0, le=36, strict=True)]
Whole: TypeAlias = Annotated[int, Field(ge=0, strict=True)]
Count: TypeAlias = Annotated[int, Field(ge=1, strict=True)]


class Part(BaseModel):
    """A part of the file: immutable, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AssetFile(Part):
    """A token."""

    decimals: Decimals = Field(description="Of the token's smallest unit.")
    price: Positive = Field(description="Outside price of a whole token at the start, in the file's money.")


# Venues


class ConstantProductFile(Part):
    """x * y = k, a Uniswap V2 pair."""

    type: Literal["constant-product"]
    reserves: dict[str, Positive] = Field(min_length=2, max_length=2, description="Whole tokens by asset.")
    fee: Fraction = Field(Decimal("0.003"), description="Part of the input, a multiple of 0.001.")


class StableswapFile(Part):
    """Curve's stableswap pool, first generation."""

    type: Literal["stableswap"]
    reserves: dict[str, Positive] = Field(min_length=2, description="Whole tokens by asset.")
    amplification: Count = Field(description="The contract's A.")
    fee: Fraction = Field(Decimal("0.0004"), description="Part of the output.")


class WeightedFile(Part):
    """Balancer's weighted pool."""

    type: Literal["weighted"]
    reserves: dict[str, Positive] = Field(min_length=2, description="Whole tokens by asset.")
    weights: dict[str, Positive] = Field(description="Normalised weights by asset; they add up to 1.")
    fee: Fraction = Field(Decimal("0.003"), description="Part of the input.")


class VaultFile(Part):
    """An ERC-4626 vault; its share is an asset of the file."""

    asset: str = Field(description="What is deposited.")
    share: str = Field(description="Asset that stands for a share.")
    total_assets: NotNegative = Field(description="Whole tokens that the vault holds.")
    total_supply: NotNegative = Field(description="Whole shares in circulation.")
    virtual_shares: Whole = Field(1, description="Raw virtual shares; 0 for a plain vault.")


# Oracle


class ConstantFile(Part):
    """A price that never changes."""

    type: Literal["constant"]
    price: Positive
    parents: list[str] = Field(default_factory=list, max_length=0)


class FeedFile(Part):
    """The newest sample of a feed, or an earlier one."""

    type: Literal["feed"]
    feed: str = Field(description="Name of the feed; publishers and attackers write to it.")
    asset: str = Field(description="What it prices; the first sample is the outside price at the start.")
    back: Whole = Field(0, description="Samples to go back.")
    parents: list[str] = Field(default_factory=list, max_length=0)


class DelayedFile(Part):
    """The newest sample that is at least some seconds old."""

    type: Literal["delayed"]
    feed: str
    asset: str
    delay: Whole = Field(description="Seconds.")
    parents: list[str] = Field(default_factory=list, max_length=0)


class SpotFile(Part):
    """A pool's price as it stands, times the parent's price of the quote asset."""

    type: Literal["spot-pool"]
    venue: str
    base: str
    quote: str
    parents: list[str] = Field(default_factory=list, max_length=1)


class TwapFile(Part):
    """The average of a V2 pair since a stored observation, or a V3 pool's geometric mean of a window."""

    type: Literal["twap"]
    venue: str
    base: str
    window: Count = Field(description="Seconds; a pair's observation is at least as old.")
    anyone_may_update: bool = Field(
        False,
        description="Whether anyone may store an observation; the newest is then used.",
    )
    parents: list[str] = Field(default_factory=list, max_length=1)


class VaultRateFile(Part):
    """Assets per share of a vault, times the parent's price of the asset."""

    type: Literal["vault-share"]
    vault: str
    parents: list[str] = Field(default_factory=list, max_length=1)


class AccountFile(Part):
    """A margin account at the start."""

    balances: dict[str, Number] = Field(description="Whole tokens; below zero: borrowed.")
    positions: dict[str, Number] = Field(
        default_factory=dict, description="Signed size by perpetual, entered at the starting price."
    )
