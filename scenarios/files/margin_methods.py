"""Rules of one's own that are no scenario grid: statistics, unified accounts, OKX's tables, credit."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from scenarios.files.quantities import NotNegative, Number, Positive

ZERO, ONE = Decimal(0), Decimal(1)


def _share(number: Decimal) -> Decimal:
    if not 0 <= number <= 1:
        raise PydanticCustomError("share", "this is no share", {"expected": "0 to 1: 0.25 is 25 %"})
    return number


Share: TypeAlias = Annotated[Number, AfterValidator(_share)]
"""An exact number from zero to one."""


class Part(BaseModel):
    """A closed part of a portfolio file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Statistics(Part):
    """A loss at a confidence: from volatilities and the rule's correlations, or from past moves."""

    confidence: Share
    shortfall: bool = Field(False, description="The mean loss beyond the confidence instead.")
    days: Positive = Field(ONE, description="Horizon; for volatilities only.")
    volatilities: dict[str, Positive] = Field(default_factory=dict, description="Yearly, by underlying.")
    moves: dict[str, list[Number]] = Field(
        default_factory=dict, description="Past moves as shares, by underlying, all of the same periods."
    )


class Quadratic(Part):
    """SIMM's quadratic form with the rule's correlations: ten days at 99 %."""

    volatilities: dict[str, Positive] = Field(description="Yearly, by underlying.")


class Tier(Part):
    """A rate and the amount or notional from which it holds."""

    above: NotNegative
    rate: Share


class UnifiedMarket(Part):
    """Rates of a perpetual by slices of notional."""

    initial: list[Tier] = Field(min_length=1)
    maintenance: list[Tier] = Field(min_length=1)


class Unified(Part):
    """A unified account: perpetuals by tiers, collateral by slices of amount."""

    markets: dict[str, UnifiedMarket]
    collateral: dict[str, list[Tier]] = Field(default_factory=dict)
    okx_discounts: dict[str, list[NotNegative]] = Field(
        default_factory=dict, description="Amounts from which OKX's rates 0.90, 0.89, 0.88, 0.86, ... hold."
    )
    bybit_discounts: list[str] = Field(
        default_factory=list, description="Assets with Bybit's tiers of BTC (its documentation's example)."
    )


class OkxTables(Part):
    """The numbers that OKX publishes as tables; none has a default."""

    volatility_up: Positive
    volatility_down: Share
    extreme_share: Share
    carry: NotNegative
    vega: Share
    rate: NotNegative
    floor: NotNegative
    initial_factor: Positive


class Grid(Part):
    """Scenarios of one's own in place of the grid's."""

    spots: list[Number] = Field(min_length=1, description="Moves as shares, such as -0.15.")
    volatility_up: NotNegative
    volatility_down: Share
    naked: NotNegative = ZERO
    net_delta: NotNegative = ZERO
    hedged: NotNegative = ZERO
    perpetual: NotNegative = ZERO
    initial_factor: Positive = ONE
    maintenance_factor: Positive = ONE


class Line(Part):
    """A credit line: what stays unsecured, the least call, and what is held whatever the exposure."""

    threshold: NotNegative
    minimum_transfer: NotNegative = ZERO
    independent: NotNegative = ZERO


class Dynamic(Part):
    """Moves that follow volatility without swinging with it; one stands for the grid's own."""

    volatility: Positive
    reference: Positive = Field(description="Volatility at which the grid's own moves hold.")
    stressed: Positive = Field(description="Greatest multiple up to which the buffer is charged.")
    floor: Positive = Field(ONE, description="Least multiple.")
    buffer: Share = Field(Decimal("0.25"), description="Charged in calm times; 0.25 is EMIR's.")
