"""What the crypto pools of both generations share: parameters, state, scaled balances and fees.

Sources of the rules: ``CryptoSwap.vy`` of tricrypto2 and ``CurveTricryptoOptimizedWETH.vy``. Prices are of
coin k + 1 in coin 0, 1e18. ``price_scale`` is where liquidity is concentrated; the pool moves it toward
``price_oracle`` when profits allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

from protocol.errors import DivisionByZeroError, OverflowedError, StateError
from protocol.fixed_point import UINT256_MAX, WAD
from protocol.venues.checks import require_not_negative
from protocol.venues.curve.common import FEE_SCALE, Ramp, minus, optional_ints, ramp_state
from protocol.venues.curve.crypto_math import reduction_coefficient
from protocol.venues.venue import State, state_int, state_ints, state_strs

NOISE_FEE = 10**5
"""Added to every deposit fee: 0.1 basis points."""


@dataclass(frozen=True, slots=True)
class CryptoParameters:
    """Parameters of a crypto pool, all integers as stored.

    Parameters
    ----------
    amplification, gamma
        A * N**N * 10000, and gamma 1e18-scaled.
    mid_fee, out_fee, fee_gamma
        Fee in balance and far from it (parts of 1e10), and how fast it rises (1e18).
    allowed_extra_profit, adjustment_step
        Profit and distance (1e18) that must be exceeded before the price scale moves.
    averaging_time
        Seconds: half-life of the oracle in tricrypto2 (``ma_half_time``), time to 1/e in tricrypto-ng.
    admin_fee
        Parts of 1e10 of half the profit.
    """

    amplification: int
    gamma: int
    mid_fee: int
    out_fee: int
    fee_gamma: int
    allowed_extra_profit: int
    adjustment_step: int
    averaging_time: int
    admin_fee: int = 5 * 10**9


@dataclass(frozen=True, slots=True)
class CryptoPool:
    """State of a crypto pool as a value; the two generations add their actions.

    Parameters
    ----------
    coins, precisions
        Names, and 10 ** (18 - decimals).
    balances
        Raw units that the pool counts.
    parameters
        See ``CryptoParameters``.
    price_scale, price_oracle_stored, last_prices
        One price per coin but the first.
    last_prices_time
        Unix second of the last oracle update.
    d, total_supply
        Invariant and LP tokens, both 1e18-scaled.
    virtual_price, xcp_profit, xcp_profit_claimed
        Cached value of an LP token, profit so far, and profit at the last claim (``xcp_profit_a``), 1e18.
    donated
        Raw units sent to the contract outside its methods; a claim of admin fees takes them in.
    not_adjusted
        tricrypto2's flag of a pending price move.
    ramp_amplification, ramp_gamma, ramp_end
        A and gamma on the move; ``ramp_end`` is ``future_A_gamma_time``.
    has_fee_receiver
        Whether a claim mints LP tokens for the admin.
    """

    coins: tuple[str, ...]
    precisions: tuple[int, ...]
    balances: tuple[int, ...]
    parameters: CryptoParameters
    price_scale: tuple[int, ...]
    price_oracle_stored: tuple[int, ...]
    last_prices: tuple[int, ...]
    last_prices_time: int
    d: int = 0
    total_supply: int = 0
    virtual_price: int = 0
    xcp_profit: int = 0
    xcp_profit_claimed: int = WAD
    donated: tuple[int, ...] = ()
    not_adjusted: bool = False
    ramp_amplification: Ramp | None = None
    ramp_gamma: Ramp | None = None
    ramp_end: int = 0
    has_fee_receiver: bool = True

    def __post_init__(self) -> None:
        n = len(self.coins)
        if not self.donated:
            object.__setattr__(self, "donated", (0,) * n)
        for key, size in (("precisions", n), ("balances", n), ("donated", n), ("price_scale", n - 1)):
            if len(getattr(self, key)) != size:
                raise StateError(key, f"{size} integers", getattr(self, key))
        for key in ("price_oracle_stored", "last_prices"):
            if len(getattr(self, key)) != n - 1:
                raise StateError(key, f"{n - 1} integers", getattr(self, key))

    @classmethod
    def empty(
        cls,
        coins: tuple[str, ...],
        precisions: tuple[int, ...],
        parameters: CryptoParameters,
        prices: tuple[int, ...],
        time: int,
    ) -> Self:
        """Return a newly deployed pool with ``prices`` (1e18, in coin 0) at Unix second ``time``."""
        return cls(coins, precisions, (0,) * len(coins), parameters, prices, prices, prices, time)

    @property
    def assets(self) -> tuple[str, ...]:
        """Coins in the contract's order."""
        return self.coins

    def reserves(self) -> Mapping[str, int]:
        """Return the balances that the pool counts."""
        return dict(zip(self.coins, self.balances, strict=True))

    def at(self, time: int) -> Self:
        """Return the pool with A and gamma as they are at Unix second ``time``."""
        a, g = self.ramp_amplification, self.ramp_gamma
        if a is None or g is None:
            return self
        now = replace(self.parameters, amplification=a.weighted_at(time), gamma=g.weighted_at(time))
        return replace(self, parameters=now)

    def donate(self, amounts: Mapping[str, int]) -> Self:
        """Receive plain token transfers, which count only once admin fees are claimed."""
        for coin, amount in amounts.items():
            require_not_negative(f"{coin} transferred", amount)
        donated = (old + amounts.get(coin, 0) for coin, old in zip(self.coins, self.donated, strict=True))
        return replace(self, donated=tuple(donated))

    def scaled_balances(self, balances: Sequence[int] | None = None) -> tuple[int, ...]:
        """Return balances in 1e18 units of coin 0 at the price scale (``xp``)."""
        raw = self.balances if balances is None else balances
        first = raw[0] * self.precisions[0]
        values = [
            b * p * price for b, p, price in zip(raw[1:], self.precisions[1:], self.price_scale, strict=True)
        ]
        if max(first, *values) > UINT256_MAX:
            raise OverflowedError("balance * price", max(first, *values), 256)
        return (first, *(value // WAD for value in values))

    def fee_at(self, xp: Sequence[int]) -> int:
        """Return the fee at scaled balances, parts of 1e10."""
        f = reduction_coefficient(xp, self.parameters.fee_gamma)
        return (self.parameters.mid_fee * f + self.parameters.out_fee * (WAD - f)) // WAD

    def token_fee(self, amounts: Sequence[int], xp: Sequence[int]) -> int:
        """Return the fee on LP tokens of an uneven deposit, parts of 1e10 (``_calc_token_fee``)."""
        n = len(amounts)
        fee = self.fee_at(xp) * n // (4 * (n - 1))
        total = sum(amounts)
        if total == 0:
            raise DivisionByZeroError("fee of an empty deposit")
        mean = total // n
        return fee * sum(abs(amount - mean) for amount in amounts) // total + NOISE_FEE

    def balanced(self, d: int, prices: Sequence[int]) -> tuple[int, ...]:
        """Return the coin amounts of a pool in balance at ``d`` and ``prices``, each 1e18."""
        n = len(self.coins)
        return (d // n, *(d * WAD // (n * price) for price in prices))

    def with_admin_share(self) -> Self:
        """Return the pool after donations are taken in and the admin's LP tokens are minted.

        The invariant and the virtual price still have to be computed anew.
        """
        balances = tuple(b + extra for b, extra in zip(self.balances, self.donated, strict=True))
        pool = replace(self, balances=balances, donated=(0,) * len(balances))
        gain = self.xcp_profit - self.xcp_profit_claimed
        fees = gain * self.parameters.admin_fee // (2 * FEE_SCALE)
        if gain <= 0 or fees == 0 or not self.has_fee_receiver:
            return pool
        left = minus(self.virtual_price, fees, "virtual price after fees")
        if left == 0:
            raise DivisionByZeroError("admin fee as large as the virtual price")
        share = self.virtual_price * WAD // left - WAD
        return replace(
            pool,
            total_supply=self.total_supply + self.total_supply * share // WAD,
            xcp_profit=self.xcp_profit - 2 * fees,
        )

    def to_state(self) -> State:
        """Return the state as plain data."""
        state: dict[str, object] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ((f.name, getattr(self, f.name)) for f in fields(self))
        }
        state["parameters"] = asdict(self.parameters)
        state["ramp_amplification"] = ramp_state(self.ramp_amplification)
        state["ramp_gamma"] = ramp_state(self.ramp_gamma)
        return state

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pool from ``to_state``'s data."""
        raw = state.get("parameters")
        if not isinstance(raw, dict):
            raise StateError("parameters", "a mapping", raw)
        coins = state_strs(state, "coins")
        return cls(
            coins=coins,
            precisions=state_ints(state, "precisions"),
            balances=state_ints(state, "balances"),
            parameters=CryptoParameters(**{f.name: state_int(raw, f.name) for f in fields(CryptoParameters)}),
            price_scale=state_ints(state, "price_scale"),
            price_oracle_stored=state_ints(state, "price_oracle_stored"),
            last_prices=state_ints(state, "last_prices"),
            last_prices_time=state_int(state, "last_prices_time"),
            d=state_int(state, "d"),
            total_supply=state_int(state, "total_supply"),
            virtual_price=state_int(state, "virtual_price"),
            xcp_profit=state_int(state, "xcp_profit"),
            xcp_profit_claimed=state_int(state, "xcp_profit_claimed"),
            donated=optional_ints(state, "donated", (0,) * len(coins)),
            not_adjusted=bool(state.get("not_adjusted", False)),
            ramp_amplification=Ramp.from_state(state.get("ramp_amplification")),
            ramp_gamma=Ramp.from_state(state.get("ramp_gamma")),
            ramp_end=state_int(state, "ramp_end", 0),
            has_fee_receiver=bool(state.get("has_fee_receiver", True)),
        )
