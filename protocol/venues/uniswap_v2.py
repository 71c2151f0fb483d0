"""Uniswap V2 pair (and its forks): reserves, balances, liquidity, protocol fee, cumulative prices.

Source of the rules: ``UniswapV2Pair.sol`` and ``UniswapV2Library.sol`` of Uniswap V2 (npm
``@uniswap/v2-core`` 1.0.1). The pair counts what it *received* as balance minus reserve, so a plain
transfer is a gift that the next caller of mint, swap or skim may take; see ``donate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import isqrt
from typing import Self

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    InvariantError,
    UninitialisedPoolError,
    UnknownAssetError,
    ZeroAmountError,
)
from protocol.fixed_point import to_uint, wrap_uint
from protocol.venues.checks import require_not_negative, require_positive
from protocol.venues.venue import State, Trade, state_int, state_str

MINIMUM_LIQUIDITY = 1000
FEE_SCALE = 1000


def amount_out_down(amount_in: int, reserve_in: int, reserve_out: int, keep: int = 997) -> int:
    """Return the output of the library's ``getAmountOut``; ``keep`` is 997 of 1000 after the fee.

    Raises
    ------
    UninitialisedPoolError
        If a reserve is empty.
    """
    require_positive("amount in", amount_in)
    if reserve_in <= 0 or reserve_out <= 0:
        raise UninitialisedPoolError("the pair has no reserves")
    with_fee = amount_in * keep
    numerator = to_uint(with_fee * reserve_out, 256, "numerator")
    return numerator // to_uint(reserve_in * FEE_SCALE + with_fee, 256, "denominator")


def amount_in_up(amount_out: int, reserve_in: int, reserve_out: int, keep: int = 997) -> int:
    """Return the input of the library's ``getAmountIn``: floor + 1 even where the division is exact.

    Raises
    ------
    InsufficientLiquidityError, UninitialisedPoolError
        If the output is the whole reserve or more; if a reserve is empty.
    """
    require_positive("amount out", amount_out)
    if reserve_in <= 0 or reserve_out <= 0:
        raise UninitialisedPoolError("the pair has no reserves")
    if amount_out >= reserve_out:
        raise InsufficientLiquidityError("output", amount_out, reserve_out)
    return reserve_in * amount_out * FEE_SCALE // ((reserve_out - amount_out) * keep) + 1


@dataclass(frozen=True, slots=True)
class UniswapV2Pair:
    """A V2 pair as a value.

    Parameters
    ----------
    token0, token1
        Names in the contract's order.
    reserve0, reserve1
        Cached reserves (uint112), the price that everyone reads.
    balance0, balance1
        Tokens actually held; -1 (the default) means equal to the reserve.
    total_supply
        LP tokens in circulation, the locked 1000 included.
    keep
        Parts of 1000 of an input that count: 997 for a 0.30 % fee.
    time_last
        ``blockTimestampLast`` (uint32).
    price0_cumulative, price1_cumulative
        Sums of UQ112x112 price times seconds, wrapping at 2**256.
    k_last
        reserve0 * reserve1 after the last mint or burn while the protocol fee was on.
    fee_on
        Whether the factory has a fee recipient.
    fee_shares
        LP tokens minted to the fee recipient so far.
    """

    token0: str
    token1: str
    reserve0: int
    reserve1: int
    balance0: int = -1
    balance1: int = -1
    total_supply: int = 0
    keep: int = 997
    time_last: int = 0
    price0_cumulative: int = 0
    price1_cumulative: int = 0
    k_last: int = 0
    fee_on: bool = False
    fee_shares: int = 0

    def __post_init__(self) -> None:
        if self.balance0 == -1:
            object.__setattr__(self, "balance0", self.reserve0)
        if self.balance1 == -1:
            object.__setattr__(self, "balance1", self.reserve1)

    @property
    def assets(self) -> tuple[str, ...]:
        """Token 0 and token 1."""
        return (self.token0, self.token1)

    def reserves(self) -> Mapping[str, int]:
        """Return the cached reserves."""
        return {self.token0: self.reserve0, self.token1: self.reserve1}

    def _sides(self, sell: str, buy: str) -> tuple[int, int]:
        if (sell, buy) == (self.token0, self.token1):
            return self.reserve0, self.reserve1
        if (sell, buy) == (self.token1, self.token0):
            return self.reserve1, self.reserve0
        raise UnknownAssetError(buy if sell in self.assets else sell, self.assets)

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the router's output for ``amount_in``."""
        return amount_out_down(amount_in, *self._sides(sell, buy), self.keep)

    def quote_exact_out(self, sell: str, buy: str, amount_out: int) -> int:
        """Return the router's input for exactly ``amount_out``."""
        return amount_in_up(amount_out, *self._sides(sell, buy), self.keep)

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Do what the router does: transfer in, then take ``getAmountOut`` through the pair's swap."""
        return self._routed(sell, buy, amount_in, self.quote(sell, buy, amount_in), time)

    def swap_exact_out(self, sell: str, buy: str, amount_out: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Buy exactly ``amount_out`` at the router's ``getAmountIn``."""
        return self._routed(sell, buy, self.quote_exact_out(sell, buy, amount_out), amount_out, time)

    def _routed(self, sell: str, buy: str, amount_in: int, amount_out: int, time: int) -> tuple[Trade, Self]:
        outs = (amount_out, 0) if buy == self.token0 else (0, amount_out)
        after = self.donate({sell: amount_in}).swap_out(*outs, time=time)
        fee = amount_in - amount_in * self.keep // FEE_SCALE
        return Trade(sell, buy, amount_in, amount_out, fee=fee, fee_asset=sell), after

    def donate(self, amounts: Mapping[str, int]) -> Self:
        """Receive plain token transfers: balances grow, reserves and prices do not.

        Raises
        ------
        UnknownAssetError
            For an asset of another pair.
        """
        for asset, amount in amounts.items():
            require_not_negative(f"{asset} transferred", amount)
            if asset not in self.assets:
                raise UnknownAssetError(asset, self.assets)
        return replace(
            self,
            balance0=self.balance0 + amounts.get(self.token0, 0),
            balance1=self.balance1 + amounts.get(self.token1, 0),
        )

    def swap_out(
        self,
        amount0_out: int,
        amount1_out: int,
        *,
        paid_in_callback: Mapping[str, int] | None = None,
        time: int = 0,
    ) -> Self:
        """Run the pair's own ``swap``: send outputs first, then demand that k did not fall.

        Parameters
        ----------
        amount0_out, amount1_out
            Units sent out before anything is checked (a flash swap if nothing was paid yet).
        paid_in_callback
            Units that the receiver pays back inside the callback.
        time
            Block timestamp, Unix seconds.

        Raises
        ------
        ZeroAmountError
            INSUFFICIENT_OUTPUT_AMOUNT or INSUFFICIENT_INPUT_AMOUNT.
        InsufficientLiquidityError
            INSUFFICIENT_LIQUIDITY.
        InvariantError
            K.
        """
        require_not_negative("amount0 out", amount0_out)
        require_not_negative("amount1 out", amount1_out)
        if amount0_out == 0 and amount1_out == 0:
            raise ZeroAmountError("output")
        if amount0_out >= self.reserve0:
            raise InsufficientLiquidityError(self.token0, amount0_out, self.reserve0)
        if amount1_out >= self.reserve1:
            raise InsufficientLiquidityError(self.token1, amount1_out, self.reserve1)
        paid = self.donate(paid_in_callback or {})
        balance0 = paid.balance0 - amount0_out
        balance1 = paid.balance1 - amount1_out
        # A token that charges its sender can leave a pair with less than it believes: the transfer fails.
        if balance0 < 0 or balance1 < 0:
            asset, short = (self.token0, balance0) if balance0 < 0 else (self.token1, balance1)
            out = amount0_out if balance0 < 0 else amount1_out
            raise InsufficientLiquidityError(asset, out, out + short)
        in0 = max(balance0 - (self.reserve0 - amount0_out), 0)
        in1 = max(balance1 - (self.reserve1 - amount1_out), 0)
        if in0 == 0 and in1 == 0:
            raise ZeroAmountError("input")
        fee = FEE_SCALE - self.keep
        k_after = (balance0 * FEE_SCALE - in0 * fee) * (balance1 * FEE_SCALE - in1 * fee)
        k_before = self.reserve0 * self.reserve1 * FEE_SCALE**2
        if k_after < k_before:
            raise InvariantError("k", k_before, k_after)
        return replace(self, balance0=balance0, balance1=balance1).sync(time=time)

    def sync(self, *, time: int = 0) -> Self:
        """Set the reserves to the balances, accumulating the *old* price over the elapsed seconds."""
        to_uint(self.balance0, 112, "balance0")
        to_uint(self.balance1, 112, "balance1")
        return replace(self.accumulate(time), reserve0=self.balance0, reserve1=self.balance1)

    def accumulate(self, time: int) -> Self:
        """Return the pair with its cumulative prices brought to ``time``, reserves untouched.

        What ``currentCumulativePrices`` of the periphery's oracle library computes.
        """
        now = wrap_uint(time, 32)
        elapsed = wrap_uint(now - self.time_last, 32)
        cumulative0, cumulative1 = self.price0_cumulative, self.price1_cumulative
        if elapsed and self.reserve0 and self.reserve1:
            cumulative0 = wrap_uint(cumulative0 + (self.reserve1 << 112) // self.reserve0 * elapsed, 256)
            cumulative1 = wrap_uint(cumulative1 + (self.reserve0 << 112) // self.reserve1 * elapsed, 256)
        return replace(
            self,
            time_last=now,
            price0_cumulative=cumulative0,
            price1_cumulative=cumulative1,
        )

    def skim(self) -> tuple[int, int, Self]:
        """Hand out what is held beyond the reserves; return (amount0, amount1, pair)."""
        extra0, extra1 = self.balance0 - self.reserve0, self.balance1 - self.reserve1
        require_not_negative("balance0 beyond reserve", extra0)
        require_not_negative("balance1 beyond reserve", extra1)
        return extra0, extra1, replace(self, balance0=self.reserve0, balance1=self.reserve1)

    def mint(self, *, time: int = 0) -> tuple[int, Self]:
        """Mint LP tokens for what was transferred in since the reserves were cached.

        Returns
        -------
        (shares, pair)
            LP tokens for the caller. The first mint locks 1000 of them for ever.

        Raises
        ------
        NegativeAmountError, ZeroAmountError, DivisionByZeroError
            If the first deposit is below the locked minimum; if nothing would be minted; if a
            reserve is empty while shares exist.
        """
        pair = self._with_protocol_fee()
        amount0, amount1 = pair.balance0 - pair.reserve0, pair.balance1 - pair.reserve1
        require_not_negative("amount0", amount0)
        require_not_negative("amount1", amount1)
        locked = 0
        if pair.total_supply == 0:
            locked = MINIMUM_LIQUIDITY
            shares = isqrt(amount0 * amount1) - MINIMUM_LIQUIDITY
            require_not_negative("liquidity beyond the minimum", shares)
        elif pair.reserve0 == 0 or pair.reserve1 == 0:
            raise DivisionByZeroError("liquidity per reserve")
        else:
            shares = min(
                amount0 * pair.total_supply // pair.reserve0, amount1 * pair.total_supply // pair.reserve1
            )
        require_positive("liquidity minted", shares)
        pair = replace(pair, total_supply=pair.total_supply + locked + shares).sync(time=time)
        return shares, pair._remember_k()

    def burn(self, shares: int, *, time: int = 0) -> tuple[int, int, Self]:
        """Burn ``shares`` LP tokens sent to the pair; return (amount0, amount1, pair).

        Raises
        ------
        InsufficientLiquidityError, ZeroAmountError
            For more shares than exist; if they pay nothing of a token.
        """
        pair = self._with_protocol_fee()
        require_positive("shares", shares)
        if shares > pair.total_supply:
            raise InsufficientLiquidityError("shares", shares, pair.total_supply)
        amount0 = to_uint(shares * pair.balance0, 256, "shares * balance0") // pair.total_supply
        amount1 = to_uint(shares * pair.balance1, 256, "shares * balance1") // pair.total_supply
        require_positive("amount0 burned", amount0)
        require_positive("amount1 burned", amount1)
        pair = replace(
            pair,
            balance0=pair.balance0 - amount0,
            balance1=pair.balance1 - amount1,
            total_supply=pair.total_supply - shares,
        ).sync(time=time)
        return amount0, amount1, pair._remember_k()

    def _with_protocol_fee(self) -> Self:
        if not self.fee_on:
            return replace(self, k_last=0) if self.k_last else self
        if self.k_last == 0:
            return self
        root, root_last = isqrt(self.reserve0 * self.reserve1), isqrt(self.k_last)
        if root <= root_last:
            return self
        shares = self.total_supply * (root - root_last) // (root * 5 + root_last)
        return replace(self, total_supply=self.total_supply + shares, fee_shares=self.fee_shares + shares)

    def _remember_k(self) -> Self:
        return replace(self, k_last=self.reserve0 * self.reserve1) if self.fee_on else self

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pair from ``to_state``'s data; only tokens and reserves are required."""
        return cls(
            token0=state_str(state, "token0"),
            token1=state_str(state, "token1"),
            reserve0=state_int(state, "reserve0"),
            reserve1=state_int(state, "reserve1"),
            balance0=state_int(state, "balance0", -1),
            balance1=state_int(state, "balance1", -1),
            total_supply=state_int(state, "total_supply", 0),
            keep=state_int(state, "keep", 997),
            time_last=state_int(state, "time_last", 0),
            price0_cumulative=state_int(state, "price0_cumulative", 0),
            price1_cumulative=state_int(state, "price1_cumulative", 0),
            k_last=state_int(state, "k_last", 0),
            fee_on=bool(state.get("fee_on", False)),
            fee_shares=state_int(state, "fee_shares", 0),
        )
