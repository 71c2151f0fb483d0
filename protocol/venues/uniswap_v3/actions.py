"""The contract's actions on a V3 pool: each returns what moved and the pool afterwards.

Source of the rules: ``UniswapV3Pool.sol`` of Uniswap V3 core 1.0.1. Callbacks are taken to pay what is owed
unless ``paid`` arguments say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from protocol.errors import (
    AlreadyInitialisedError,
    InsufficientLiquidityError,
    UnderpaidError,
    UninitialisedPoolError,
    UnknownAssetError,
    UnsafeValueError,
)
from protocol.fixed_point import mul_div_up, to_uint, wrap_int, wrap_uint
from protocol.venues.checks import require_not_negative, require_positive
from protocol.venues.uniswap_v3.observations import ObservationRing
from protocol.venues.uniswap_v3.positions import check_range, modify_position
from protocol.venues.uniswap_v3.state import PoolState, Position, PositionKey
from protocol.venues.uniswap_v3.swap_math import FEE_SCALE
from protocol.venues.uniswap_v3.swapping import SwapOutcome, default_limit, run_swap
from protocol.venues.uniswap_v3.tick_math import tick_at_sqrt_ratio

UINT128_MAX = (1 << 128) - 1


@dataclass(frozen=True, slots=True)
class PoolActions(PoolState):
    """A pool's state with the contract's actions."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Token 0 and token 1."""
        return (self.token0, self.token1)

    def swap_to_limit(
        self,
        zero_for_one: bool,
        amount_specified: int,
        sqrt_price_limit_x96: int | None = None,
        *,
        paid: int | None = None,
        time: int = 0,
    ) -> tuple[int, int, Self]:
        """Run the contract's own ``swap``.

        Parameters
        ----------
        zero_for_one
            Whether token 0 is sold.
        amount_specified
            Units sold (positive) or bought (negative).
        sqrt_price_limit_x96
            Price at which to stop; None is the farthest one allowed.
        paid
            Units that the callback pays; None is what is owed.
        time
            Block timestamp, Unix seconds.

        Returns
        -------
        (amount0, amount1, pool)
            Positive amounts came in, negative went out.

        Raises
        ------
        ZeroAmountError, UninitialisedPoolError, PriceLimitError
            ``AS``, ``LOK``, ``SPL``.
        InsufficientLiquidityError
            The pool's balance does not cover the output.
        UnderpaidError
            ``IIA``.
        """
        limit = default_limit(zero_for_one) if sqrt_price_limit_x96 is None else sqrt_price_limit_x96
        outcome = run_swap(self, zero_for_one, amount_specified, limit, time)
        return outcome.amount0, outcome.amount1, self.after_swap(outcome, zero_for_one, paid, time)

    def after_swap(self, outcome: SwapOutcome, zero_for_one: bool, paid: int | None, time: int) -> Self:
        """Return the pool with ``outcome`` recorded and paid for; see ``swap_to_limit``."""
        owed = outcome.amount0 if zero_for_one else outcome.amount1
        paid = owed if paid is None else paid
        if paid < owed:
            raise UnderpaidError("swap", owed, paid)
        if zero_for_one:
            balance0, balance1 = self.balance0 + paid, self.balance1 + outcome.amount1
            short = balance1
        else:
            balance0, balance1 = self.balance0 + outcome.amount0, self.balance1 + paid
            short = balance0
        if short < 0:
            asset = self.token1 if zero_for_one else self.token0
            held = self.balance1 if zero_for_one else self.balance0
            raise InsufficientLiquidityError(asset, held - short, held)
        observations = self.observations
        if outcome.tick != self.tick:
            observations = observations.write(time, self.tick, self.liquidity)
        growth, fee = outcome.fee_growth_global_x128, outcome.protocol_fee
        return replace(
            self,
            sqrt_price_x96=outcome.sqrt_price_x96,
            tick=outcome.tick,
            liquidity=outcome.liquidity,
            fee_growth_global0_x128=growth if zero_for_one else self.fee_growth_global0_x128,
            fee_growth_global1_x128=self.fee_growth_global1_x128 if zero_for_one else growth,
            protocol_fees0=wrap_uint(self.protocol_fees0 + fee, 128) if zero_for_one else self.protocol_fees0,
            protocol_fees1=self.protocol_fees1 if zero_for_one else wrap_uint(self.protocol_fees1 + fee, 128),
            ticks=self.ticks.changed(outcome.crossed) if outcome.crossed else self.ticks,
            observations=observations,
            balance0=balance0,
            balance1=balance1,
        )

    def initialise(self, sqrt_price_x96: int, *, time: int = 0) -> Self:
        """Set the first price (``AI`` if there is one) and start the oracle at Unix second ``time``.

        Raises
        ------
        AlreadyInitialisedError
            If the pool has a price.
        """
        if self.sqrt_price_x96:
            raise AlreadyInitialisedError(f"the pool has the price {self.sqrt_price_x96} already")
        return replace(
            self,
            sqrt_price_x96=sqrt_price_x96,
            tick=tick_at_sqrt_ratio(sqrt_price_x96),
            fee_protocol=0,
            observations=ObservationRing.initialised(time),
        )

    def increase_observation_cardinality_next(self, cardinality_next: int) -> Self:
        """Reserve oracle slots; they come into use when the ring next wraps."""
        self.require_initialised()
        return replace(self, observations=self.observations.grow(cardinality_next))

    def mint(
        self,
        owner: str,
        lower: int,
        upper: int,
        liquidity: int,
        *,
        paid: tuple[int, int] | None = None,
        time: int = 0,
    ) -> tuple[int, int, Self]:
        """Add ``liquidity`` (uint128) to ``owner``'s position; return (amount0, amount1, pool).

        Raises
        ------
        ZeroAmountError, TickRangeError, UnsafeValueError, OverflowedError
            Zero liquidity; ``TLU``/``TLM``/``TUM`` or off the spacing; ``LO``; ``LA``.
        UnderpaidError
            ``M0`` or ``M1``: ``paid`` is less than owed.
        """
        self.require_initialised()
        require_positive("liquidity", liquidity)
        amount0, amount1, pool = modify_position(self, PositionKey(owner, lower, upper), liquidity, time)
        paid0, paid1 = (amount0, amount1) if paid is None else paid
        for asset, owed, got in ((self.token0, amount0, paid0), (self.token1, amount1, paid1)):
            if got < owed:
                raise UnderpaidError(f"mint, {asset}", owed, got)
        pool = replace(pool, balance0=pool.balance0 + paid0, balance1=pool.balance1 + paid1)
        return amount0, amount1, pool

    def burn(
        self, owner: str, lower: int, upper: int, liquidity: int, *, time: int = 0
    ) -> tuple[int, int, Self]:
        """Take ``liquidity`` out of ``owner``'s position; return (amount0, amount1, pool).

        The amounts are only owed then; ``collect`` pays them. Zero liquidity brings the fees up to date.

        Raises
        ------
        NoPositionError, InsufficientLiquidityError, TickRangeError
            ``NP``; ``LS``; the range's own refusals.
        """
        self.require_initialised()
        require_not_negative("liquidity", liquidity)
        key = PositionKey(owner, lower, upper)
        amount0, amount1, pool = modify_position(self, key, -liquidity, time)
        position = pool.positions[key]
        position = position._replace(
            tokens_owed0=wrap_uint(position.tokens_owed0 - amount0, 128),
            tokens_owed1=wrap_uint(position.tokens_owed1 - amount1, 128),
        )
        return -amount0, -amount1, replace(pool, positions={**pool.positions, key: position})

    def collect(
        self, owner: str, lower: int, upper: int, asked0: int = UINT128_MAX, asked1: int = UINT128_MAX
    ) -> tuple[int, int, Self]:
        """Pay out what is owed to a position, at most what is asked; return (amount0, amount1, pool)."""
        self.require_initialised()
        key = PositionKey(owner, lower, upper)
        position = self.positions.get(key, Position())
        amount0 = min(to_uint(asked0, 128, "amount0 asked"), position.tokens_owed0)
        amount1 = min(to_uint(asked1, 128, "amount1 asked"), position.tokens_owed1)
        if not amount0 and not amount1:
            return 0, 0, self
        position = position._replace(
            tokens_owed0=position.tokens_owed0 - amount0, tokens_owed1=position.tokens_owed1 - amount1
        )
        return (
            amount0,
            amount1,
            replace(self._less(amount0, amount1), positions={**self.positions, key: position}),
        )

    def _less(self, amount0: int, amount1: int) -> Self:
        for asset, amount, held in (
            (self.token0, amount0, self.balance0),
            (self.token1, amount1, self.balance1),
        ):
            if amount > held:
                raise InsufficientLiquidityError(asset, amount, held)
        return replace(self, balance0=self.balance0 - amount0, balance1=self.balance1 - amount1)

    def donate(self, amounts: Mapping[str, int]) -> Self:
        """Receive plain token transfers: only the balances grow.

        Raises
        ------
        UnknownAssetError
            For an asset of another pool.
        """
        for asset, amount in amounts.items():
            require_not_negative(f"{asset} transferred", amount)
            if asset not in self.assets:
                raise UnknownAssetError(asset, self.assets)
        return self._less(-amounts.get(self.token0, 0), -amounts.get(self.token1, 0))

    def flash_fees_up(self, amount0: int, amount1: int) -> tuple[int, int]:
        """Return the fees of a flash loan, rounded up."""
        return mul_div_up(amount0, self.fee, FEE_SCALE), mul_div_up(amount1, self.fee, FEE_SCALE)

    def flash(
        self, amount0: int, amount1: int, *, returned: tuple[int, int] | None = None
    ) -> tuple[int, int, Self]:
        """Lend both tokens within one transaction; return (paid0, paid1, pool).

        Parameters
        ----------
        amount0, amount1
            Units lent.
        returned
            Units that came back; None is the loan and its fee. Anything beyond the loan goes to the
            liquidity in range, the protocol's part apart.

        Raises
        ------
        InsufficientLiquidityError
            ``L`` (nothing in range), or more asked than held.
        UnderpaidError
            ``F0`` or ``F1``.
        """
        self.require_initialised()
        require_not_negative("amount0", amount0)
        require_not_negative("amount1", amount1)
        if self.liquidity == 0:
            raise InsufficientLiquidityError("liquidity in range", 1, 0)
        self._less(amount0, amount1)
        fees = self.flash_fees_up(amount0, amount1)
        if returned is None:
            returned = amount0 + fees[0], amount1 + fees[1]
        paid = returned[0] - amount0, returned[1] - amount1
        for asset, owed, got in ((self.token0, fees[0], paid[0]), (self.token1, fees[1], paid[1])):
            if got < owed:
                raise UnderpaidError(f"flash, {asset}", owed, got)
        divisors = self.fee_protocol % 16, self.fee_protocol >> 4
        kept = [amount // divisor if divisor else 0 for amount, divisor in zip(paid, divisors, strict=True)]
        growth = [
            to_uint((amount - part << 128) // self.liquidity, 256, "fee growth")
            for amount, part in zip(paid, kept, strict=True)
        ]
        pool = replace(
            self,
            balance0=self.balance0 + paid[0],
            balance1=self.balance1 + paid[1],
            protocol_fees0=wrap_uint(self.protocol_fees0 + kept[0], 128),
            protocol_fees1=wrap_uint(self.protocol_fees1 + kept[1], 128),
            fee_growth_global0_x128=wrap_uint(self.fee_growth_global0_x128 + growth[0], 256),
            fee_growth_global1_x128=wrap_uint(self.fee_growth_global1_x128 + growth[1], 256),
        )
        return paid[0], paid[1], pool

    def set_fee_protocol(self, divisor0: int, divisor1: int) -> Self:
        """Set the protocol's part of the fees: 0, or 1/4 to 1/10 as its divisor.

        Raises
        ------
        UnsafeValueError
            Unless each divisor is 0 or 4 to 10.
        """
        self.require_initialised()
        for divisor in (divisor0, divisor1):
            if divisor != 0 and not 4 <= divisor <= 10:
                raise UnsafeValueError("protocol fee divisor", divisor, 4, 10)
        return replace(self, fee_protocol=divisor0 + (divisor1 << 4))

    def collect_protocol(self, asked0: int = UINT128_MAX, asked1: int = UINT128_MAX) -> tuple[int, int, Self]:
        """Pay out protocol fees; one unit stays behind where all were asked, as the contract keeps it."""
        self.require_initialised()
        amount0 = _all_but_one(to_uint(asked0, 128, "amount0 asked"), self.protocol_fees0)
        amount1 = _all_but_one(to_uint(asked1, 128, "amount1 asked"), self.protocol_fees1)
        pool = replace(
            self._less(amount0, amount1),
            protocol_fees0=self.protocol_fees0 - amount0,
            protocol_fees1=self.protocol_fees1 - amount1,
        )
        return amount0, amount1, pool

    def observe(self, seconds_agos: Sequence[int], *, time: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return tick cumulatives and seconds per liquidity X128 as of each of ``seconds_agos``."""
        readings = [self.observations.observe(time, ago, self.tick, self.liquidity) for ago in seconds_agos]
        return tuple(ticks for ticks, _ in readings), tuple(seconds for _, seconds in readings)

    def snapshot_cumulatives_inside(self, lower: int, upper: int, *, time: int) -> tuple[int, int, int]:
        """Return (tick cumulative, seconds per liquidity X128, seconds) spent inside a range of ticks.

        Raises
        ------
        UninitialisedPoolError
            If one of the ticks is not initialised.
        """
        check_range(self, lower, upper)
        below, above = self.ticks.at(lower), self.ticks.at(upper)
        if not below.initialised or not above.initialised:
            raise UninitialisedPoolError(f"tick {upper if below.initialised else lower} is not initialised")
        now = self.accumulators(time)
        outside = [
            (a.tick_cumulative_outside, a.seconds_per_liquidity_outside_x128, a.seconds_outside)
            for a in (below, above)
        ]
        whole = (now.tick_cumulative, now.seconds_per_liquidity_x128, now.time)
        if self.tick < lower:
            ticks, seconds_per, seconds = (a - b for a, b in zip(*outside, strict=True))
        elif self.tick < upper:
            ticks, seconds_per, seconds = (w - a - b for w, a, b in zip(whole, *outside, strict=True))
        else:
            ticks, seconds_per, seconds = (b - a for a, b in zip(*outside, strict=True))
        return wrap_int(ticks, 56), wrap_uint(seconds_per, 160), wrap_uint(seconds, 32)


def _all_but_one(asked: int, owed: int) -> int:
    amount = min(asked, owed)
    return amount - 1 if amount and amount == owed else amount
