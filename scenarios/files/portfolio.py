"""The file of ``backstop margin``: collateral, prices by underlying, positions, rules of one's own."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from scenarios.files.margin_methods import (
    ONE,
    ZERO,
    Dynamic,
    Grid,
    Line,
    OkxTables,
    Part,
    Quadratic,
    Share,
    Statistics,
    Unified,
)
from scenarios.files.quantities import Fraction, NotNegative, Number, Positive

PriceViewName: TypeAlias = Literal[
    "rule", "index", "mark", "slow", "conservative", "bid-ask", "widened", "fill"
]


class PoolShares(Part):
    """A constant-product pool whose shares are held, valued so that trading against it cannot move it."""

    assets: tuple[str, str] = Field(description="Underlyings of this file, or its cash.")
    reserves: tuple[Positive, Positive]
    supply: Positive = Field(description="Shares in circulation.")


class Collateral(Part):
    """A balance: the account's cash, units of an underlying, or a token with a price of its own."""

    amount: Number = Field(description="Units; negative for a debt (cash and underlyings only).")
    cash: bool = Field(False, description="Whether this is the asset in which the account settles.")
    price: Positive | None = Field(None, description="For a token that is no underlying of this file.")
    rate: Positive | None = Field(
        None, description="Instead of a price: units of `follows` that a share of a vault stands for."
    )
    pool: PoolShares | None = Field(None, description="Instead of a price: the pool whose share it is.")
    growth: Positive = Field(
        ONE, description="Interest index now over that at entry: what a debt or a supply has grown by."
    )
    confidence: Share = Field(ONE, description="What the token's oracle claims, 0 to 1.")
    follows: str | None = Field(None, description="Underlying with which the token's price moves.")
    available: NotNegative = Field(ZERO, description="Units outside that could be posted.")
    locked: bool = Field(False, description="Whether it must stay in the account.")
    carry: Number = Field(ZERO, description="Cost per dollar posted, such as yield given up.")
    swap_fee: Fraction = Field(ZERO, description="Share of the value lost on either side of a swap.")


class Surface(Part):
    """Raw SVI: total variance a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)) at log-moneyness k."""

    a: Number
    b: NotNegative
    rho: Number = Field(description="Skew, -1 to 1.")
    m: Number
    sigma: NotNegative


class Expiry(Part):
    """One expiry of an underlying."""

    days: Positive = Field(description="To expiry.")
    forward: Positive | None = Field(None, description="Forward price; the index if not given.")
    rate: Number = Field(ZERO, description="Interest per year.")
    volatility: Positive | None = Field(None, description="One implied volatility for all strikes.")
    svi: Surface | None = Field(None, description="The volatility surface, instead of one volatility.")
    average: NotNegative = Field(
        ZERO, description="Mean price so far where settlement is averaged and has begun."
    )
    forward_confidence: Share = ONE
    rate_confidence: Share = ONE
    volatility_confidence: Share = ONE


class OpenInterest(Part):
    """What all accounts together hold of an underlying's perpetual."""

    long: NotNegative
    short: NotNegative


class Underlying(Part):
    """The prices of one underlying."""

    index: Positive = Field(description="Spot index price.")
    mark: Positive | None = Field(None, description="The perpetual's mark; the index if not given.")
    slow: Positive | None = Field(None, description="Time-weighted or delayed price.")
    bid: Positive | None = None
    ask: Positive | None = None
    uncertainty: NotNegative = Field(ZERO, description="Half the oracle's confidence interval.")
    confidence: Share = Field(ONE, description="What the oracle claims, 0 to 1.")
    open_interest: OpenInterest | None = Field(None, description="Of all accounts, in units.")
    deposits: NotNegative = Field(ZERO, description="Of all accounts as a token, in units.")
    borrows: NotNegative = Field(ZERO, description="By all accounts, in units.")
    half_spread: NotNegative = Field(
        ZERO, description="Share of the price lost to the spread where everything held is sold."
    )
    depth: NotNegative = Field(
        ZERO, description="Units that move the price by itself when sold; zero: no impact is counted."
    )
    skew_scale: NotNegative = Field(
        ZERO, description="Skew that moves the price by itself; zero: closing has no impact."
    )
    expiries: dict[str, Expiry] = Field(default_factory=dict)


class _Contract(Part):
    underlying: str
    name: str | None = Field(None, description="By which `--trade` finds it.")


class VelocityTerms(Part):
    """Funding that moves with the market's skew; open interest and skew scale are the underlying's."""

    rate: Number = Field(ZERO, description="A day, when the position was last settled.")
    greatest: Positive = Field(description="Change of the rate per day at full skew.")
    days: NotNegative


class PremiumTerms(Part):
    """Funding by the premium of mark over index, clamped."""

    periods: NotNegative = Field(description="Funding periods since the position was last settled.")
    interest: Number = Field(description="A period; 0.0001 on most venues.")
    clamp: NotNegative
    cap: NotNegative


class Perpetual(_Contract):
    """A linear perpetual: pays size * (mark - entry) in cash."""

    type: Literal["perpetual"]
    size: Number
    entry: Positive
    funding: Number = Field(ZERO, description="Received and not yet in cash; negative if owed.")
    velocity: VelocityTerms | None = Field(None, description="Accrues funding on top, by skew.")
    premium: PremiumTerms | None = Field(None, description="Accrues funding on top, by clamped premium.")


class InversePerpetual(_Contract):
    """A coin-settled perpetual: pays contracts * (1 / entry - 1 / mark) of the underlying."""

    type: Literal["inverse-perpetual"]
    contracts: Number = Field(description="Of one dollar each; negative if sold.")
    entry: Positive


class Quanto(_Contract):
    """Pays size * (mark - entry) * rate in a third asset."""

    type: Literal["quanto"]
    size: Number
    entry: Positive
    settlement: str = Field(description="The third asset: another underlying of this file.")
    rate: Positive = Field(description="Units of the third asset per dollar of move.")


class DatedFuture(_Contract):
    """A linear future: pays size * (forward - entry) in cash."""

    type: Literal["future"]
    expiry: str
    size: Number
    entry: Positive


class Option(_Contract):
    """A European option."""

    type: Literal["call", "put"]
    expiry: str
    strike: Positive
    size: Number = Field(description="Positive if bought, negative if sold.")


Position: TypeAlias = Annotated[
    Perpetual | InversePerpetual | Quanto | DatedFuture | Option, Field(discriminator="type")
]


class Reach(Part):
    """How much further than its grid says an underlying moves."""

    spot: Positive = Field(ONE, description="Multiplier of the moves of its price.")
    volatility: Positive = Field(ONE, description="Multiplier of the moves of its volatility.")


class CalendarTerms(Part):
    """Charges on spreads between expiries."""

    carry: NotNegative = Field(
        ZERO, description="Move of the yearly carry under which forwards are revalued."
    )
    spread: NotNegative = Field(ZERO, description="Charge on each dollar of a spread between two expiries.")


class Credit(Part):
    """What two underlyings of opposite delta give back of their risk."""

    pair: str = Field(description="Such as BTC/ETH; in order of priority.")
    rate: Share
    ratio: Positive = Field(ONE, description="Dollars of the second that stand against one of the first.")


class OwnRule(Part):
    """A rule of one's own: a scenario grid with settings, or one of the other methods."""

    grid: str | None = Field(None, description="The preset whose scenarios and charges it takes.")
    statistics: Statistics | None = None
    quadratic: Quadratic | None = None
    unified: Unified | None = None
    okx_portfolio: OkxTables | None = None
    scenarios: Grid | None = Field(None, description="In place of the grid's.")
    dynamic: dict[str, Dynamic] = Field(default_factory=dict, description="Ranges that follow volatility.")
    blend: Share = Field(ZERO, description="Weight of the sum without netting; the rest is netted.")
    credit: Line | None = None
    correlations: dict[str, Number] = Field(
        default_factory=dict, description="By pair such as BTC/ETH; pairs not given are at zero."
    )
    floor: Share = Field(ZERO, description="Least share of the plain sum that is charged, 0 to 1.")
    haircuts: dict[str, Share] = Field(
        default_factory=dict, description="By collateral token; what has none does not count."
    )
    ranges: dict[str, Reach] = Field(default_factory=dict, description="By underlying.")
    calendar: CalendarTerms | None = None
    credits: list[Credit] = Field(default_factory=list, description="Not together with correlations.")


class PortfolioFile(Part):
    """One account and the market it stands in."""

    title: str = Field(min_length=1)
    money: str = Field("USD", description="The unit of every price.")
    price_view: PriceViewName = Field(
        "rule", description="Which of the known prices are read; `rule`: those of each rule's level."
    )
    stable_price: Positive = Field(ONE, description="Price of the settlement asset.")
    collateral: dict[str, Collateral] = Field(default_factory=dict, description="Balances by asset.")
    underlyings: dict[str, Underlying] = Field(default_factory=dict, description="Prices by underlying.")
    positions: list[Position] = Field(default_factory=list)
    rules: dict[str, OwnRule] = Field(default_factory=dict, description="Rules of one's own by name.")
    direction: dict[str, Number] = Field(
        default_factory=dict,
        description="The common direction: how much of a move each underlying makes; 1 if none is given.",
    )
    notes: list[str] = Field(default_factory=list)
