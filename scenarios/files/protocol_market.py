"""The market in a protocol file: one model by name, with its parameters, shocks and volatility surface.

``model`` may be left out: then the section is the plain one, geometric Brownian motion with at most one of
``jumps``, ``heston`` and ``garch``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from scenarios.files.per_asset import Correlations, NotNegatives, Numbers, Positives
from scenarios.files.protocol_parts import Part
from scenarios.files.quantities import Fraction, NotNegative, Number, Positive
from scenarios.files.recorded import RecordedFile

PLAIN: Literal["plain"] = "plain"
Step: TypeAlias = Annotated[int, Field(ge=0, strict=True)]


class JumpFile(Part):
    """One source of jumps common to the market."""

    intensity: NotNegative = Field(description="Expected jumps a year.")
    mean: dict[str, Number] = Field(description="Mean log size by asset; 0 if absent.")
    deviation: dict[str, NotNegative] = Field(default_factory=dict, description="Of the log size.")


class CorrelatedJumpFile(Part):
    """One source of jumps, with the correlation of the sizes at one jump."""

    intensity: NotNegative = Field(description="Expected jumps a year.")
    mean: Numbers = Field(description="Mean log size; 0 if absent.")
    deviation: NotNegatives = Field(default_factory=dict, description="Of the log size; 0 if absent.")
    correlation: Correlations | None = Field(
        None, description="Of the log sizes; all assets move by one draw if not given."
    )


class HestonFile(Part):
    """Variance that reverts to the square of `volatility` and moves against the price."""

    reversion: Positive = Field(description="Speed kappa a year.")
    volatility_of_variance: Positive = Field(description="xi.")
    leverage: Number = Field(Decimal("-0.5"), description="rho between a price and its own variance.")


class GarchFile(Part):
    """Volatility that clusters, per step of the run; alpha + beta + gamma / 2 below 1."""

    alpha: Fraction
    beta: Fraction
    gamma: Fraction = Field(Decimal(0), description="Weight of falls beside rises.")


class ShockFile(Part):
    """A scripted crash laid over the market."""

    script: str = Field(description="Name of a script, for example `black-thursday-2020-03-12`.")
    at_step: Step = 0
    assets: dict[str, str] = Field(min_length=1, description="Asset of the script by asset of the file.")
    severity: NotNegative = Field(Decimal(1), description="Power of the move: 1 as it happened.")


class SurfaceFile(Part):
    """Implied volatilities that move with spot: SSVI, free of static arbitrage at every step."""

    level: dict[str, Positive] = Field(min_length=1, description="At the money, annualised, by asset.")
    spot_beta: Numbers = Field(
        {"*": Decimal(2)}, description="Change of the log level per log spot, with the opposite sign."
    )
    reversion: NotNegative = Field(Decimal(10), description="Speed a year at which the log level returns.")
    noise: NotNegative = Field(Decimal(0), description="Annualised deviation of the log level's own noise.")
    skew: Number = Field(Decimal("-0.3"), description="rho of SSVI.")
    curvature: Positive = Field(Decimal(1), description="eta of SSVI, at most 2 / (1 + |rho|).")


class _Market(Part):
    """What every market has."""

    shock: ShockFile | None = None
    shocks: list[ShockFile] = Field(default_factory=list, description="More scripts, over each other.")
    script: dict[str, list[Positive]] = Field(
        default_factory=dict,
        description="Price after each step as a multiple of the start; the last one stays.",
    )
    surface: SurfaceFile | None = None

    def random(self) -> tuple[str, ...]:
        """Return the assets that the model moves, in the order of its arrays."""
        raise NotImplementedError

    def all_shocks(self) -> tuple[tuple[tuple[str | int, ...], ShockFile], ...]:
        """Return every shock with its place in the section."""
        first = ((("shock",), self.shock),) if self.shock is not None else ()
        return (*first, *((("shocks", i), shock) for i, shock in enumerate(self.shocks)))

    def moving(self) -> tuple[str, ...]:
        """Return the assets of a path: those of the model, then those that only a shock moves."""
        shocked = (asset for _, shock in self.all_shocks() for asset in shock.assets)
        return tuple(dict.fromkeys((*self.random(), *shocked)))


class PlainMarket(_Market):
    """How outside prices move; an asset without volatility and path keeps its price.

    At most one of `jumps`, `heston` and `garch` is given; without them prices are geometric Brownian motions.
    """

    model: Literal["plain"] = PLAIN
    volatility: dict[str, NotNegative] = Field(default_factory=dict, description="Annualised, by asset.")
    drift: dict[str, Number] = Field(default_factory=dict, description="Expected growth a year, by asset.")
    correlation: Number = Field(Decimal(0), description="Between every two assets' diffusions.")
    jumps: list[JumpFile] = Field(default_factory=list)
    heston: HestonFile | None = None
    garch: GarchFile | None = None

    def random(self) -> tuple[str, ...]:
        """Return the assets with a volatility."""
        return tuple(self.volatility)


class _Diffusion(_Market):
    """What the parametric models share."""

    volatility: dict[str, NotNegative] = Field(
        min_length=1, description="Annualised, by asset; in the long run where it moves."
    )
    drift: Numbers = Field(default_factory=dict, description="Expected growth a year; 0 if absent.")
    correlation: Correlations = Field(
        default_factory=dict, description="Between the diffusions: one number, or pairs."
    )

    def random(self) -> tuple[str, ...]:
        """Return the assets with a volatility."""
        return tuple(self.volatility)


class BrownianMarket(_Diffusion):
    """Correlated geometric Brownian motions."""

    model: Literal["brownian"]


class JumpDiffusionMarket(_Diffusion):
    """Brownian motions with jumps, common or of single assets (Merton)."""

    model: Literal["jump-diffusion"]
    jumps: list[CorrelatedJumpFile] = Field(min_length=1)
    compensated: bool = Field(
        True, description="Lower the drift by the jumps' expected growth, so that `drift` is the whole."
    )


class HestonMarket(_Diffusion):
    """Stochastic variance that reverts to the square of `volatility` (Heston)."""

    model: Literal["heston"]
    reversion: Positives = Field(description="Speed kappa a year.")
    volatility_of_variance: Positives = Field(description="xi.")
    leverage: Numbers = Field({"*": Decimal("-0.5")}, description="rho between a price and its own variance.")
    start: NotNegatives = Field(
        default_factory=dict, description="Volatility at the start; the long-run one if absent."
    )


class GarchMarket(_Diffusion):
    """Volatility that clusters from step to step (GARCH(1,1) with leverage)."""

    model: Literal["garch"]
    alpha: NotNegatives = Field(description="Weight of the last squared move.")
    beta: NotNegatives = Field(description="Weight of the last variance; alpha + beta + gamma / 2 below 1.")
    gamma: NotNegatives = Field({"*": Decimal(0)}, description="More weight of falls.")
    start: NotNegatives = Field(
        default_factory=dict, description="Volatility of the first step; the long-run one if absent."
    )


class RegimeFile(Part):
    """How all assets move while a regime lasts."""

    volatility: dict[str, NotNegative] = Field(min_length=1, description="Annualised, by asset.")
    drift: Numbers = Field(default_factory=dict, description="A year; 0 if absent.")
    correlation: Correlations = Field(default_factory=dict)
    leave: dict[str, NotNegative] = Field(
        default_factory=dict, description="Rate a year of going to another regime, by its name."
    )


class RegimesMarket(_Market):
    """Volatility, drift and correlation that switch together (Markov chain in continuous time)."""

    model: Literal["regimes"]
    regimes: dict[str, RegimeFile] = Field(min_length=1)
    start: str = Field("", description="Regime of the first step; the first one if not given.")

    def random(self) -> tuple[str, ...]:
        """Return the assets of the first regime."""
        return tuple(next(iter(self.regimes.values())).volatility)


class _Recorded(_Market):
    """What comes from a file of prices."""

    prices: RecordedFile
    half_life: Positive = Field(
        Decimal(60), description="Steps; of the realised volatility that depth follows."
    )

    def random(self) -> tuple[str, ...]:
        """Return the assets with a column."""
        return tuple(self.prices.columns)


class HistoricalMarket(_Recorded):
    """Recorded prices as they were, scaled so that they begin at the asset's price in this file."""

    model: Literal["historical"]
    window: bool = Field(False, description="Let every run begin at a row of its own, drawn.")


class BootstrapMarket(_Recorded):
    """Recorded returns in blocks of random length (stationary bootstrap)."""

    model: Literal["bootstrap"]
    mean_block: Positive = Field(description="Mean length of a block in steps; 1 draws every return alone.")


def _named(value: object) -> object:
    if isinstance(value, Mapping) and "model" not in value:
        return {"model": PLAIN, **value}
    return value


MarketFile: TypeAlias = Annotated[
    PlainMarket
    | BrownianMarket
    | JumpDiffusionMarket
    | HestonMarket
    | GarchMarket
    | RegimesMarket
    | HistoricalMarket
    | BootstrapMarket,
    Field(discriminator="model"),
    BeforeValidator(_named),
]
"""What may stand under ``market``."""
