"""Uniswap V1 exchange: ETH against one token, x * y = k with 0.3 % of the input kept.

Source of the rules: Uniswap V1 ``uniswap_exchange.vy`` (getInputPrice, getOutputPrice, addLiquidity,
removeLiquidity). Reserves are the exchange's balances, so a donation moves the price at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    SlippageError,
    UninitialisedPoolError,
    UnknownAssetError,
)
from protocol.fixed_point import to_uint
from protocol.venues.checks import require_not_negative, require_positive
from protocol.venues.venue import State, Trade, state_int, state_str

MINIMUM_FIRST_DEPOSIT = 1_000_000_000


def input_price_down(amount_in: int, reserve_in: int, reserve_out: int) -> int:
    """Return what ``amount_in`` buys: floor(in * 997 * out / (in_reserve * 1000 + in * 997)).

    Raises
    ------
    UninitialisedPoolError
        If a reserve is empty.
    """
    if reserve_in <= 0 or reserve_out <= 0:
        raise UninitialisedPoolError("the exchange holds nothing on one side")
    with_fee = amount_in * 997
    return _product(with_fee, reserve_out) // _product(1, reserve_in * 1000 + with_fee)


def output_price_up(amount_out: int, reserve_in: int, reserve_out: int) -> int:
    """Return what ``amount_out`` costs: floor(in * out * 1000 / ((out_reserve - out) * 997)) + 1.

    Raises
    ------
    InsufficientLiquidityError, UninitialisedPoolError
        If the output is the whole reserve or more; if a reserve is empty.
    """
    if reserve_in <= 0 or reserve_out <= 0:
        raise UninitialisedPoolError("the exchange holds nothing on one side")
    if amount_out >= reserve_out:
        raise InsufficientLiquidityError("output", amount_out, reserve_out)
    return _product(reserve_in, amount_out * 1000) // _product(reserve_out - amount_out, 997) + 1


def _product(a: int, b: int) -> int:
    """Return a * b where Vyper's checked uint256 holds it."""
    return to_uint(a * b, 256, "product")


@dataclass(frozen=True, slots=True)
class UniswapV1Exchange:
    """An ETH/token exchange.

    Parameters
    ----------
    token
        Name of the token; the other side is ``ether``.
    ether_reserve, token_reserve
        Balances in wei and in the token's units.
    total_supply
        Liquidity tokens in circulation; 0 when unknown or not yet funded.
    ether
        Name of the native asset.
    """

    token: str
    ether_reserve: int
    token_reserve: int
    total_supply: int = 0
    ether: str = "ETH"

    @property
    def assets(self) -> tuple[str, ...]:
        """ETH first, as the exchange thinks of itself."""
        return (self.ether, self.token)

    def reserves(self) -> Mapping[str, int]:
        """Return both balances."""
        return {self.ether: self.ether_reserve, self.token: self.token_reserve}

    def _sides(self, sell: str, buy: str) -> tuple[int, int]:
        if (sell, buy) == (self.ether, self.token):
            return self.ether_reserve, self.token_reserve
        if (sell, buy) == (self.token, self.ether):
            return self.token_reserve, self.ether_reserve
        raise UnknownAssetError(buy if sell in self.assets else sell, self.assets)

    def _with(self, sell: str, into: int, out_of: int) -> Self:
        if sell == self.ether:
            return replace(self, ether_reserve=into, token_reserve=out_of)
        return replace(self, token_reserve=into, ether_reserve=out_of)

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the output of selling ``amount_in``."""
        require_positive("amount in", amount_in)
        return input_price_down(amount_in, *self._sides(sell, buy))

    def quote_exact_out(self, sell: str, buy: str, amount_out: int) -> int:
        """Return the input that buys exactly ``amount_out``."""
        require_positive("amount out", amount_out)
        return output_price_up(amount_out, *self._sides(sell, buy))

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Sell ``amount_in``; V1 keeps no clock, so ``time`` is ignored."""
        del time
        reserve_in, reserve_out = self._sides(sell, buy)
        out = self.quote(sell, buy, amount_in)
        # Every entry point demands min_tokens > 0 or min_eth > 0, so an output of nothing reverts.
        require_positive("amount out", out)
        # The fee is what the contract leaves out of the price formula; it stays in the input reserve.
        trade = Trade(sell, buy, amount_in, out, fee=amount_in - amount_in * 997 // 1000, fee_asset=sell)
        return trade, self._with(sell, reserve_in + amount_in, reserve_out - out)

    def swap_exact_out(
        self, sell: str, buy: str, amount_out: int, max_in: int | None = None
    ) -> tuple[Trade, Self]:
        """Buy exactly ``amount_out``, paying at most ``max_in``.

        Raises
        ------
        SlippageError
            If it costs more than ``max_in``.
        """
        reserve_in, reserve_out = self._sides(sell, buy)
        cost = self.quote_exact_out(sell, buy, amount_out)
        if max_in is not None and cost > max_in:
            raise SlippageError("input", cost, max_in)
        trade = Trade(sell, buy, cost, amount_out, fee=cost - cost * 997 // 1000, fee_asset=sell)
        return trade, self._with(sell, reserve_in + cost, reserve_out - amount_out)

    def add_liquidity(self, ether: int, max_tokens: int) -> tuple[int, int, Self]:
        """Deposit ``ether`` wei and the matching tokens; return (minted, tokens taken, exchange).

        Raises
        ------
        SlippageError, DivisionByZeroError
            If the first deposit is below the minimum, or more than ``max_tokens`` are needed;
            without ether.
        """
        require_positive("ether", ether)
        require_positive("max tokens", max_tokens)
        if self.total_supply == 0:
            if ether < MINIMUM_FIRST_DEPOSIT:
                raise SlippageError("first deposit", ether, MINIMUM_FIRST_DEPOSIT)
            # The contract mints its whole balance, ether that was there before included.
            minted, tokens = self.ether_reserve + ether, max_tokens
        else:
            if self.ether_reserve == 0:
                raise DivisionByZeroError("liquidity per ether")
            # The contract adds one unit whether or not the division is exact.
            tokens = _product(ether, self.token_reserve) // self.ether_reserve + 1
            minted = _product(ether, self.total_supply) // self.ether_reserve
            if tokens > max_tokens:
                raise SlippageError("tokens", tokens, max_tokens)
            require_positive("liquidity minted", minted)
        return (
            minted,
            tokens,
            replace(
                self,
                ether_reserve=self.ether_reserve + ether,
                token_reserve=self.token_reserve + tokens,
                total_supply=self.total_supply + minted,
            ),
        )

    def remove_liquidity(self, shares: int) -> tuple[int, int, Self]:
        """Burn ``shares``; return (ether, tokens, exchange).

        Raises
        ------
        InsufficientLiquidityError
            For more shares than exist.
        """
        require_positive("shares", shares)
        if shares > self.total_supply:
            raise InsufficientLiquidityError("shares", shares, self.total_supply)
        ether = _product(shares, self.ether_reserve) // self.total_supply
        tokens = _product(shares, self.token_reserve) // self.total_supply
        require_positive("ether out", ether)
        require_positive("tokens out", tokens)
        return (
            ether,
            tokens,
            replace(
                self,
                ether_reserve=self.ether_reserve - ether,
                token_reserve=self.token_reserve - tokens,
                total_supply=self.total_supply - shares,
            ),
        )

    def donate(self, amounts: Mapping[str, int]) -> Self:
        """Receive a plain transfer: V1 reads its balances, so the price moves.

        Raises
        ------
        UnknownAssetError
            For an asset of another pool.
        """
        for asset, amount in amounts.items():
            require_not_negative(f"{asset} transferred", amount)
            if asset not in self.assets:
                raise UnknownAssetError(asset, self.assets)
        return replace(
            self,
            ether_reserve=self.ether_reserve + amounts.get(self.ether, 0),
            token_reserve=self.token_reserve + amounts.get(self.token, 0),
        )

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the exchange from ``to_state``'s data."""
        return cls(
            token=state_str(state, "token"),
            ether_reserve=state_int(state, "ether_reserve"),
            token_reserve=state_int(state, "token_reserve"),
            total_supply=state_int(state, "total_supply", 0),
            ether=state_str(state, "ether", "ETH"),
        )
