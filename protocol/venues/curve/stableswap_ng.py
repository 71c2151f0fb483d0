"""Stableswap-ng: up to eight coins with rates, a fee that rises off the peg, and an oracle inside.

Source of the rules: ``CurveStableSwapNG.vy``. ``balances`` exclude what is owed to the admin
(``admin_balances``). Deposits and withdrawals are in ``stableswap_ng_liquidity``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from protocol.errors import DivisionByZeroError, StateError, UninitialisedPoolError
from protocol.fixed_point import WAD
from protocol.venues.checks import require_not_negative, require_positive
from protocol.venues.curve.common import (
    FEE_SCALE,
    Ramp,
    minus,
    optional_ints,
    positions,
    ramp_state,
    replaced,
    scaled,
    value_down,
)
from protocol.venues.curve.invariant import NG_FORM, balance_y, invariant_d
from protocol.venues.curve.stableswap_ng_oracle import StableSwapNGOracle, spot_prices
from protocol.venues.venue import State, Trade, state_int, state_ints, state_strs

MAX_COINS = 8
ADMIN_FEE = 5 * 10**9
"""Half of every fee, fixed in the contract."""


def dynamic_fee_down(x_i: int, x_j: int, fee: int, offpeg_multiplier: int) -> int:
    """Return the fee (parts of 1e10) at two balances; equal balances pay ``fee``.

    Parameters
    ----------
    offpeg_multiplier
        1e10-scaled limit of the factor far off the peg; up to 1e10 the fee is flat.
    """
    if offpeg_multiplier <= FEE_SCALE:
        return fee
    square = (x_i + x_j) ** 2
    if square == 0:
        raise DivisionByZeroError("dynamic fee of empty balances")
    return (offpeg_multiplier * fee) // (
        (offpeg_multiplier - FEE_SCALE) * 4 * x_i * x_j // square + FEE_SCALE
    )


@dataclass(frozen=True, slots=True)
class StableSwapNG:
    """A stableswap-ng pool as a value.

    Parameters
    ----------
    coins
        Names in the contract's order; the first is the numeraire of the oracle.
    balances
        Raw units that belong to liquidity providers.
    rates
        Per coin, 10 ** (36 - decimals) times the coin's own rate: raw balance * rate / 1e18 is value in
        1e18 units. A rate oracle or an ERC-4626 share price changes it; see ``with_rates``.
    amplification
        A times 100.
    fee, offpeg_fee_multiplier
        Base fee and the limit of its factor, both 1e10-scaled.
    total_supply
        LP tokens, 18 decimals.
    oracle
        Spot and averages.
    admin_balances
        Raw units owed to the admin.
    ramp
        A (times 100) on the move.
    """

    coins: tuple[str, ...]
    balances: tuple[int, ...]
    rates: tuple[int, ...]
    amplification: int
    fee: int
    offpeg_fee_multiplier: int
    total_supply: int
    oracle: StableSwapNGOracle
    admin_balances: tuple[int, ...] = ()
    ramp: Ramp | None = None
    _values: tuple[tuple[int, ...], int] | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        n = len(self.coins)
        if not 2 <= n <= MAX_COINS:
            raise StateError("coins", f"2 to {MAX_COINS} names", self.coins)
        if not self.admin_balances:
            object.__setattr__(self, "admin_balances", (0,) * n)
        for key in ("balances", "rates", "admin_balances"):
            if len(getattr(self, key)) != n:
                raise StateError(key, f"{n} integers", getattr(self, key))
        if len(self.oracle.last_prices) != n - 1 or len(self.oracle.average_prices) != n - 1:
            raise StateError("oracle", f"{n - 1} prices", self.oracle.last_prices)

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

    def with_rates(self, rates: Sequence[int]) -> Self:
        """Return the pool once the coins' rates have moved; the oracle learns of it at the next action."""
        return replace(self, rates=tuple(rates))

    def values(self) -> tuple[tuple[int, ...], int]:
        """Return the balances in 1e18 units of value and D; computed once per state."""
        if self._values is None:
            xp = scaled(self.balances, self.rates)
            object.__setattr__(self, "_values", (xp, invariant_d(xp, self.amplification, NG_FORM)))
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

    def spot_price(self, k: int) -> int:
        """Return dx_0/dx_(k+1) now, 1e18 (``get_p``): not what the oracle stores after a swap."""
        xp, d = self.values()
        return spot_prices(xp, self.amplification, d)[k]

    def price_oracle(self, k: int, time: int) -> int:
        """Return the average price of coin ``k + 1`` in coin 0 at Unix second ``time``, 1e18."""
        return self.oracle.price_oracle(k, time)

    def d_oracle(self, time: int) -> int:
        """Return the average of D at Unix second ``time``."""
        return self.oracle.d_oracle(time)

    def _exchange(self, i: int, j: int, amount_in: int) -> tuple[int, int, int, int]:
        """Return x, y, output before the fee and the fee, in 1e18 units of value."""
        require_positive("amount in", amount_in)
        xp, d = self.values()
        if d == 0:
            raise UninitialisedPoolError("the pool is empty")
        x = xp[i] + value_down(amount_in, self.rates[i])
        y = balance_y(i, j, x, xp, amplification=self.amplification, d=d, form=NG_FORM)
        dy = minus(xp[j], y + 1, "output")
        fee = dynamic_fee_down((xp[i] + x) // 2, (xp[j] + y) // 2, self.fee, self.offpeg_fee_multiplier)
        return x, y, dy, dy * fee // FEE_SCALE

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what ``exchange`` would pay; changes nothing."""
        i, j = positions(self.coins, sell, buy)
        _, _, dy, fee = self._exchange(i, j, amount_in)
        return (dy - fee) * WAD // self.rates[j]

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Exchange, and update the oracle from the fee-free output balance and the D of before."""
        i, j = positions(self.coins, sell, buy)
        pool = self.at(time)
        x, y, dy, fee = pool._exchange(i, j, amount_in)
        rate = pool.rates[j]
        out = (dy - fee) * WAD // rate
        admin = fee * ADMIN_FEE // FEE_SCALE * WAD // rate
        xp, d = pool.values()
        oracle = pool.oracle.updated(replaced(replaced(xp, i, x), j, y), pool.amplification, d, time)
        balances = replaced(pool.balances, i, pool.balances[i] + amount_in)
        balances = replaced(balances, j, minus(balances[j], out + admin, "balance"))
        after = replace(
            pool,
            balances=balances,
            admin_balances=replaced(pool.admin_balances, j, pool.admin_balances[j] + admin),
            oracle=oracle,
        )
        return Trade(sell, buy, amount_in, out, fee=fee * WAD // rate, fee_asset=buy), after

    def gulped(self, amounts: Sequence[int]) -> Self:
        """Return a pool of rebasing tokens after its holdings changed by ``amounts`` (raw, signed)."""
        for coin, old, change in zip(self.coins, self.balances, amounts, strict=True):
            require_not_negative(f"balance of {coin}", old + change)
        return replace(
            self, balances=tuple(old + change for old, change in zip(self.balances, amounts, strict=True))
        )

    def admin_fees_withdrawn(self) -> tuple[tuple[int, ...], Self]:
        """Pay out what is owed to the admin."""
        return self.admin_balances, replace(self, admin_balances=(0,) * len(self.coins))

    def to_state(self) -> State:
        """Return the state as plain data."""
        return {
            "coins": list(self.coins),
            "balances": list(self.balances),
            "rates": list(self.rates),
            "amplification": self.amplification,
            "fee": self.fee,
            "offpeg_fee_multiplier": self.offpeg_fee_multiplier,
            "total_supply": self.total_supply,
            "oracle": self.oracle.to_state(),
            "admin_balances": list(self.admin_balances),
            "ramp": ramp_state(self.ramp),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pool from ``to_state``'s data."""
        coins = state_strs(state, "coins")
        oracle = state.get("oracle")
        if not isinstance(oracle, dict):
            raise StateError("oracle", "a mapping", oracle)
        return cls(
            coins=coins,
            balances=state_ints(state, "balances"),
            rates=state_ints(state, "rates"),
            amplification=state_int(state, "amplification"),
            fee=state_int(state, "fee"),
            offpeg_fee_multiplier=state_int(state, "offpeg_fee_multiplier"),
            total_supply=state_int(state, "total_supply"),
            oracle=StableSwapNGOracle.from_state(oracle),
            admin_balances=optional_ints(state, "admin_balances", (0,) * len(coins)),
            ramp=Ramp.from_state(state.get("ramp")),
        )
