"""A Uniswap V3 pool behind the venue interface: quotes and trades as the router makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from protocol.errors import (
    InsufficientLiquidityError,
    SlippageError,
    UnknownAssetError,
    UnsafeValueError,
)
from protocol.venues.checks import require_positive
from protocol.venues.uniswap_v3.actions import PoolActions
from protocol.venues.uniswap_v3.quoter import Quoter
from protocol.venues.uniswap_v3.state import TICK_SPACINGS
from protocol.venues.uniswap_v3.swapping import default_limit, run_swap
from protocol.venues.venue import Trade


@dataclass(frozen=True, slots=True)
class UniswapV3Pool(PoolActions):
    """A V3 pool as a value; fields as in :class:`PoolState`, actions as in :class:`PoolActions`."""

    _quoter: Quoter | None = field(default=None, init=False, compare=False, repr=False)

    @classmethod
    def create(cls, token0: str, token1: str, fee: int, tick_spacing: int | None = None) -> Self:
        """Return a pool without a price.

        Parameters
        ----------
        token0, token1
            Names in the contract's order.
        fee
            Millionths of the input.
        tick_spacing
            Needed only for a fee that the factory did not enable at the start.
        """
        if tick_spacing is None:
            if fee not in TICK_SPACINGS:
                raise UnsafeValueError(
                    "fee without a tick spacing", fee, min(TICK_SPACINGS), max(TICK_SPACINGS)
                )
            tick_spacing = TICK_SPACINGS[fee]
        return cls(token0, token1, fee, tick_spacing)

    def reserves(self) -> Mapping[str, int]:
        """Return the tokens held less uncollected protocol fees; fees owed to positions are among them."""
        return {
            self.token0: self.balance0 - self.protocol_fees0,
            self.token1: self.balance1 - self.protocol_fees1,
        }

    def quoter(self) -> Quoter:
        """Return the quoter of this state, made once and kept."""
        quoter = self._quoter
        if quoter is None:
            quoter = Quoter(self)
            object.__setattr__(self, "_quoter", quoter)
        return quoter

    def _zero_for_one(self, sell: str, buy: str) -> bool:
        if (sell, buy) == (self.token0, self.token1):
            return True
        if (sell, buy) == (self.token1, self.token0):
            return False
        raise UnknownAssetError(buy if sell in self.assets else sell, self.assets)

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what the router's exact-input swap without a price limit pays out.

        Where the liquidity ends before the input does, the pool takes less than ``amount_in``.
        """
        require_positive("amount in", amount_in)
        return self.quoter().exact_in(self._zero_for_one(sell, buy), amount_in)[1]

    def quote_exact_out(self, sell: str, buy: str, amount_out: int) -> int:
        """Return the input for exactly ``amount_out``; raise if the pool cannot pay that much."""
        require_positive("amount out", amount_out)
        return self.quoter().exact_out(self._zero_for_one(sell, buy), amount_out)[0]

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Sell up to ``amount_in`` without a price limit; the trade tells what the pool took."""
        require_positive("amount in", amount_in)
        return self._trade(sell, buy, amount_in, time)

    def swap_exact_out(
        self, sell: str, buy: str, amount_out: int, max_in: int | None = None, *, time: int = 0
    ) -> tuple[Trade, Self]:
        """Buy exactly ``amount_out`` for at most ``max_in``, as the router does.

        Raises
        ------
        InsufficientLiquidityError
            The liquidity ends first.
        SlippageError
            It would cost more than ``max_in``.
        """
        require_positive("amount out", amount_out)
        trade, after = self._trade(sell, buy, -amount_out, time)
        if trade.amount_out != amount_out:
            raise InsufficientLiquidityError(buy, amount_out, trade.amount_out)
        if max_in is not None and trade.amount_in > max_in:
            raise SlippageError("input", trade.amount_in, max_in)
        return trade, after

    def _trade(self, sell: str, buy: str, amount: int, time: int) -> tuple[Trade, Self]:
        zero_for_one = self._zero_for_one(sell, buy)
        outcome = run_swap(self, zero_for_one, amount, default_limit(zero_for_one), time)
        paid, received = (
            (outcome.amount0, -outcome.amount1) if zero_for_one else (outcome.amount1, -outcome.amount0)
        )
        trade = Trade(sell, buy, paid, received, fee=outcome.fee, fee_asset=sell)
        return trade, self.after_swap(outcome, zero_for_one, None, time)
