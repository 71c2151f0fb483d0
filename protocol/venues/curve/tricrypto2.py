"""Tricrypto2 and its generation: three volatile coins, a half-life price average, a trade's own price.

Source of the rules: ``CryptoSwap.vy`` of tricrypto2 (deployed 13 July 2021) with ``CurveCryptoMath3.vy``.
Unlike tricrypto-ng, the last price is what the last trade paid, fee included, nothing cuts it,
``price_oracle`` reads the STORED average, and ``get_virtual_price`` has no reentrancy lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from protocol.venues.curve.crypto_math import geometric_mean, newton_d, newton_y, sqrt_down
from protocol.venues.curve.crypto_pool import CryptoPool
from protocol.venues.curve.exponential import halfpow_down, moving_average_down
from protocol.venues.venue import Trade

PRICED_AMOUNT = 10**5
"""Trades and deposits up to this many raw units do not set a price by themselves."""


@dataclass(frozen=True, slots=True)
class Tricrypto2(CryptoPool):
    """A tricrypto2 pool as a value; see ``CryptoPool`` for its state.

    ``ramp_end`` follows ``future_A_gamma_time``: 0 at rest, the end of a ramp while it lasts, 1 for the one
    action after it in which a loss is forgiven.
    """

    def _newton_d(self, xp: Sequence[int]) -> int:
        return newton_d(self.parameters.amplification, self.parameters.gamma, xp)

    def _newton_y(self, xp: Sequence[int], d: int, i: int) -> int:
        return newton_y(self.parameters.amplification, self.parameters.gamma, xp, d, i)

    def _xcp(self, d: int) -> int:
        return geometric_mean(self.balanced(d, self.price_scale))

    def _after_ramp(self, time: int) -> Self:
        return replace(self, ramp_end=1) if 0 < self.ramp_end <= time else self

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

    def price_oracle(self, k: int, time: int = 0) -> int:
        """Return the stored average price of coin ``k + 1``: as of the last action, whatever the time."""
        return self.price_oracle_stored[k]

    def price_oracle_next(self, k: int, time: int) -> int:
        """Return the average that an action at Unix second ``time`` would store, 1e18."""
        stored = self.price_oracle_stored[k]
        if self.last_prices_time >= time:
            return stored
        alpha = halfpow_down((time - self.last_prices_time) * WAD // self.parameters.averaging_time)
        return moving_average_down(self.last_prices[k], stored, alpha)

    def _exchange(self, i: int, j: int, amount_in: int) -> tuple[int, int, tuple[int, ...]]:
        """Return output, fee and the scaled balances with the input in and the fee-free output out."""
        require_positive("amount in", amount_in)
        if self.d == 0:
            raise UninitialisedPoolError("the pool is empty")
        xp = self.scaled_balances(replaced(self.balances, i, self.balances[i] + amount_in))
        y = self._newton_y(xp, self.d, j)
        dy = minus(xp[j], y + 1, "output")
        if j > 0:
            dy = dy * WAD // self.price_scale[j - 1]
        dy //= self.precisions[j]
        xp = replaced(xp, j, y)
        fee = self.fee_at(xp) * dy // FEE_SCALE
        return dy - fee, fee, xp

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what ``exchange`` would pay; changes nothing."""
        return self._exchange(*positions(self.coins, sell, buy), amount_in)[0]

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Exchange, then update oracle, profit and perhaps the price scale."""
        i, j = positions(self.coins, sell, buy)
        pool = self.at(time)
        if pool.ramp_end > 0:
            pool = replace(pool, d=pool._newton_d(pool.scaled_balances()))._after_ramp(time)
        out, fee, xp = pool._exchange(i, j, amount_in)
        left = minus(pool.balances[j], out, "balance")
        balances = replaced(replaced(pool.balances, i, pool.balances[i] + amount_in), j, left)
        value = left * pool.precisions[j]
        if j > 0:
            value = value * pool.price_scale[j - 1] // WAD
        priced, price = pool._trade_price(i, j, amount_in, out)
        after = replace(pool, balances=balances)._tweaked(replaced(xp, j, value), priced, price, 0, time)
        return Trade(sell, buy, amount_in, out, fee=fee, fee_asset=buy), after

    def _trade_price(self, i: int, j: int, amount_in: int, out: int) -> tuple[int, int]:
        """Return the coin that a trade prices and its price in coin 0; price 0 for a tiny trade."""
        if amount_in <= PRICED_AMOUNT or out <= PRICED_AMOUNT:
            return j, 0
        given, taken = amount_in * self.precisions[i], out * self.precisions[j]
        if i != 0 and j != 0:
            return j, self.last_prices[i - 1] * given // taken
        return (j, given * WAD // taken) if i == 0 else (i, taken * WAD // given)

    def _last_prices(self, xp: tuple[int, ...], d: int, priced: int, price: int) -> tuple[int, ...]:
        """Return the last prices: the trade's own, or those of a millionth of the pool if it has none."""
        if price > 0 and priced > 0:
            return replaced(self.last_prices, priced - 1, price)
        if price > 0:
            return tuple(last * WAD // price for last in self.last_prices)
        probe = xp[0] // 10**6
        moved = (xp[0] + probe, *xp[1:])
        prices = []
        for k, scale in enumerate(self.price_scale):
            change = minus(xp[k + 1], self._newton_y(moved, d, k + 1), "output of the probe")
            if change == 0:
                raise DivisionByZeroError("price of a probe that buys nothing")
            prices.append(scale * probe // change)
        return tuple(prices)

    def _tweaked(self, xp: tuple[int, ...], priced: int, price: int, new_d: int, time: int) -> Self:
        """Update averages, last prices and profit, and move the price scale if profits allow."""
        oracle = tuple(
            to_uint(self.price_oracle_next(k, time), 128, "price oracle") for k in range(len(xp) - 1)
        )
        d = new_d or self._newton_d(xp)
        last = tuple(to_uint(p, 128, "last price") for p in self._last_prices(xp, d, priced, price))
        virtual_price = profit = WAD
        ramp_end = self.ramp_end
        if self.virtual_price > 0:
            virtual_price = WAD * self._xcp(d) // self.total_supply
            profit = self.xcp_profit * virtual_price // self.virtual_price
            if virtual_price < self.virtual_price and ramp_end == 0:
                raise VirtualPriceLossError(self.virtual_price, virtual_price)
            ramp_end = 0 if ramp_end == 1 else ramp_end
        extra = 2 * self.parameters.allowed_extra_profit
        had_value = self.virtual_price > 0
        updated = replace(
            self,
            price_oracle_stored=oracle,
            last_prices=last,
            last_prices_time=max(self.last_prices_time, time),
            xcp_profit=profit,
            d=d,
            virtual_price=virtual_price,
            ramp_end=ramp_end,
            not_adjusted=self.not_adjusted or minus(2 * virtual_price, WAD, "profit") > profit + extra,
        )
        return updated._moved(xp) if updated.not_adjusted and had_value else updated

    def _moved(self, xp: tuple[int, ...]) -> Self:
        """Return the pool with its price scale moved toward the oracle, or the flag cleared."""
        step = self.parameters.adjustment_step
        pairs = tuple(zip(self.price_scale, self.price_oracle_stored, strict=True))
        norm = sum((oracle * WAD // scale - WAD) ** 2 for scale, oracle in pairs)
        if norm <= step**2:
            return self
        norm = sqrt_down(norm // WAD)
        if norm == 0:
            raise DivisionByZeroError("distance of price scale and oracle")
        keep = minus(norm, step, "distance less step")
        prices = tuple((scale * keep + step * oracle) // norm for scale, oracle in pairs)
        moved = (xp[0], *(x * p // s for x, p, s in zip(xp[1:], prices, self.price_scale, strict=True)))
        d = self._newton_d(moved)
        virtual_price = WAD * geometric_mean(self.balanced(d, prices)) // self.total_supply
        if virtual_price <= WAD or 2 * virtual_price - WAD <= self.xcp_profit:
            return replace(self, not_adjusted=False)
        for price in prices:
            to_uint(price, 128, "price scale")
        return replace(self, d=d, virtual_price=virtual_price, price_scale=prices)

    def claim_admin_fees(self, *, time: int = 0) -> Self:
        """Take in donations always, and mint the admin's LP tokens if there was profit.

        Raises
        ------
        DivisionByZeroError
            Without LP tokens.
        """
        profited = self.xcp_profit > self.xcp_profit_claimed
        pool = self.at(time).with_admin_share()
        if pool.total_supply == 0:
            raise DivisionByZeroError("claim without LP tokens")
        d = pool._newton_d(pool.scaled_balances())
        claimed = max(pool.xcp_profit, self.xcp_profit_claimed) if profited else self.xcp_profit_claimed
        return replace(
            pool,
            d=d,
            virtual_price=WAD * pool._xcp(d) // pool.total_supply,
            xcp_profit_claimed=claimed,
        )

    def _other_value(self, balances: Sequence[int], ix: int) -> int:
        """Return the value of all coins but ``ix`` in coin 0 at the last prices, 1e18."""
        total = 0
        for k, balance in enumerate(balances):
            if k == ix:
                continue
            value = balance * self.precisions[k]
            total += value if k == 0 else balance * self.last_prices[k - 1] * self.precisions[k] // WAD
        return total

    def add_liquidity(self, amounts: Sequence[int], *, min_mint: int = 0, time: int = 0) -> tuple[int, Self]:
        """Deposit ``amounts`` (raw, one per coin); return the LP tokens minted and the pool.

        Raises
        ------
        ZeroAmountError, SlippageError, DivisionByZeroError
            If nothing is deposited or minted; if fewer than ``min_mint`` are; for a deposit
            without a price.
        """
        for coin, amount in zip(self.coins, amounts, strict=True):
            require_not_negative(f"{coin} deposited", amount)
        given_coins = [k for k, amount in enumerate(amounts) if amount > 0]
        if not given_coins:
            raise ZeroAmountError("deposit")
        pool = self.at(time)
        balances = tuple(old + amount for old, amount in zip(pool.balances, amounts, strict=True))
        before, xp = pool.scaled_balances(), pool.scaled_balances(balances)
        old_d = pool.d
        if pool.ramp_end > 0:
            old_d = pool._newton_d(before)
            pool = pool._after_ramp(time)
        d = pool._newton_d(xp)
        if old_d == 0:
            minted = pool._xcp(d)
            if minted == 0:
                raise ZeroAmountError("LP tokens minted")
            after = replace(pool, balances=balances, d=d, virtual_price=WAD, xcp_profit=WAD)
            after = replace(after, total_supply=pool.total_supply + minted)
        else:
            minted = minus(pool.total_supply * d // old_d, pool.total_supply, "LP tokens minted")
            if minted == 0:
                raise ZeroAmountError("LP tokens minted")
            given = tuple(new - old for new, old in zip(xp, before, strict=True))
            minted = minus(minted, pool.token_fee(given, xp) * minted // FEE_SCALE + 1, "LP tokens minted")
            supply = pool.total_supply + minted
            ix, price = given_coins[0], 0
            if minted > PRICED_AMOUNT and len(given_coins) == 1:
                worth = pool._other_value(balances, ix) * minted // supply
                unit = pool.precisions[ix]
                divisor = minus(amounts[ix] * unit, minted * balances[ix] * unit // supply, "amount bought")
                if divisor == 0:
                    raise DivisionByZeroError("price of a deposit")
                price = worth * WAD // divisor
            after = replace(pool, balances=balances, total_supply=supply)._tweaked(xp, ix, price, d, time)
        if minted < min_mint:
            raise SlippageError("LP tokens minted", minted, min_mint)
        return minted, after

    def remove_liquidity(
        self, lp_amount: int, *, min_amounts: Sequence[int] = ()
    ) -> tuple[tuple[int, ...], Self]:
        """Burn ``lp_amount`` for a share of every balance, without fee; return the amounts and the pool.

        Raises
        ------
        SlippageError
            If a coin falls below its least amount.
        """
        supply = self.total_supply
        require_positive("LP tokens", lp_amount)
        left = minus(supply, lp_amount, "total supply")
        share = lp_amount - 1
        amounts = tuple(balance * share // supply for balance in self.balances)
        for k, bound in enumerate(min_amounts):
            if amounts[k] < bound:
                raise SlippageError(f"{self.coins[k]} withdrawn", amounts[k], bound)
        after = tuple(old - out for old, out in zip(self.balances, amounts, strict=True))
        return amounts, replace(self, balances=after, d=self.d - self.d * share // supply, total_supply=left)

    def _withdraw_one_coin(
        self, lp_amount: int, i: int, *, update_d: bool
    ) -> tuple[int, int, int, tuple[int, ...]]:
        """Return output (raw), the price it implies, the new D and the scaled balances after it."""
        supply = self.total_supply
        minus(supply, lp_amount, "total supply")
        if supply == 0:
            raise DivisionByZeroError("withdrawal without LP tokens")
        xp = self.scaled_balances()
        old_d = self._newton_d(xp) if update_d else self.d
        reduction = lp_amount * old_d // supply
        charge = self.fee_at(xp) * reduction // (2 * FEE_SCALE) + 1
        d = minus(old_d, minus(reduction, charge, "D withdrawn"), "D after withdrawal")
        y = self._newton_y(xp, d, i)
        unit = (WAD if i == 0 else self.price_scale[i - 1]) * self.precisions[i]
        out = minus(xp[i], y, "withdrawal") * WAD // unit
        price = 0
        if out > PRICED_AMOUNT and lp_amount > PRICED_AMOUNT:
            worth = self._other_value(self.balances, i) * reduction // old_d
            unit = self.precisions[i]
            divisor = minus(out * unit, reduction * self.balances[i] * unit // old_d, "amount sold")
            if divisor == 0:
                raise DivisionByZeroError("price of a withdrawal")
            price = worth * WAD // divisor
        return out, price, d, replaced(xp, i, y)

    def calc_withdraw_one_coin(self, lp_amount: int, coin: str, *, time: int = 0) -> int:
        """Return the raw units of ``coin`` for ``lp_amount`` LP tokens; the view always recomputes D."""
        i = position(self.coins, coin)
        return self.at(time)._withdraw_one_coin(lp_amount, i, update_d=True)[0]

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
        pool = self.at(time)
        out, price, d, xp = pool._withdraw_one_coin(lp_amount, i, update_d=pool.ramp_end > 0)
        if out < min_amount:
            raise SlippageError(f"{coin} withdrawn", out, min_amount)
        left = replaced(pool.balances, i, minus(pool.balances[i], out, f"balance of {coin}"))
        # The contract marks a ramp as just ended even when there was none, so a loss is never refused here.
        ramp_end = 1 if time >= pool.ramp_end else pool.ramp_end
        after = replace(pool, balances=left, total_supply=pool.total_supply - lp_amount, ramp_end=ramp_end)
        return out, after._tweaked(xp, i, price, d, time)
