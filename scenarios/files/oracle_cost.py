"""The file of ``backstop oracle cost``: sources with what they cost to corrupt, pools, the graph, targets."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from scenarios.files.quantities import Fraction, NotNegative, Number, Positive


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Count: TypeAlias = Annotated[int, Field(ge=1, strict=True)]
Seconds: TypeAlias = Annotated[int, Field(ge=0, strict=True)]
Blocks: TypeAlias = Annotated[int, Field(ge=1, le=20_000, strict=True)]


class Price(_Part):
    """What one purchase takes, in the file's money."""

    loss: NotNegative = Field(description="What the attacker does not get back.")
    capital: NotNegative | None = Field(None, description="What must be at hand; the loss if not given.")
    blocks: int = Field(0, ge=0, strict=True, description="Blocks for which it must be kept up.")
    needs: str = Field("", description="What else must be true, in words.")


# Pools


class ConstantProductShape(_Part):
    """x * y = k."""

    type: Literal["constant-product"]
    quote: Positive = Field(description="Quote reserve, in the file's money.")
    fee: Fraction = Field(description="Part of the input.")
    fees_join_reserves: bool = Field(True, description="True for V2 style pools.")


class WeightedShape(_Part):
    """Balancer's weighted pool."""

    type: Literal["weighted"]
    quote: Positive
    quote_weight: Positive
    base_weight: Positive
    fee: Fraction


class StableswapShape(_Part):
    """Curve's stableswap."""

    type: Literal["stableswap"]
    quote: Positive
    base: Positive
    others: list[Positive] = Field(default_factory=list)
    amplification: Positive
    fee: Fraction


class RangeShape(_Part):
    """Liquidity between two prices, given by the amounts that filled it."""

    lower: Positive
    upper: Positive
    quote: NotNegative
    base: NotNegative


class ConcentratedShape(_Part):
    """Uniswap V3: all ranges, also those far from the price."""

    type: Literal["concentrated"]
    price: Positive
    ranges: list[RangeShape] = Field(min_length=1)
    fee: Fraction


class OrderBookShape(_Part):
    """A book that is even over relative price."""

    type: Literal["order-book"]
    depth: Positive = Field(description="Money within a move of 100 %.")
    fee: Fraction


Shape: TypeAlias = Annotated[
    ConstantProductShape | WeightedShape | StableswapShape | ConcentratedShape | OrderBookShape,
    Field(discriminator="type"),
]

# Costs of sources


class FixedCost(_Part):
    """One price whatever the distance; what is not given cannot be done."""

    type: Literal["fixed"]
    move: Price | None = None
    silence: Price | None = None
    refuse: Price | None = None


class NoCost(_Part):
    """The source is taken as given."""

    type: Literal["incorruptible"]


class SpotCost(_Part):
    """A pool read as it stands."""

    type: Literal["spot-pool"]
    pool: str
    same_transaction: bool = Field(
        True, description="Whether the read can sit in the attacker's transaction."
    )


class TwapCost(_Part):
    """A pool read as an average."""

    type: Literal["twap-pool"]
    pool: str
    mean: Literal["arithmetic", "geometric"]
    window: Blocks
    streak: Blocks = Field(1, description="Blocks in a row that the attacker can propose.")
    clip_ticks: Positive | None = Field(None, description="Most by which one observation may move.")


class PoolGroupFile(_Part):
    """Constant product pools under one mean or median."""

    type: Literal["pool-group"]
    depths: dict[str, Positive] = Field(min_length=1, description="Quote reserve by pool.")
    weights: list[Positive] | None = Field(
        None, description="In the order of the pools; the depths if not given."
    )
    aggregation: Literal["mean", "median"]
    arbitrage_between: bool = False


class MemberFile(_Part):
    """One signer or publisher."""

    name: str
    lie: Price
    silence: Price | None = None
    report: Positive | None = Field(None, description="Honest report; the source's value if not given.")


class SignedMedianCost(_Part):
    """A median of signed reports."""

    type: Literal["signed-median"]
    members: list[MemberFile] = Field(min_length=1)
    rule: Literal["lower", "upper", "mean"] = "upper"
    quorum: Count | None = None
    sender_chooses: bool = False


class PublishersCost(_Part):
    """Pyth's three votes per publisher."""

    type: Literal["publishers"]
    members: list[MemberFile] = Field(min_length=1)
    minimum: Count = 1
    confidence_refuses: bool = False


class IndexVenueFile(_Part):
    """One exchange of an index."""

    weight: Count
    depth: Positive


class ExchangeIndexFile(_Part):
    """A weighted index of exchanges."""

    type: Literal["exchange-index"]
    venues: dict[str, IndexVenueFile] = Field(min_length=1)
    rule: Literal["mean", "median"] = "median"
    clamp: Positive | None = None


CostFile: TypeAlias = Annotated[
    FixedCost
    | NoCost
    | SpotCost
    | TwapCost
    | PoolGroupFile
    | SignedMedianCost
    | PublishersCost
    | ExchangeIndexFile,
    Field(discriminator="type"),
]


class SourceFile(_Part):
    """One source: what it says honestly, and what it costs."""

    value: Positive = Field(description="The honest answer.")
    age: Seconds | None = Field(None, description="Seconds since it was published; none: always now.")
    free_move: NotNegative = Field(0, description="Relative move that a submitter may choose for nothing.")  # type: ignore[assignment]  # read as an exact number
    reads: list[str] = Field(default_factory=list, description="Names of `upstreams` that it depends on.")
    cost: CostFile


# Graph


class _Node(_Part):
    parents: list[str] = Field(min_length=1)


class MedianFile(_Node):
    """The median of those that answer."""

    type: Literal["median"]
    even: Literal["lower", "upper", "mean-down", "mean-to-zero", "mean-from-zero"] = "lower"
    minimum_sources: Count = 1


class WeightedMedianFile(_Node):
    """The lower weighted median."""

    type: Literal["weighted-median"]
    weights: list[Count]
    minimum_weight: Count = 1


class EstimatorFile(_Node):
    """Mean, robust mean, or worst of."""

    type: Literal["estimator"]
    estimate: Literal["mean", "trimmed-mean", "winsorised-mean", "huber", "minimum", "maximum"]
    cut: Fraction = Field(
        Decimal("0.25"), description="Share cut on each side (trimmed and Winsorised mean)."
    )
    minimum_sources: Count = 1


class PlainFile(_Node):
    """A node without parameters."""

    type: Literal["latest", "first-of", "product", "quotient", "positive"]


class StalenessFile(_Node):
    """Refuse what is old."""

    type: Literal["staleness"]
    max_age: Seconds


class DeviationFile(_Node):
    """The first if it is near the second; else the third, or a refusal."""

    type: Literal["deviation-limit"]
    limit: Positive
    relative_to: Literal["first", "second"] = "first"


class BoundsFile(_Node):
    """Refuse or clamp outside fixed prices."""

    type: Literal["bounds"]
    lowest: NotNegative
    highest: Positive
    action: Literal["refuse", "clamp"] = "refuse"


NodeFile: TypeAlias = Annotated[
    MedianFile | WeightedMedianFile | EstimatorFile | PlainFile | StalenessFile | DeviationFile | BoundsFile,
    Field(discriminator="type"),
]

# What is asked


class TargetFile(_Part):
    """Move the answer by a factor, or stop it."""

    factor: Positive | None = None
    stop: bool = False


class OverborrowFile(_Part):
    """Borrow against overvalued collateral."""

    type: Literal["overborrow"]
    loan_to_value: Fraction
    lendable: Positive
    collateral: Positive | None = None


class OpenInterestFile(_Part):
    """Hold a perpetual through the distortion."""

    type: Literal["open-interest"]
    notional: Positive
    withdrawable: Positive | None = None


class Fall(_Part):
    """Debt that can be repaid once the factor is reached."""

    factor: Positive
    debt: Positive


class LiquidationsFile(_Part):
    """Earn the bonus on positions that are pushed below their requirement."""

    type: Literal["liquidations"]
    positions: list[Fall] = Field(min_length=1)
    bonus: Fraction


ProfitFile: TypeAlias = Annotated[
    OverborrowFile | OpenInterestFile | LiquidationsFile, Field(discriminator="type")
]


class Sweep(_Part):
    """Distortions over which the supremum is searched; both ends on one side of 1."""

    first: Positive = Field(description="First factor.")
    last: Positive = Field(description="Last factor.")
    points: Annotated[int, Field(ge=2, le=500, strict=True)] = 40


class OracleCostFile(_Part):
    """The whole file."""

    title: str
    money: str = Field("USD", description="Unit of every amount.")
    sources: dict[str, SourceFile] = Field(min_length=1)
    pools: dict[str, Shape] = Field(default_factory=dict)
    upstreams: dict[str, FixedCost] = Field(
        default_factory=dict, description="What several sources depend on, with its own price."
    )
    nodes: dict[str, NodeFile] = Field(default_factory=dict)
    output: str = Field(description="Node or source that the protocol reads.")
    targets: list[TargetFile] = Field(min_length=1)
    sweep: Sweep | None = None
    profits: dict[str, ProfitFile] = Field(default_factory=dict)
    assumptions: list[str] = Field(default_factory=list)
    references: dict[str, str] = Field(default_factory=dict)
    note: Number | str | None = None
