"""Exact quotes without running the swap loop again for each.

What a whole range of constant liquidity costs and pays does not depend on the trade, so the running sums
over the ranges ahead of the price are kept: a quote is a bisection and one partial step. The ranges end at
initialised ticks *and* at the ends of bitmap words, where the contract rounds. A range is crossed exactly
when the input left covers its cost and fee, because floor(left * (1e6 - fee) / 1e6) >= cost holds just
when left >= cost + ceil(cost * fee / (1e6 - fee)).

The sums grow as far as quotes have needed them, so the first quote of a state costs about one swap loop.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from protocol.errors import InsufficientLiquidityError
from protocol.venues.checks import require_positive
from protocol.venues.uniswap_v3.sqrt_price_math import (
    amount0_delta_down,
    amount0_delta_up,
    amount1_delta_down,
    amount1_delta_up,
    price_after_output,
)
from protocol.venues.uniswap_v3.state import PoolState
from protocol.venues.uniswap_v3.swap_math import FEE_SCALE
from protocol.venues.uniswap_v3.swapping import check_swap, default_limit, next_target, run_swap
from protocol.venues.uniswap_v3.ticks import add_liquidity

_WORD = 1 << 256


class Ranges(NamedTuple):
    """The ranges ahead of the price in one direction, up to where an amount leads.

    Parameters
    ----------
    ins, outs, prices
        One more figure than there are ranges: what the ranges before cost (fee included) and pay, and the
        square-root price X96 there.
    liquidities
        One figure a range.
    """

    ins: tuple[int, ...]
    outs: tuple[int, ...]
    prices: tuple[int, ...]
    liquidities: tuple[int, ...]


class _Side:
    """The ranges ahead of the price in one direction, found as far as needed.

    ``ranges[k]`` is (start price, liquidity, liquidity * 2**96); ``ins[k]`` and ``outs[k]`` are what the
    ranges before it cost (fee included) and pay, ``prices[k]`` is where they end.
    """

    __slots__ = (
        "_entering",
        "_limit",
        "_liquidity",
        "_state",
        "_tick",
        "_zero_for_one",
        "ins",
        "outs",
        "prices",
        "ranges",
    )

    def __init__(self, state: PoolState, zero_for_one: bool) -> None:
        self._state, self._zero_for_one = state, zero_for_one
        self._limit = default_limit(zero_for_one)
        self._tick, self._liquidity, self._entering = state.tick, state.liquidity, 0
        self.ins, self.outs, self.prices = [0], [0], [state.sqrt_price_x96]
        self.ranges: list[tuple[int, int, int]] = []

    def reach(self, sums: list[int], amount: int) -> None:
        """Extend until ``sums`` (ins or outs) exceeds ``amount`` or the price range ends."""
        while sums[-1] <= amount and self._extend():
            pass

    def _extend(self) -> bool:
        state, zero_for_one = self._state, self._zero_for_one
        price = self.prices[-1]
        if price == self._limit:
            return False
        self._liquidity = liquidity = add_liquidity(self._liquidity, self._entering)
        tick, stop, initialised = next_target(state, self._tick, liquidity, zero_for_one, self._limit)
        if zero_for_one:
            target = max(stop, self._limit)
            cost = amount0_delta_up(target, price, liquidity)
            out = amount1_delta_down(target, price, liquidity)
        else:
            target = min(stop, self._limit)
            cost = amount1_delta_up(price, target, liquidity)
            out = amount0_delta_down(price, target, liquidity)
        fee = -(-cost * state.fee // (FEE_SCALE - state.fee))
        self.ranges.append((price, liquidity, liquidity << 96))
        self.ins.append(self.ins[-1] + cost + fee)
        self.outs.append(self.outs[-1] + out)
        self.prices.append(target)
        net = state.ticks[tick].liquidity_net if initialised and target == stop else 0
        self._entering = -net if zero_for_one else net
        self._tick = tick - 1 if zero_for_one else tick
        return True


class Quoter:
    """Exact quotes of one pool state, without a price limit; equal to the swap loop in every unit.

    Parameters
    ----------
    state
        The pool; being immutable, it cannot change under the sums.
    """

    __slots__ = ("_down", "_fee", "_keep", "_state", "_up")

    def __init__(self, state: PoolState) -> None:
        self._state, self._fee, self._keep = state, state.fee, FEE_SCALE - state.fee
        self._down, self._up = _Side(state, True), _Side(state, False)

    def exact_in(self, zero_for_one: bool, amount: int) -> tuple[int, int, int]:
        """Quote selling ``amount`` units.

        Returns
        -------
        (amount in, amount out, square-root price X96 afterwards)
            The pool takes less than ``amount`` only where the liquidity ends first.

        Raises
        ------
        RuleError
            The swap would revert.
        """
        side = self._down if zero_for_one else self._up
        ins = side.ins
        if amount <= 0 or amount >> 128 or ins[-1] <= amount:
            require_positive("amount in", amount)
            if amount >> 128:
                return self._loop(zero_for_one, amount)
            self._reach(side, ins, zero_for_one, amount)
        k = bisect_left(ins, amount)
        if k == len(ins):
            return ins[-1], side.outs[-1], side.prices[-1]
        if ins[k] == amount:
            return amount, side.outs[k], side.prices[k]
        k -= 1
        price, liquidity, scaled = side.ranges[k]
        left = (amount - ins[k]) * self._keep // FEE_SCALE
        if zero_for_one:
            denominator = scaled + left * price
            if denominator < _WORD:
                after = -(-scaled * price // denominator)
            else:
                after = -(-scaled // (scaled // price + left))
            return amount, side.outs[k] + (liquidity * (price - after) >> 96), after
        moved = (left << 96) // liquidity
        after = price + moved
        return amount, side.outs[k] + scaled * moved // (after * price), after

    def ranges(self, zero_for_one: bool, amount_in: int) -> Ranges:
        """Return the ranges that selling ``amount_in`` touches, at least the first."""
        side = self._down if zero_for_one else self._up
        self._reach(side, side.ins, zero_for_one, amount_in)
        return Ranges(
            tuple(side.ins),
            tuple(side.outs),
            tuple(side.prices),
            tuple(liquidity for _, liquidity, _ in side.ranges),
        )

    def exact_out(self, zero_for_one: bool, amount: int) -> tuple[int, int, int]:
        """Quote buying exactly ``amount`` units.

        Returns
        -------
        (amount in, amount out, square-root price X96 afterwards)

        Raises
        ------
        InsufficientLiquidityError
            The liquidity ends first.
        """
        side = self._down if zero_for_one else self._up
        outs = side.outs
        if amount <= 0 or outs[-1] <= amount:
            require_positive("amount out", amount)
            self._reach(side, outs, zero_for_one, -amount)
        k = bisect_left(outs, amount)
        if k == len(outs):
            raise InsufficientLiquidityError("amount out", amount, outs[-1])
        if outs[k] == amount:
            amount_in, after = side.ins[k], side.prices[k]
        else:
            k -= 1
            price, liquidity, _ = side.ranges[k]
            after = price_after_output(price, liquidity, amount - outs[k], zero_for_one)
            if zero_for_one:
                cost = amount0_delta_up(after, price, liquidity)
            else:
                cost = amount1_delta_up(price, after, liquidity)
            amount_in = side.ins[k] + cost - (-cost * self._fee // self._keep)
        if amount_in >> 128:
            return self._loop(zero_for_one, -amount)
        return amount_in, amount, after

    def _reach(self, side: _Side, sums: list[int], zero_for_one: bool, amount: int) -> None:
        check_swap(self._state, zero_for_one, amount, default_limit(zero_for_one))
        side.reach(sums, abs(amount))

    def _loop(self, zero_for_one: bool, amount: int) -> tuple[int, int, int]:
        # From 2**128 units on, the fee per unit of liquidity may overflow, which only the loop checks.
        outcome = run_swap(self._state, zero_for_one, amount, default_limit(zero_for_one), 0)
        moved = (outcome.amount0, -outcome.amount1) if zero_for_one else (outcome.amount1, -outcome.amount0)
        return *moved, outcome.sqrt_price_x96
