"""A whole book of accounts in a protocol file, drawn from distributions and judged on the array plane."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from scenarios.files.protocol_parts import Part, Whole
from scenarios.files.quantities import Fraction, NotNegative, Number, Positive

MOST_ACCOUNTS = 10_000_000


class PopulationFile(Part):
    """Accounts by distribution instead of by name; only `backstop stress` and what builds on it take them.

    All accounts are judged at every step of every path by the file's margin rule, which must be linear in
    prices. Who fails is liquidated whole and at once: positions are closed at the mark for
    `liquidation.bonus` of the notional, then debts are repaid out of the collateral, the bonus on top. The
    insurance fund pays a shortfall where the waterfall names it; the rest counts as shared.
    """

    accounts: Annotated[int, Field(ge=1, le=MOST_ACCOUNTS, strict=True)]
    collateral: dict[str, Positive] = Field(
        min_length=1, description="Weight by listing; shares of an account are exponential draws times these."
    )
    median_value: Positive = Field(description="Median value of an account's collateral, in money.")
    log_deviation: NotNegative = Field(Decimal(1), description="Of the log of that value (lognormal).")
    debt: dict[str, Positive] = Field(
        default_factory=dict, description="Weight by listing of what is borrowed against the collateral."
    )
    positions: dict[str, Positive] = Field(
        default_factory=dict, description="Weight by perpetual, entered at the starting price."
    )
    lowest_leverage: Positive = Field(
        description="Debt and notional over the collateral's value: uniform from here,"
    )
    highest_leverage: Positive = Field(
        description="up to here, and never more than initial margin permits at the start."
    )
    size_and_leverage: Number = Field(
        Decimal(0), description="Correlation between an account's log size and its leverage."
    )
    long: NotNegative = Field(Decimal("0.5"), description="Probability that a position is long, 0 to 1.")
    sell_collateral: bool = Field(
        True, description="Whether collateral pays debts at a liquidation; if not it stays, and so do debts."
    )
    depth: dict[str, Positive] = Field(
        default_factory=dict,
        description="Whole tokens of a constant-product pool in which liquidations trade, by asset: sales "
        "move the price, and that liquidates others. An asset without depth is sold at its price. Closed "
        "shorts buy here too: a pool far smaller than the open interest makes the price explode.",
    )
    recovery: Fraction = Field(
        Decimal("0.5"), description="Part of what was sold that comes back between two steps."
    )
    seed: Whole = Field(1, description="Of the draw; the same accounts stand in every run.")
