"""Balancer V2 weighted pool: 2 to 100 tokens, each with a fixed share of the value.

Source of the rules: ``WeightedPool.sol`` and ``BasePool.sol`` of Balancer V2 (npm
``@balancer-labs/v2-deployments`` 3.2.0, tasks 20210418-weighted-pool and 20230206-weighted-pool-v3). The
protocol's own cut of fees, taken at joins and exits where it is switched on, is not modelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Self

from protocol.errors import InsufficientLiquidityError, StateError, UnknownAssetError, UnsafeValueError
from protocol.fixed_point import WAD, div_up, to_uint
from protocol.venues.checks import require_known, require_not_negative, require_positive
from protocol.venues.log_exp import complement, div_down, mul_down, mul_up
from protocol.venues.log_exp import div_up as wad_div_up
from protocol.venues.venue import State, Trade, state_int, state_ints, state_strs
from protocol.venues.weighted_math import WeightedMath

MINIMUM_SHARES = 10**6
MIN_WEIGHT = 10**16
MIN_FEE = 10**12
MAX_FEE = 10**17


@dataclass(frozen=True, slots=True)
class WeightedPool:
    """A weighted pool as a value.

    Parameters
    ----------
    tokens
        Names in the vault's order.
    weights
        Shares of the value with 18 decimals; they add up to 1.
    balances
        Units held, per token.
    decimals
        Decimals per token; 18 for all if left out.
    fee
        Swap fee with 18 decimals, of the input.
    total_supply
        Pool shares in circulation (18 decimals), the locked 10**6 units included.
    shortcuts
        See ``WeightedMath``.
    """

    tokens: tuple[str, ...]
    weights: tuple[int, ...]
    balances: tuple[int, ...]
    decimals: tuple[int, ...] = ()
    fee: int = 0
    total_supply: int = 0
    shortcuts: bool = True
    _math: WeightedMath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.decimals:
            object.__setattr__(self, "decimals", (18,) * len(self.tokens))
        if not len(self.tokens) == len(self.weights) == len(self.balances) == len(self.decimals):
            raise StateError("weights, balances, decimals", f"{len(self.tokens)} of each", self.weights)
        if sum(self.weights) != WAD or min(self.weights) < MIN_WEIGHT:
            raise StateError("weights", "a sum of 10**18, none below 10**16", self.weights)
        if not all(0 <= places <= 18 for places in self.decimals):
            raise StateError("decimals", "0 to 18", self.decimals)
        if self.fee and not MIN_FEE <= self.fee <= MAX_FEE:
            raise StateError("fee", f"0 or {MIN_FEE} to {MAX_FEE}", self.fee)
        object.__setattr__(self, "_math", WeightedMath(self.shortcuts))

    @property
    def assets(self) -> tuple[str, ...]:
        """Tokens in the vault's order."""
        return self.tokens

    def reserves(self) -> Mapping[str, int]:
        """Return the balance per token."""
        return dict(zip(self.tokens, self.balances, strict=True))

    def _scale(self, index: int) -> int:
        return int(10 ** (18 - self.decimals[index]))

    def _scaled(self) -> list[int]:
        return [balance * self._scale(i) for i, balance in enumerate(self.balances)]

    def _index(self, token: str) -> int:
        if token not in self.tokens:
            raise UnknownAssetError(token, self.tokens)
        return self.tokens.index(token)

    def _pair(self, sell: str, buy: str) -> tuple[int, int, tuple[int, int, int, int]]:
        require_known(self.tokens, sell, buy)
        i, j = self.tokens.index(sell), self.tokens.index(buy)
        scaled = self.balances[i] * self._scale(i), self.balances[j] * self._scale(j)
        return i, j, (scaled[0], self.weights[i], scaled[1], self.weights[j])

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the output for ``amount_in``; the fee comes off the input first.

        Raises
        ------
        UnsafeValueError
            MAX_IN_RATIO, above 30 % of the balance.
        """
        i, j, sides = self._pair(sell, buy)
        require_positive("amount in", amount_in)
        after_fee = (amount_in - mul_up(amount_in, self.fee)) * self._scale(i)
        return self._math.out_given_in_down(*sides, after_fee) // self._scale(j)

    def quote_exact_out(self, sell: str, buy: str, amount_out: int) -> int:
        """Return the input that buys exactly ``amount_out``.

        Raises
        ------
        UnsafeValueError
            MAX_OUT_RATIO, above 30 % of the balance.
        """
        i, j, sides = self._pair(sell, buy)
        require_positive("amount out", amount_out)
        scaled = self._math.in_given_out_up(*sides, amount_out * self._scale(j))
        return wad_div_up(div_up(scaled, self._scale(i)), complement(self.fee))

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Sell ``amount_in``; the pool keeps no clock, so ``time`` is ignored."""
        del time
        return self._traded(sell, buy, amount_in, self.quote(sell, buy, amount_in))

    def swap_exact_out(self, sell: str, buy: str, amount_out: int) -> tuple[Trade, Self]:
        """Buy exactly ``amount_out``."""
        return self._traded(sell, buy, self.quote_exact_out(sell, buy, amount_out), amount_out)

    def _traded(self, sell: str, buy: str, amount_in: int, amount_out: int) -> tuple[Trade, Self]:
        change = {sell: amount_in, buy: -amount_out}
        trade = Trade(sell, buy, amount_in, amount_out, fee=mul_up(amount_in, self.fee), fee_asset=sell)
        return trade, self._moved([change.get(token, 0) for token in self.tokens])

    def _moved(self, changes: Sequence[int], shares: int = 0) -> Self:
        # The vault packs a balance into 112 bits.
        balances = tuple(to_uint(b + c, 112, "balance") for b, c in zip(self.balances, changes, strict=True))
        return replace(self, balances=balances, total_supply=self.total_supply + shares)

    def invariant(self) -> int:
        """Return the product of balance**weight, rounded down, 18 decimals."""
        return self._math.invariant_down(self.weights, self._scaled())

    def initialise(self, amounts: Sequence[int]) -> tuple[int, Self]:
        """Fund the empty pool; return (shares for the caller, pool). 10**6 units are locked for ever.

        Raises
        ------
        UnsafeValueError
            If there are shares already; if fewer than the locked minimum would be minted.
        """
        if self.total_supply:
            raise UnsafeValueError("total supply before initialisation", self.total_supply, 0, 0)
        funded = self._moved(amounts)
        shares = funded.invariant() * len(self.tokens)
        if shares < MINIMUM_SHARES:
            raise UnsafeValueError("shares", shares, MINIMUM_SHARES, WAD)
        return shares - MINIMUM_SHARES, replace(funded, total_supply=shares)

    def join_exact(self, amounts: Mapping[str, int]) -> tuple[int, Self]:
        """Add exactly ``amounts``; return (shares minted, pool)."""
        given = self._given(amounts)
        scaled = [amount * self._scale(i) for i, amount in enumerate(given)]
        shares = self._math.shares_for_exact_in_down(
            self._scaled(), self.weights, scaled, self.total_supply, self.fee
        )
        return shares, self._moved(given, shares)

    def join_single(self, token: str, shares: int) -> tuple[int, Self]:
        """Mint exactly ``shares`` against one token; return (amount paid, pool)."""
        i = self._index(token)
        require_not_negative("shares", shares)
        scaled = self._math.single_in_for_shares_up(
            self._scaled()[i], self.weights[i], shares, self.total_supply, self.fee
        )
        amount = div_up(scaled, self._scale(i))
        return amount, self._moved([amount if k == i else 0 for k in range(len(self.tokens))], shares)

    def join_proportional(self, shares: int) -> tuple[dict[str, int], Self]:
        """Mint exactly ``shares`` against all tokens (pools since 2022); return (amounts paid, pool)."""
        require_not_negative("shares", shares)
        ratio = wad_div_up(shares, self.total_supply)
        paid = [div_up(mul_up(b, ratio), self._scale(i)) for i, b in enumerate(self._scaled())]
        return dict(zip(self.tokens, paid, strict=True)), self._moved(paid, shares)

    def exit_exact(self, amounts: Mapping[str, int]) -> tuple[int, Self]:
        """Take exactly ``amounts``; return (shares burned, pool)."""
        given = self._given(amounts)
        scaled = [amount * self._scale(i) for i, amount in enumerate(given)]
        shares = self._math.shares_for_exact_out_up(
            self._scaled(), self.weights, scaled, self.total_supply, self.fee
        )
        return shares, self._moved([-amount for amount in given], -shares)

    def exit_single(self, token: str, shares: int) -> tuple[int, Self]:
        """Burn exactly ``shares`` for one token; return (amount received, pool)."""
        i = self._index(token)
        self._require_shares(shares)
        scaled = self._math.single_out_for_shares_down(
            self._scaled()[i], self.weights[i], shares, self.total_supply, self.fee
        )
        amount = scaled // self._scale(i)
        return amount, self._moved([-amount if k == i else 0 for k in range(len(self.tokens))], -shares)

    def exit_proportional(self, shares: int) -> tuple[dict[str, int], Self]:
        """Burn exactly ``shares`` for all tokens; return (amounts received, pool)."""
        self._require_shares(shares)
        ratio = div_down(shares, self.total_supply)
        got = [mul_down(b, ratio) // self._scale(i) for i, b in enumerate(self._scaled())]
        return dict(zip(self.tokens, got, strict=True)), self._moved([-amount for amount in got], -shares)

    def _given(self, amounts: Mapping[str, int]) -> list[int]:
        for token, amount in amounts.items():
            self._index(token)
            require_not_negative(token, amount)
        return [amounts.get(token, 0) for token in self.tokens]

    def _require_shares(self, shares: int) -> None:
        require_not_negative("shares", shares)
        if shares > self.total_supply:
            raise InsufficientLiquidityError("shares", shares, self.total_supply)

    def to_state(self) -> State:
        """Return the state as plain data."""
        state = asdict(self)
        del state["_math"]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in state.items()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pool from ``to_state``'s data."""
        return cls(
            tokens=state_strs(state, "tokens"),
            weights=state_ints(state, "weights"),
            balances=state_ints(state, "balances"),
            decimals=state_ints({"decimals": (), **state}, "decimals"),
            fee=state_int(state, "fee", 0),
            total_supply=state_int(state, "total_supply", 0),
            shortcuts=bool(state.get("shortcuts", True)),
        )
