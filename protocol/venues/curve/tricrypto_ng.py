"""Tricrypto-ng: three volatile coins, liquidity that follows an exponential price average.

Source of the rules: ``CurveTricryptoOptimizedWETH.vy``. The oracle mixes in the last spot price, cut at
twice the price scale, once per block; what is stored as last price is the spot after the action, uncut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Self

from protocol.errors import (
    DivisionByZeroError,
    SlippageError,
    UninitialisedPoolError,
    VirtualPriceLossError,
    ZeroAmountError,
)
from protocol.fixed_point import WAD, to_uint
from protocol.venues.checks import require_not_negative, require_positive
from protocol.venues.curve.common import FEE_SCALE, minus, position, positions, replaced
from protocol.venues.curve.crypto_math import MAX_SHARE, MIN_SHARE, require_within
from protocol.venues.curve.crypto_pool import CryptoPool
from protocol.venues.curve.exponential import EXP_ZERO_CRYPTO, exp_down, moving_average_down
from protocol.venues.curve.tricrypto_math import (
    cbrt,
    geometric_mean,
    marginal_prices,
    newton_d,
    solve_balance,
)
from protocol.venues.venue import Trade

CLAIM_SUPPLY = WAD
"""Below one LP token no admin fee is claimed."""


@dataclass(frozen=True, slots=True)
class TricryptoNG(CryptoPool):
    """A tricrypto-ng pool as a value; see ``CryptoPool`` for its state."""

    def _newton_d(self, xp: Sequence[int], k0: int = 0) -> int:
        return newton_d(self.parameters.amplification, self.parameters.gamma, xp, k0)

    def _xcp(self, d: int) -> int:
        return geometric_mean(self.balanced(d, self.price_scale))

    def _ramping(self, time: int) -> bool:
        return self.ramp_end > time

    def virtual_price_down(self) -> int:
        """Return the value of an LP token in units of its first day, 1e18 (``get_virtual_price``).

        Raises
        ------
        DivisionByZeroError
            Without LP tokens.
        """
        if self.total_supply == 0:
            raise DivisionByZeroError("virtual price without LP tokens")
        return WAD * self._xcp(self.d) // self.total_supply

    def price_oracle(self, k: int, time: int) -> int:
        """Return the average price of coin ``k + 1`` in coin 0 at Unix second ``time``, 1e18."""
        stored = self.price_oracle_stored[k]
        if self.last_prices_time >= time:
            return stored
        passed = (time - self.last_prices_time) * WAD // self.parameters.averaging_time
        spot = min(self.last_prices[k], 2 * self.price_scale[k])
        return moving_average_down(spot, stored, exp_down(-passed, EXP_ZERO_CRYPTO))

    def lp_price_down(self) -> int:
        """Return the price of an LP token in coin 0, 1e18, from the STORED oracle, not its value now."""
        root = cbrt(self.price_oracle_stored[0] * self.price_oracle_stored[1])
        return 3 * self.virtual_price * root // 10**24

    def _exchange(self, i: int, j: int, amount_in: int) -> tuple[int, int, tuple[int, ...], int]:
        """Return output, fee, the scaled balances with the input in and the fee-free output out, and K0."""
        require_positive("amount in", amount_in)
        if self.d == 0:
            raise UninitialisedPoolError("the pool is empty")
        xp = self.scaled_balances(replaced(self.balances, i, self.balances[i] + amount_in))
        y, k0 = solve_balance(self.parameters.amplification, self.parameters.gamma, xp, self.d, j)
        dy = minus(xp[j], y + 1, "output")
        if j > 0:
            dy = dy * WAD // self.price_scale[j - 1]
        dy //= self.precisions[j]
        xp = replaced(xp, j, y)
        fee = self.fee_at(xp) * dy // FEE_SCALE
        return dy - fee, fee, xp, k0

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what ``exchange`` would pay; changes nothing."""
        return self._exchange(*positions(self.coins, sell, buy), amount_in)[0]

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Exchange, then update oracle, profit and perhaps the price scale."""
        i, j = positions(self.coins, sell, buy)
        pool = self.at(time)
        if pool._ramping(time):
            pool = replace(pool, d=pool._newton_d(pool.scaled_balances()))
        out, fee, xp, k0 = pool._exchange(i, j, amount_in)
        left = minus(pool.balances[j], out, "balance")
        balances = replaced(replaced(pool.balances, i, pool.balances[i] + amount_in), j, left)
        value = left * pool.precisions[j]
        if j > 0:
            value = value * pool.price_scale[j - 1] // WAD
        after = replace(pool, balances=balances)._tweaked(replaced(xp, j, value), 0, k0, time)
        return Trade(sell, buy, amount_in, out, fee=fee, fee_asset=buy), after

    def _tweaked(self, xp: tuple[int, ...], new_d: int, k0: int, time: int) -> Self:
        """Update averages, last prices and profit, and move the price scale if profits allow."""
        oracle = tuple(
            to_uint(self.price_oracle(k, time), 128, "price oracle") for k in range(len(self.price_scale))
        )
        a, gamma = self.parameters.amplification, self.parameters.gamma
        d = new_d or self._newton_d(xp, k0)
        last = tuple(
            to_uint(p * scale // WAD, 128, "last price")
            for p, scale in zip(marginal_prices(xp, d, a, gamma), self.price_scale, strict=True)
        )
        virtual_price = profit = WAD
        if self.virtual_price > 0:
            virtual_price = WAD * self._xcp(d) // self.total_supply
            profit = self.xcp_profit * virtual_price // self.virtual_price
            if self.ramp_end < time and virtual_price <= self.virtual_price:
                raise VirtualPriceLossError(self.virtual_price, virtual_price)
        updated = replace(
            self,
            price_oracle_stored=oracle,
            last_prices=last,
            last_prices_time=max(self.last_prices_time, time),
            xcp_profit=profit,
            d=d,
            virtual_price=virtual_price,
        )
        return updated._moved(xp) or updated

    def _moved(self, xp: tuple[int, ...]) -> Self | None:
        """Return the pool with its price scale moved toward the oracle; None where it stays."""
        parameters = self.parameters
        profit = minus(2 * self.virtual_price, WAD, "profit")
        if profit <= self.xcp_profit + 2 * parameters.allowed_extra_profit:
            return None
        pairs = tuple(zip(self.price_scale, self.price_oracle_stored, strict=True))
        norm = isqrt(sum((oracle * WAD // scale - WAD) ** 2 for scale, oracle in pairs))
        step = max(parameters.adjustment_step, norm // 5)
        if norm <= step:
            return None
        prices = tuple((scale * (norm - step) + step * oracle) // norm for scale, oracle in pairs)
        moved = (xp[0], *(x * p // s for x, p, s in zip(xp[1:], prices, self.price_scale, strict=True)))
        d = self._newton_d(moved)
        for value in moved:
            require_within("balance over D", value * WAD // d, MIN_SHARE, MAX_SHARE)
        virtual_price = WAD * geometric_mean(self.balanced(d, prices)) // self.total_supply
        if virtual_price <= WAD or 2 * virtual_price - WAD <= self.xcp_profit:
            return None
        for price in prices:
            to_uint(price, 128, "price scale")
        return replace(self, d=d, virtual_price=virtual_price, price_scale=prices)

    def claim_admin_fees(self, *, time: int = 0) -> Self:
        """Take in donations and mint the admin's LP tokens, if there was profit since the last claim."""
        if self.xcp_profit <= self.xcp_profit_claimed or self.total_supply < CLAIM_SUPPLY:
            return self
        pool = self.at(time).with_admin_share()
        d = pool._newton_d(pool.scaled_balances())
        virtual_price = WAD * pool._xcp(d) // pool.total_supply
        return replace(pool, d=d, virtual_price=virtual_price, xcp_profit_claimed=pool.xcp_profit)

    def add_liquidity(self, amounts: Sequence[int], *, min_mint: int = 0, time: int = 0) -> tuple[int, Self]:
        """Deposit ``amounts`` (raw, one per coin); return the LP tokens minted and the pool.

        Raises
        ------
        ZeroAmountError, SlippageError
            If nothing is deposited or minted; if fewer than ``min_mint`` are.
        """
        for coin, amount in zip(self.coins, amounts, strict=True):
            require_not_negative(f"{coin} deposited", amount)
        if sum(amounts) == 0:
            raise ZeroAmountError("deposit")
        pool = self.at(time)
        balances = tuple(old + amount for old, amount in zip(pool.balances, amounts, strict=True))
        before, xp = pool.scaled_balances(), pool.scaled_balances(balances)
        old_d = pool._newton_d(before) if pool._ramping(time) else pool.d
        d = pool._newton_d(xp)
        if old_d == 0:
            minted = pool._xcp(d)
            if minted == 0:
                raise ZeroAmountError("LP tokens minted")
            after = replace(
                pool, balances=balances, d=d, virtual_price=WAD, xcp_profit=WAD, xcp_profit_claimed=WAD
            )
            after = replace(after, total_supply=pool.total_supply + minted)
        else:
            minted = minus(pool.total_supply * d // old_d, pool.total_supply, "LP tokens minted")
            if minted == 0:
                raise ZeroAmountError("LP tokens minted")
            given = tuple(new - old for new, old in zip(xp, before, strict=True))
            minted = minus(minted, pool.token_fee(given, xp) * minted // FEE_SCALE + 1, "LP tokens minted")
            after = replace(pool, balances=balances, total_supply=pool.total_supply + minted)
            after = after._tweaked(xp, d, 0, time)
        if minted < min_mint:
            raise SlippageError("LP tokens minted", minted, min_mint)
        return minted, after.claim_admin_fees(time=time)

    def remove_liquidity(
        self, lp_amount: int, *, min_amounts: Sequence[int] = (), claim: bool = True, time: int = 0
    ) -> tuple[tuple[int, ...], Self]:
        """Burn ``lp_amount`` for a share of every balance, without fee; return the amounts and the pool.

        Raises
        ------
        SlippageError
            If a coin falls below its least amount.
        """
        require_not_negative("LP tokens", lp_amount)
        # The contract reads balances before it claims: donations taken in by the claim are overwritten.
        balances = self.balances
        pool = self.claim_admin_fees(time=time) if claim else self
        supply = pool.total_supply
        left = minus(supply, lp_amount, "total supply")
        if lp_amount == supply:
            share, amounts = lp_amount, balances
        else:
            share = minus(lp_amount, 1, "LP tokens less one unit")
            amounts = tuple(balance * share // supply for balance in balances)
            for k, bound in enumerate(min_amounts):
                if amounts[k] < bound:
                    raise SlippageError(f"{self.coins[k]} withdrawn", amounts[k], bound)
        extra = tuple(after - before for after, before in zip(pool.balances, balances, strict=True))
        return amounts, replace(
            pool,
            balances=tuple(old - out for old, out in zip(balances, amounts, strict=True)),
            donated=tuple(old + more for old, more in zip(pool.donated, extra, strict=True)),
            d=pool.d - (pool.d * share // supply if supply else 0),
            total_supply=left,
        )

    def _withdraw_one_coin(self, lp_amount: int, i: int, time: int) -> tuple[int, int, tuple[int, ...]]:
        """Return output (raw), the new D and the scaled balances without the output."""
        supply = self.total_supply
        if lp_amount > supply:
            minus(supply, lp_amount, "total supply")
        if supply == 0:
            raise DivisionByZeroError("withdrawal without LP tokens")
        xp = self.scaled_balances()
        d = self._newton_d(xp) if self._ramping(time) else self.d
        correction = xp[i] * len(xp) * lp_amount // supply
        fee = self.parameters.out_fee
        if correction < xp[i]:
            fee = self.fee_at(replaced(xp, i, xp[i] - correction))
        reduction = lp_amount * d // supply
        new_d = minus(d, reduction - (fee * reduction // (2 * FEE_SCALE) + 1), "D after withdrawal")
        y, _ = solve_balance(self.parameters.amplification, self.parameters.gamma, xp, new_d, i)
        unit = (WAD if i == 0 else self.price_scale[i - 1]) * self.precisions[i]
        return minus(xp[i], y, "withdrawal") * WAD // unit, new_d, replaced(xp, i, y)

    def calc_withdraw_one_coin(self, lp_amount: int, coin: str, *, time: int = 0) -> int:
        """Return the raw units of ``coin`` for ``lp_amount`` LP tokens."""
        return self.at(time)._withdraw_one_coin(lp_amount, position(self.coins, coin), time)[0]

    def remove_liquidity_one_coin(
        self, lp_amount: int, coin: str, *, min_amount: int = 0, time: int = 0
    ) -> tuple[int, Self]:
        """Burn ``lp_amount`` for one coin; return its raw units and the pool.

        Raises
        ------
        SlippageError
            If less than ``min_amount`` comes out.
        """
        require_not_negative("LP tokens", lp_amount)
        i = position(self.coins, coin)
        pool = self.at(time).claim_admin_fees(time=time)
        out, d, xp = pool._withdraw_one_coin(lp_amount, i, time)
        if out < min_amount:
            raise SlippageError(f"{coin} withdrawn", out, min_amount)
        left = replaced(pool.balances, i, minus(pool.balances[i], out, f"balance of {coin}"))
        after = replace(pool, balances=left, total_supply=pool.total_supply - lp_amount)
        return out, after._tweaked(xp, d, 0, time)
