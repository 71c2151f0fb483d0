"""The oracle graph of a protocol file: which nodes it can name beside sources and reducers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from scenarios.files import protocol_parts as p
from scenarios.files.findings import Finding
from scenarios.files.oracle_cost import (
    BoundsFile,
    DeviationFile,
    EstimatorFile,
    MedianFile,
    PlainFile,
    StalenessFile,
    WeightedMedianFile,
)
from scenarios.files.quantities import Fraction, NotNegative, Positive

One: TypeAlias = Annotated[list[str], Field(min_length=1, max_length=1)]
Two: TypeAlias = Annotated[list[str], Field(min_length=2, max_length=2)]


class PoolAverageFile(p.Part):
    """The moving average that a Curve pool keeps of its own price, times the parent's price of the quote."""

    type: Literal["pool-average"]
    venue: str
    base: str
    quote: str
    parents: list[str] = Field(default_factory=list, max_length=1)


class FairLpFile(p.Part):
    """A V2 pair's share by the product of its reserves, at the parents' prices of token 0 and 1."""

    type: Literal["lp-fair"]
    venue: str
    parents: Two


class ReservesLpFile(p.Part):
    """A V2 pair's share by its reserves as they stand: one parent prices both sides by the first asset."""

    type: Literal["lp-by-reserves"]
    venue: str
    assets: list[str] = Field(min_length=1, max_length=2, description="What the parents price.")
    parents: list[str] = Field(min_length=1, max_length=2)


class VaultBooksFile(p.Part):
    """Assets per share of a vault by its own books, gifts left out, times the parent's price."""

    type: Literal["vault-share-own-books"]
    vault: str
    parents: list[str] = Field(default_factory=list, max_length=1)


class CappedRateFile(p.Part):
    """The first parent's price times the second's exchange rate, which may grow only so fast."""

    type: Literal["capped-rate"]
    yearly_growth: NotNegative = Field(description="Part a year; 0.1 is 10 %.")
    start: Positive = Field(Decimal(1), description="Rate at the start, from which the growth counts.")
    parents: Two


class CappedStableFile(p.Part):
    """The parent's price, at most the cap."""

    type: Literal["capped-stable"]
    cap: Positive
    parents: One


class RateOfChangeFile(p.Part):
    """A circuit breaker: refuse a price that moved too fast since the second parent, an earlier reading."""

    type: Literal["rate-of-change"]
    limit_per_second: NotNegative = Field(description="Relative change a second that passes.")
    free_move: NotNegative = Field(Decimal(0), description="Relative change that always passes.")
    parents: Two


class ConfidenceFile(p.Part):
    """Refuse a reading whose confidence is too wide, or that has none."""

    type: Literal["confidence-limit"]
    limit: Positive = Field(description="Largest confidence over price.")
    parents: One


class MinimumSourcesFile(p.Part):
    """Let the first parent pass while enough of the others, its witnesses, answer."""

    type: Literal["minimum-sources"]
    minimum: p.Count
    causes: list[str] = Field(
        default_factory=list, description="Common cause of each witness: those of one cause count once."
    )
    parents: list[str] = Field(min_length=2)


class FreezeFile(p.Part):
    """Refuse, or give the second parent, while a guardian has frozen the switch."""

    type: Literal["freeze"]
    switch: str = Field(description="Name that a guardian freezes.")
    parents: list[str] = Field(min_length=1, max_length=2)


class CrossFile(p.Part):
    """Two parents in a common unit, made into one pair."""

    type: Literal["cross"]
    first: Literal["multiply", "invert"] = "multiply"
    second: Literal["multiply", "invert"] = "invert"
    parents: Two


class IndexFile(p.Part):
    """A weighted index of exchanges, outliers from the median dropped or clamped, stale ones left out."""

    type: Literal["exchange-index"]
    weights: list[p.Count] = Field(min_length=1)
    band: Fraction = Field(Decimal("0.05"), description="Relative distance from the median.")
    outliers: Literal["drop", "clamp"] = "clamp"
    minimum: p.Count = 1
    maximum_age: p.Whole = Field(60, description="Seconds.")
    parents: list[str] = Field(min_length=1)


SourceNode: TypeAlias = (
    p.ConstantFile
    | p.FeedFile
    | p.DelayedFile
    | p.SpotFile
    | p.TwapFile
    | p.VaultRateFile
    | PoolAverageFile
    | FairLpFile
    | ReservesLpFile
    | VaultBooksFile
)
GuardNode: TypeAlias = (
    CappedRateFile
    | CappedStableFile
    | RateOfChangeFile
    | ConfidenceFile
    | MinimumSourcesFile
    | FreezeFile
    | CrossFile
    | IndexFile
)
OracleNode: TypeAlias = Annotated[
    SourceNode
    | GuardNode
    | MedianFile
    | WeightedMedianFile
    | EstimatorFile
    | PlainFile
    | StalenessFile
    | DeviationFile
    | BoundsFile,
    Field(discriminator="type"),
]
ARITY: dict[str, tuple[int, int]] = {"staleness": (1, 1), "bounds": (1, 1), "deviation-limit": (2, 3)}
"""Fewest and most parents of the nodes whose entry takes any number."""


class OracleFile(p.Part):
    """The oracle graph as named nodes, and which node prices each asset."""

    nodes: dict[str, OracleNode] = Field(min_length=1)
    prices: dict[str, str] = Field(min_length=1, description="Node by asset.")


def check_node(name: str, node: OracleNode) -> Iterator[Finding]:
    """Yield what is wrong within one node: numbers of parents, of weights and of causes."""
    place, given = ("oracle", "nodes", name), len(node.parents)
    low, high = (1, 1) if node.type == "positive" else ARITY.get(node.type, (0, 10**6))
    if not low <= given <= high:
        wanted = str(low) if low == high else f"{low} or {high}"
        yield Finding("count", (*place, "parents"), f"{given} parents", wanted)
    match node:
        case WeightedMedianFile() | IndexFile():
            if len(node.weights) != given:
                message = f"{len(node.weights)} weights for {given} parents"
                yield Finding("count", (*place, "weights"), message, "one weight per parent")
        case MinimumSourcesFile():
            if node.causes and len(node.causes) != given - 1:
                message = f"{len(node.causes)} causes for {given - 1} witnesses"
                yield Finding("count", (*place, "causes"), message, "one cause per witness")
        case ReservesLpFile():
            if len(node.assets) != given:
                message = f"{len(node.assets)} assets for {given} parents"
                yield Finding("count", (*place, "assets"), message, "one asset per parent")
        case _:
            return
