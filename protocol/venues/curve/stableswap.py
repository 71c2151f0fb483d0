"""The first generation of Curve stableswap pools: y pool, 3pool, and the later pool template.

Sources of the rules: ``StableSwapY.vy`` (coins are interest-bearing shares), ``StableSwap3Pool.vy`` and
``SwapTemplateBase.vy``. The pool counts as its own only ``balances``; what was charged for the admin
stays in the contract outside them. Fees are parts of 1e10. Deposits and withdrawals are in
``stableswap_liquidity``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

from protocol.errors import DivisionByZeroError, StateError, UninitialisedPoolError, UnknownAssetError
from protocol.fixed_point import WAD, to_uint
from protocol.venues.checks import require_not_negative
from protocol.venues.curve.common import (
    FEE_SCALE,
    Ramp,
    minus,
    optional_ints,
    positions,
    ramp_state,
    scaled,
    value_down,
)
from protocol.venues.curve.invariant import (
    TEMPLATE_FORM,
    THREE_POOL_FORM,
    Y_POOL_FORM,
    InvariantForm,
    balance_y,
    invariant_d,
)
from protocol.venues.venue import State, Trade, state_int, state_ints, state_str, state_strs

FORMS: Mapping[str, InvariantForm] = {
    "y": Y_POOL_FORM,
    "3pool": THREE_POOL_FORM,
    "template": TEMPLATE_FORM,
}
"""Generation to form; ``template`` is the pool template with A_PRECISION = 100."""

Outcome: TypeAlias = tuple[int, int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class StableSwapPool:
    """A pool of the first generation as a value.

    Parameters
    ----------
    coins
        Names in the contract's order.
    balances
        Raw units that belong to liquidity providers.
    precisions
        10 ** (18 - decimals of the underlying coin), the contracts' ``PRECISION_MUL``.
    amplification
        A as stored: A times N is used, times 100 in the ``template`` generation.
    fee, admin_fee
        Parts of 1e10 of the output, and of the fee.
    total_supply
        LP tokens, 18 decimals.
    generation
        ``y``, ``3pool`` or ``template``.
    share_prices
        1e18-scaled underlying per coin (``getPricePerFullShare``); 1e18 for plain coins.
    underlying
        Names of the underlying coins; with them ``swap`` also takes these names and does
        ``exchange_underlying``.
    ramp
        A on the move; ``swap`` reads it at its own time, ``quote`` uses ``amplification``.
    """

    coins: tuple[str, ...]
    balances: tuple[int, ...]
    precisions: tuple[int, ...]
    amplification: int
    fee: int
    admin_fee: int
    total_supply: int = 0
    generation: str = "3pool"
    share_prices: tuple[int, ...] = ()
    underlying: tuple[str, ...] = ()
    ramp: Ramp | None = None
    rates: tuple[int, ...] = field(init=False, repr=False, compare=False)
    form: InvariantForm = field(init=False, repr=False, compare=False)
    _values: tuple[tuple[int, ...], int] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        n = len(self.coins)
        prices = self.share_prices or (WAD,) * n
        if self.generation not in FORMS:
            raise StateError("generation", f"one of {', '.join(FORMS)}", self.generation)
        for key, values in (("balances", self.balances), ("precisions", self.precisions)):
            if len(values) != n or n < 2:
                raise StateError(key, f"{n} values for {n} coins, at least two", values)
        if len(prices) != n or len(self.underlying) not in {0, n}:
            raise StateError("share_prices", f"{n} prices and {n} or no underlying names", prices)
        object.__setattr__(self, "share_prices", prices)
        rates = tuple(m * price for m, price in zip(self.precisions, prices, strict=True))
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "form", FORMS[self.generation])

    @property
    def assets(self) -> tuple[str, ...]:
        """Coins in the contract's order."""
        return self.coins

    def reserves(self) -> Mapping[str, int]:
        """Return what belongs to liquidity providers."""
        return dict(zip(self.coins, self.balances, strict=True))

    def at(self, time: int) -> Self:
        """Return the pool with A as it is at Unix second ``time``."""
        if self.ramp is None or (a := self.ramp.at(time)) == self.amplification:
            return self
        return replace(self, amplification=a)

    def values(self) -> tuple[tuple[int, ...], int]:
        """Return the balances in 1e18 units of value and D; computed once per state."""
        if self._values is None:
            xp = scaled(self.balances, self.rates)
            object.__setattr__(self, "_values", (xp, invariant_d(xp, self.amplification, self.form)))
            assert self._values is not None
        return self._values

    def virtual_price_down(self) -> int:
        """Return D per LP token, 1e18 (``get_virtual_price``).

        Raises
        ------
        DivisionByZeroError
            Without LP tokens.
        """
        if self.total_supply == 0:
            raise DivisionByZeroError("virtual price without LP tokens")
        return self.values()[1] * WAD // self.total_supply

    def _solve(self, i: int, j: int, amount_in: int) -> tuple[int, int, int]:
        """Return x, y and the output before the fee, all in 1e18 units of value."""
        require_not_negative("amount in", amount_in)
        xp, d = self.values()
        if d == 0:
            raise UninitialisedPoolError("the pool is empty")
        x = xp[i] + value_down(amount_in, self.rates[i])
        y = balance_y(i, j, x, xp, amplification=self.amplification, d=d, form=self.form)
        spare = 0 if self.generation == "y" else 1
        return x, y, minus(xp[j], y + spare, "output")

    def _exchange(self, i: int, j: int, amount_in: int) -> Outcome:
        """Return output, fee (both in units of coin j) and the balances afterwards."""
        x, y, dy = self._solve(i, j, amount_in)
        rate_i, rate_j = self.rates[i], self.rates[j]
        fee = dy * self.fee // FEE_SCALE
        admin_fee = fee * self.admin_fee // FEE_SCALE
        out = (dy - fee) * WAD // rate_j
        after = list(self.balances)
        if self.generation == "y":
            after[i] = x * WAD // rate_i
            after[j] = (y + (fee - admin_fee)) * WAD // rate_j
        else:
            after[i] += amount_in
            after[j] = minus(after[j], out + admin_fee * WAD // rate_j, "balance")
        return out, fee * WAD // rate_j, tuple(after)

    def get_dy(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the contract's own view ``get_dy``, which may differ from the exchange by a unit."""
        i, j = positions(self.coins, sell, buy)
        _, _, dy = self._solve(i, j, amount_in)
        if self.generation == "template":
            return (dy - self.fee * dy // FEE_SCALE) * WAD // self.rates[j]
        dy = dy * WAD // self.rates[j]
        return dy - self.fee * dy // FEE_SCALE

    def get_dy_underlying(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the contract's own view ``get_dy_underlying``, in underlying units."""
        i, j = positions(self.underlying, sell, buy)
        xp, d = self.values()
        x = xp[i] + to_uint(amount_in * self.precisions[i], 256, "amount in")
        y = balance_y(i, j, x, xp, amplification=self.amplification, d=d, form=self.form)
        spare = 0 if self.generation == "y" else 1
        dy = minus(xp[j], y + spare, "output") // self.precisions[j]
        return dy - self.fee * dy // FEE_SCALE

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what ``exchange`` (or ``exchange_underlying``) would pay; changes nothing."""
        if sell in self.coins and buy in self.coins:
            i, j = positions(self.coins, sell, buy)
            _, _, dy = self._solve(i, j, amount_in)
            return (dy - dy * self.fee // FEE_SCALE) * WAD // self.rates[j]
        return self._exchange_underlying(sell, buy, amount_in)[0]

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Exchange coins, or underlying coins where both names are such."""
        pool = self.at(time)
        if sell in self.coins and buy in self.coins:
            out, fee, after = pool._exchange(*positions(self.coins, sell, buy), amount_in)
        else:
            out, fee, after = pool._exchange_underlying(sell, buy, amount_in)
        trade = Trade(sell, buy, amount_in, out, fee=fee, fee_asset=buy)
        return trade, replace(pool, balances=after)

    def _exchange_underlying(self, sell: str, buy: str, amount_in: int) -> Outcome:
        if not self.underlying:
            raise UnknownAssetError(sell if sell not in self.coins else buy, self.coins)
        i, j = positions(self.underlying, sell, buy)
        require_not_negative("amount in", amount_in)
        # The share prices, reached as the contract does: rate / precision.
        price_i, price_j = self.rates[i] // self.precisions[i], self.rates[j] // self.precisions[j]
        out, fee, after = self._exchange(i, j, to_uint(amount_in * WAD, 256, "amount in") // price_i)
        return out * price_j // WAD, fee * price_j // WAD, after

    def to_state(self) -> State:
        """Return the state as plain data."""
        return {
            "coins": list(self.coins),
            "balances": list(self.balances),
            "precisions": list(self.precisions),
            "amplification": self.amplification,
            "fee": self.fee,
            "admin_fee": self.admin_fee,
            "total_supply": self.total_supply,
            "generation": self.generation,
            "share_prices": list(self.share_prices),
            "underlying": list(self.underlying),
            "ramp": ramp_state(self.ramp),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pool from ``to_state``'s data."""
        coins = state_strs(state, "coins")
        return cls(
            coins=coins,
            balances=state_ints(state, "balances"),
            precisions=state_ints(state, "precisions"),
            amplification=state_int(state, "amplification"),
            fee=state_int(state, "fee"),
            admin_fee=state_int(state, "admin_fee"),
            total_supply=state_int(state, "total_supply", 0),
            generation=state_str(state, "generation", "3pool"),
            share_prices=optional_ints(state, "share_prices", (WAD,) * len(coins)),
            underlying=state_strs(state, "underlying") if "underlying" in state else (),
            ramp=Ramp.from_state(state.get("ramp")),
        )
