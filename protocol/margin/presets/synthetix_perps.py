"""Synthetix Perps V3: many perpetuals against many collaterals; requirements grow with size.

Source of the rule: Synthetixio/synthetix-v3 23585f73 ``markets/perps-market/contracts`` (PerpsAccount,
PerpsMarketConfiguration, AsyncOrder, PerpsCollateralConfiguration, GlobalPerpsMarketConfiguration). The
requirement of every market is added up; what a keeper may have to be paid is part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT, Context, N
from protocol.margin.judgement import Check, Judgement, Level
from protocol.margin.weights import linear_within
from protocol.pricing.funding import VelocityFunding

AVERAGE_YEAR = 31_557_600
"""Seconds of 365.25 days, by which interest runs."""


@dataclass(frozen=True, slots=True)
class MarketParameters(Generic[N]):
    """A market's configuration, in the order of the contract's views.

    Parameters
    ----------
    maker_fee, taker_fee
        Shares of notional.
    greatest_size, greatest_value
        Limits of one side's open interest, in units and in dollars (zero: none).
    greatest_velocity
        Of funding, per day.
    skew_scale
        Size that moves the price by itself; zero switches impact off.
    initial_ratio, least_initial_ratio, maintenance_scalar
        Initial rate = |size| / scale * ratio + least; maintenance rate = that times the scalar.
    locked_ratio
        Share of notional on which interest is paid.
    limit_multiplier, window_seconds, greatest_discount
        How much may be liquidated in a window: (maker + taker) * scale * multiplier * seconds; one window
        more is allowed while |skew| / scale is below ``greatest_discount``.
    flag_reward
        Share of notional paid for flagging.
    least_position_margin
        Dollars added to each position's requirements.
    settlement_reward
        Dollars added to an order's fee.
    """

    DECIMALS: ClassVar = {"window_seconds": 0}

    maker_fee: N
    taker_fee: N
    greatest_size: N
    greatest_velocity: N
    skew_scale: N
    initial_ratio: N
    maintenance_scalar: N
    locked_ratio: N
    limit_multiplier: N
    window_seconds: N
    flag_reward: N
    least_position_margin: N
    least_initial_ratio: N
    greatest_discount: N
    greatest_value: N
    settlement_reward: N

    def rates(self, context: Context[N], size: N) -> tuple[N, N]:
        """Return initial and maintenance rate of a position's notional."""
        impact = context.div_or(context.absolute(size), self.skew_scale, context.zero)
        initial = context.mul_down(impact, self.initial_ratio) + self.least_initial_ratio
        return initial, context.mul_down(initial, self.maintenance_scalar)

    def requirements(self, context: Context[N], size: N, price: N) -> tuple[N, N]:
        """Return initial and maintenance margin of a position in dollars; zero without one."""
        initial, maintenance = self.rates(context, size)
        notional = context.mul_down(context.absolute(size), price)
        empty = size == 0
        return (
            context.where(
                empty, context.zero, context.mul_down(notional, initial) + self.least_position_margin
            ),
            context.where(
                empty, context.zero, context.mul_down(notional, maintenance) + self.least_position_margin
            ),
        )

    def window_amount(self, context: Context[N]) -> N:
        """Return the size that may be liquidated in one window."""
        per_second = context.mul_down(
            context.mul_down(self.maker_fee + self.taker_fee, self.skew_scale), self.limit_multiplier
        )
        return per_second * self.window_seconds

    def windows(self, context: Context[N], size: N) -> N:
        """Return how many windows closing ``size`` takes, a number without decimals."""
        return context.ceil_or(context.absolute(size), self.window_amount(context), context.zero)


@dataclass(frozen=True, slots=True)
class PerpMarket(Generic[N]):
    """A market's state: index price, skew and size of all positions, and stored funding."""

    DECIMALS: ClassVar = {"seconds": 0}

    price: N
    skew: N
    size: N
    funding_rate: N
    funding_value: N
    seconds: N
    parameters: MarketParameters[N]

    @property
    def funding(self) -> VelocityFunding[N]:
        """The market's funding."""
        return VelocityFunding(
            self.skew,
            self.parameters.skew_scale,
            self.parameters.greatest_velocity,
            self.funding_rate,
            self.funding_value,
            self.seconds,
        )


@dataclass(frozen=True, slots=True)
class PerpPosition(Generic[N]):
    """A position, with price, funding value and interest index at the last change."""

    market: str
    size: N
    entry_price: N
    entry_funding: N
    entry_interest: N


@dataclass(frozen=True, slots=True)
class Collateral(Generic[N]):
    """A collateral whose discount grows with its amount.

    Parameters
    ----------
    amount, price
        Units and dollars per unit.
    skew_scale
        Of the spot market; zero means no discount.
    upper, lower, scalar
        discount = clamp(amount / scale * scalar, lower, upper).
    dollar
        The settlement asset itself: no price, no discount, no feed.
    """

    amount: N
    price: N
    skew_scale: N
    upper: N
    lower: N
    scalar: N
    dollar: bool = False

    def values(self, context: Context[N]) -> tuple[N, N]:
        """Return the value after and before the discount."""
        if self.dollar:
            return self.amount, self.amount
        value = context.mul_down(self.amount, self.price)
        discount = linear_within(context, self.amount, self.skew_scale, self.scalar, self.lower, self.upper)
        return context.mul_down(value, context.unit - discount), value


@dataclass(frozen=True, slots=True)
class KeeperTerms(Generic[N]):
    """What a keeper is paid, in dollars.

    Parameters
    ----------
    least_reward, greatest_reward
        Bounds.
    least_profit
        Share of the cost earned at least.
    greatest_share
        Of the collateral's value, the most that a reward may be.
    collateral_share
        Reward as a share of the collateral.
    settlement_cost, flag_cost, liquidate_cost, feed_cost
        Gas of the three calls, and of one more price feed in a flag.
    """

    least_reward: N
    greatest_reward: N
    least_profit: N
    greatest_share: N
    collateral_share: N
    settlement_cost: N
    flag_cost: N
    liquidate_cost: N
    feed_cost: N

    def reward(self, context: Context[N], reward: N, cost: N, available: N) -> N:
        """Return the reward within its bounds; the upper bound may undercut the cost."""
        floor = context.maximum(
            cost + self.least_reward, context.mul_down(cost, self.least_profit + context.unit)
        )
        share = context.mul_down(available, self.greatest_share)
        cap = context.where(
            available == 0, self.greatest_reward, context.minimum(share, self.greatest_reward)
        )
        return context.minimum(context.maximum(floor, reward + cost), cap)


@dataclass(frozen=True, slots=True)
class PositionFigures(Generic[N]):
    """Everything that follows from one position."""

    notional: N
    total: N
    price_gain: N
    interest: N
    funding: N
    initial_rate: N
    maintenance_rate: N
    initial: N
    maintenance: N


@dataclass(frozen=True, slots=True)
class AccountFigures(Generic[N]):
    """Everything that follows from the account.

    ``margin_available`` is what would be left of an account without positions after a keeper seized it.
    """

    available: N
    discounted: N
    collateral: N
    initial: N
    maintenance: N
    reward: N
    gain: N
    open_interest: N
    margin_available: N


@dataclass(frozen=True, slots=True)
class PerpAccount(Generic[N]):
    """An account in its markets.

    Parameters
    ----------
    markets
        By name.
    positions
        At most one a market.
    collaterals
        What is deposited.
    debt
        Dollars owed.
    keeper
        Keeper terms.
    interest
        Interest index now.
    """

    markets: tuple[tuple[str, PerpMarket[N]], ...]
    positions: tuple[PerpPosition[N], ...]
    collaterals: tuple[Collateral[N], ...]
    debt: N
    keeper: KeeperTerms[N]
    interest: N

    def market(self, name: str) -> PerpMarket[N]:
        """Return the market called ``name``."""
        return dict(self.markets)[name]

    def position(self, context: Context[N], position: PerpPosition[N]) -> PositionFigures[N]:
        """Return the figures of one position."""
        market = self.market(position.market)
        notional = context.mul_down(context.absolute(position.size), market.price)
        per_unit = market.funding.current_value(context, market.price) - position.entry_funding
        funding = context.mul_to_zero(position.size, per_unit)
        price_gain = context.mul_to_zero(position.size, market.price - position.entry_price)
        locked = context.mul_down(notional, market.parameters.locked_ratio)
        interest = context.mul_down(locked, self.interest - position.entry_interest)
        initial_rate, maintenance_rate = market.parameters.rates(context, position.size)
        initial, maintenance = market.parameters.requirements(context, position.size, market.price)
        return PositionFigures(
            notional,
            price_gain + funding - interest,
            price_gain,
            interest,
            funding,
            initial_rate,
            maintenance_rate,
            initial,
            maintenance,
        )

    def figures(self, context: Context[N]) -> AccountFigures[N]:
        """Return the figures of the account."""
        discounted = collateral = gain = interest = initial = maintenance = context.zero
        for held in self.collaterals:
            after, before = held.values(context)
            discounted = discounted + after
            collateral = collateral + before
        for position in self.positions:
            figures = self.position(context, position)
            gain = gain + figures.total
            interest = interest + figures.notional
            initial = initial + figures.initial
            maintenance = maintenance + figures.maintenance
        available = discounted + gain - self.debt
        reward = self.reward(context, collateral, "", context.zero, context.zero)
        seizing = self.keeper.reward(
            context,
            context.mul_down(collateral, self.keeper.collateral_share),
            self.flag_cost(context) + self.keeper.liquidate_cost,
            collateral,
        )
        return AccountFigures(
            available,
            discounted,
            collateral,
            initial,
            maintenance,
            reward if self.positions else context.zero,
            gain,
            interest,
            available - seizing,
        )

    def flag_cost(self, context: Context[N]) -> N:
        """Return the gas of a flag: one price feed per position and per collateral other than the dollar."""
        feeds = len(self.positions) + sum(not held.dollar for held in self.collaterals)
        return self.keeper.flag_cost + self.keeper.feed_cost * context.count(feeds)

    def reward(self, context: Context[N], collateral: N, changed: str, size: N, price: N) -> N:
        """Return what liquidating the account may cost, with the position in ``changed`` set to ``size``."""
        rewards = windows = context.zero
        rows: list[tuple[str, N, N]] = []
        for position in self.positions:
            if position.market != changed:
                rows.append((position.market, position.size, self.market(position.market).price))
        if changed:
            rows.append((changed, size, price))
        for name, held, at in rows:
            parameters = self.market(name).parameters
            notional = context.mul_down(context.absolute(held), at)
            rewards = rewards + context.mul_down(notional, parameters.flag_reward)
            windows = context.maximum(windows, parameters.windows(context, held))
        rewards = context.maximum(rewards, context.mul_down(collateral, self.keeper.collateral_share))
        cost = self.flag_cost(context) + self.keeper.liquidate_cost
        flagging = self.keeper.reward(context, rewards, cost, collateral)
        further = context.maximum(windows - context.count(1), context.zero)
        each = self.keeper.reward(context, context.zero, self.keeper.liquidate_cost, context.zero)
        return flagging + each * further

    def judge(self, context: Context[N], check: Check) -> Judgement[N]:
        """Return excess over initial or maintenance margin and the reward."""
        figures = self.figures(context)
        needed = figures.initial if check.level is Level.INITIAL else figures.maintenance
        return Judgement(
            check,
            figures.available - needed - figures.reward,
            figures.available,
            charges={"reward": figures.reward},
        )


def liquidatable(account: PerpAccount[int]) -> bool:
    """Return whether the account may be flagged (exact plane)."""
    figures = account.figures(EXACT)
    return bool(account.positions) and figures.maintenance + figures.reward > figures.available


def withdrawable(account: PerpAccount[int]) -> int:
    """Return what may be withdrawn: nothing with a debt, all without positions."""
    figures = account.figures(EXACT)
    if account.debt > 0:
        return 0
    if not account.positions:
        return figures.collateral
    return figures.available - figures.initial - figures.reward


def accrued_interest(index: int, rate: int, seconds: int) -> int:
    """Return the interest index ``seconds`` after it was stored, at a yearly ``rate``."""
    return index + EXACT.mul_down(rate, EXACT.quotient_down(seconds * WAD, AVERAGE_YEAR))
