"""The rules in a protocol file: listings, perpetuals, margin, liquidation, waterfall, fees, market."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from scenarios.files.margin_terms import MarginName
from scenarios.files.per_asset import Positives
from scenarios.files.protocol_carry import FundingFile, InterestFile, MarkVenueFile
from scenarios.files.protocol_parts import Decimals, Part
from scenarios.files.quantities import Fraction, NotNegative, Number, Positive

Share: TypeAlias = Annotated[NotNegative, Field(le=1)]
TERMS_HELP = "Parameters of the margin preset's own, by name."


class ListingFile(Part):
    """An asset that the protocol takes or lends."""

    collateral_factor: Fraction = Field(Decimal(0), description="Part of the value that may be borrowed.")
    liquidation_threshold: Fraction | None = Field(
        None, description="Part of the value below which debt is liquidated; the factor if not given."
    )
    cash: NotNegative = Field(Decimal(0), description="Whole tokens that others have lent.")
    borrowable: bool = Field(True, description="Whether it may be owed.")
    supply_cap: NotNegative | None = Field(None, description="Most collateral, whole tokens.")
    borrow_cap: NotNegative | None = Field(None, description="Most debt of all accounts, whole tokens.")
    debt_ceiling: NotNegative | None = Field(
        None, description="Isolation: most debt in money against it, and no other collateral beside it."
    )
    interest: InterestFile | None = Field(None, description="None: debt costs nothing.")
    terms: dict[str, Number] = Field(default_factory=dict, description=TERMS_HELP)


class PerpetualFile(Part):
    """A linear perpetual market."""

    underlying: str = Field(description="Asset whose price is the index.")
    decimals: Decimals = 6
    maximum_leverage: Positive = Field(description="One over the initial margin rate.")
    maintenance_leverage: Positive | None = Field(
        None, description="One over the maintenance rate; twice the maximum if not given."
    )
    position_limit: Positive | None = Field(None, description="Most base that one account may hold.")
    open_interest_cap: Positive | None = Field(None, description="Most base that all longs may hold.")
    venue: MarkVenueFile | None = Field(
        None, description="Market of its own, whose price is the mark; without one the mark is the index."
    )
    margin_price: Literal["index", "mark"] = Field("index", description="Price by which margin is judged.")
    mark_cap: Fraction | None = Field(
        None, description="Most by which the mark may stray from the index where margin is judged."
    )
    funding: FundingFile | None = Field(None, description="None: no funding is charged.")
    terms: dict[str, Number] = Field(default_factory=dict, description=TERMS_HELP)


class MarginFile(Part):
    """Which rule judges accounts.

    Overrides stand in the listings and perpetuals: ``collateral_factor``, ``liquidation_threshold`` and
    leverages; what only one engine knows under ``terms``. Portfolio presets (derive, deribit and the grids)
    bring their published rates instead and count cash in the settlement asset.
    """

    preset: MarginName = "loan-to-value"
    settlement: str = Field(
        "USDC", description="Asset in which perpetuals settle; of compound-v3 the one that is lent."
    )
    terms: dict[str, Number] = Field(default_factory=dict, description=TERMS_HELP)


LiquidationName: TypeAlias = Literal[
    "aave",
    "compound",
    "euler",
    "maker",
    "derive",
    "mango",
    "drift",
    "dydx",
    "hyperliquid",
    "synthetix",
    "gmx",
]


PERPETUALS_ONLY: tuple[LiquidationName, ...] = ("hyperliquid", "synthetix", "gmx")


class LiquidationFile(Part):
    """A liquidation design by name, with overrides."""

    preset: LiquidationName = "aave"
    bonus: Fraction | None = Field(
        None, description="Liquidator's bonus or penalty; the design's if not given."
    )
    close_factor: Positive | None = Field(None, description="Part of the debt in one step (aave).")
    deleveraging: bool | None = Field(
        None,
        description="Whether positions of accounts below zero are closed against the winners at the price "
        "that leaves the account with nothing, before the waterfall pays; the design's if not given.",
    )


Payer: TypeAlias = Literal["insurance-fund", "deleverage", "socialise", "deficit"]


class BackstopVaultFile(Part):
    """The vault that takes over accounts which the market did not liquidate in time (hyperliquid).

    At synthetix and gmx it is the pool against which every liquidated position is closed.
    """

    cash: NotNegative = Field(Decimal(0), description="What it holds in the settlement asset.")
    most_share: NotNegative | None = Field(
        None,
        description="Greatest notional that it holds, as a multiple of its cash; of a larger account it "
        "takes over the part that it has room for.",
    )
    most_loss: Share | None = Field(
        None,
        description="Part of its cash that it may lose on what it took over; beyond it, its positions are "
        "closed against the winners. All of it if not given.",
    )
    unwinds: Share | None = Field(
        None,
        description="Part of a position that it closes at a time, at the oracle's price, with whoever takes "
        "the other side; it holds what it took over if not given.",
    )


class FeesFile(Part):
    """What things cost."""

    flash_loan: Fraction = Field(Decimal(0), description="Part of a flash loan.")
    perpetual: Fraction = Field(
        Decimal(0), description="Part of the notional, from the taker to the insurance fund."
    )
    transaction: NotNegative = Field(
        Decimal(0), description="Money that one transaction of an attacker costs."
    )


class DepthFile(Part):
    """How deep the markets outside are, and how that dries up with volatility and comes back."""

    calm: dict[str, Positive] = Field(
        min_length=1, description="Money that moves the price by the band in calm times, by asset."
    )
    reference: Positives = Field(description="Annualised volatility of calm times.")
    band: Fraction = Field(Decimal("0.02"), description="Relative price move that `calm` refers to.")
    elasticity: NotNegative = Field(
        Decimal(1), description="Depth falls as volatility over reference to this negative power."
    )
    floor: Fraction = Field(Decimal("0.02"), description="Least part of the calm depth.")
    half_life: Positive = Field(Decimal(3600), description="Seconds in which half of the loss returns.")
    memory: Positive = Field(
        Decimal(600), description="Half-life in seconds of the realised volatility that counts too."
    )


class OutsideFile(Part):
    """The markets outside the file: deep, at the outside price less a spread."""

    half_spread: Fraction = Field(Decimal("0.0005"), description="Part of the value, on either side.")
    most_per_step: dict[str, NotNegative] = Field(
        default_factory=dict,
        description="Whole tokens that one account can trade there per step; no limit if absent.",
    )
    depth: DepthFile | None = Field(None, description="Impact of trades there; none if absent.")
    flash_liquidity: dict[str, NotNegative] = Field(
        default_factory=dict, description="Whole tokens that can be flash-borrowed; none if absent."
    )


class RunFile(Part):
    """Length and numbers."""

    steps: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 100
    step_seconds: Annotated[int, Field(ge=1, strict=True)] = 3600
    block_seconds: Annotated[int, Field(ge=1, strict=True)] = Field(
        12, description="Between blocks of an attack."
    )
    seed: Annotated[int, Field(ge=0, strict=True)] = 1
    runs: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] = 100
