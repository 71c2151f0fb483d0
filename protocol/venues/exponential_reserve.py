"""Kyber's automated price reserve: ETH against one token, the price an exponential of the ETH held.

Source of the rules: ``LiquidityConversionRates.sol`` and ``LiquidityFormula.sol`` of KyberNetwork. The
price of the token in ETH is P(E) = p_min * exp(r * E) with E the reserve's ETH in whole units, so buying
tokens with dE ETH pays the integral of 1 / P over E..E + dE. The contract computes in fixed point with 40
bits: r, p_min, E and both amounts are integers over 2**40, and the *average rate* of the trade, with 18
decimals, is what limits are checked against and what the output is multiplied from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Self

from protocol.errors import InsufficientLiquidityError, StateError, UnsafeValueError
from protocol.fixed_point import WAD
from protocol.venues.checks import require_known, require_not_negative, require_positive
from protocol.venues.liquidity_formula import BITS, ONE, bought_down, price_down, sold_down
from protocol.venues.venue import State, Trade, state_int, state_str

MAX_AMOUNT = 10**28
MAX_RATE = WAD * 10**6
BASIS_POINTS = 10_000
ETHER_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class ExponentialReserve:
    """A reserve as a value.

    Parameters
    ----------
    token
        Name of the token; the other side is ``ether``.
    rate_fp, minimum_price_fp
        r (per whole ETH) and p_min (ETH per token) as integers over 2**40.
    ether_reserve, token_reserve
        Balances in wei and in the token's units.
    fee_bps
        Fee in basis points: off the tokens bought, or off the tokens sold.
    maximum_price, minimum_rate_price
        Bounds of the average price in ETH per token, 18 decimals; outside, the reserve gives no rate.
    buy_cap, sell_cap
        Most wei in, or out, per trade.
    token_decimals
        Decimals of the token.
    ether
        Name of the native asset.
    """

    token: str
    rate_fp: int
    minimum_price_fp: int
    ether_reserve: int
    token_reserve: int
    fee_bps: int = 0
    maximum_price: int = MAX_RATE
    minimum_rate_price: int = 1
    buy_cap: int = MAX_AMOUNT
    sell_cap: int = MAX_AMOUNT
    token_decimals: int = 18
    ether: str = "ETH"

    def __post_init__(self) -> None:
        if self.rate_fp <= 0 or self.minimum_price_fp <= 0:
            raise StateError("rate_fp, minimum_price_fp", "above zero", (self.rate_fp, self.minimum_price_fp))
        if not 0 <= self.fee_bps < BASIS_POINTS:
            raise StateError("fee_bps", f"0 to {BASIS_POINTS - 1}", self.fee_bps)
        if not 0 < self.minimum_rate_price < self.maximum_price:
            raise StateError("minimum_rate_price", "above 0, below maximum_price", self.minimum_rate_price)

    @staticmethod
    def to_fixed_point(value: Fraction) -> int:
        """Return floor(value * 2**40): how r and p_min are given to the contract."""
        return value.numerator * ONE // value.denominator

    @property
    def assets(self) -> tuple[str, ...]:
        """ETH and the token."""
        return (self.ether, self.token)

    def reserves(self) -> Mapping[str, int]:
        """Return both balances."""
        return {self.ether: self.ether_reserve, self.token: self.token_reserve}

    def spot_price(self) -> int:
        """Return P(E), the marginal price in ETH per token before the fee, 18 decimals."""
        return self._price_fp() * WAD // ONE

    def _ether_fp(self) -> int:
        return _to_fp(self.ether_reserve, ETHER_DECIMALS)

    def _price_fp(self) -> int:
        return price_down(self.rate_fp, self.minimum_price_fp, self._ether_fp())

    def _after_fee(self, value: int) -> int:
        return (BASIS_POINTS - self.fee_bps) * value // BASIS_POINTS

    def buy_rate(self, amount_in: int) -> int:
        """Return tokens per ETH (18 decimals, whole units) for ``amount_in`` wei, averaged over the trade.

        Raises
        ------
        UnsafeValueError
            Where the contract answers with a rate of 0: over the cap or outside the price bounds.
        """
        require_not_negative("ether in", amount_in)
        delta = _to_fp(amount_in, ETHER_DECIMALS)
        if delta > (cap := _to_fp(self.buy_cap, ETHER_DECIMALS)):
            raise UnsafeValueError("ether in (fixed point)", delta, 0, cap)
        if delta == 0:
            rate = self._after_fee(ONE * WAD // self._price_fp())
        else:
            tokens = bought_down(self.rate_fp, self.minimum_price_fp, self._ether_fp(), delta)
            if tokens > (most := _to_fp(MAX_AMOUNT, ETHER_DECIMALS)):
                raise UnsafeValueError("tokens out (fixed point)", tokens, 0, most)
            rate = self._after_fee(tokens) * WAD // delta
        lowest = WAD * WAD // self.maximum_price
        return _checked(rate, lowest, min(WAD * WAD // self.minimum_rate_price, MAX_RATE))

    def sell_rate(self, amount_in: int) -> int:
        """Return ETH per token (18 decimals, whole units) for ``amount_in`` units of the token."""
        require_not_negative("tokens in", amount_in)
        given = _to_fp(amount_in, self.token_decimals)
        after_fee = self._after_fee(given)
        if after_fee == 0:
            delta = 0
            rate = self._after_fee(self._price_fp() * WAD // ONE)
        else:
            delta = sold_down(self.rate_fp, self.minimum_price_fp, self._ether_fp(), after_fee)
            rate = delta * WAD // given
        if delta > (cap := _to_fp(self.sell_cap, ETHER_DECIMALS)):
            raise UnsafeValueError("ether out (fixed point)", delta, 0, cap)
        return _checked(rate, self.minimum_rate_price, min(self.maximum_price, MAX_RATE))

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the output at the average rate of the whole trade."""
        require_known(self.assets, sell, buy)
        require_positive("amount in", amount_in)
        if amount_in > MAX_AMOUNT:
            raise UnsafeValueError("amount in", amount_in, 1, MAX_AMOUNT)
        if sell == self.ether:
            rate, places = self.buy_rate(amount_in), self.token_decimals - ETHER_DECIMALS
        else:
            rate, places = self.sell_rate(amount_in), ETHER_DECIMALS - self.token_decimals
        if places >= 0:
            return int(amount_in * rate * 10**places // WAD)
        return int(amount_in * rate // (WAD * 10**-places))

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Sell ``amount_in``; the reserve keeps no clock, so ``time`` is ignored."""
        del time
        out = self.quote(sell, buy, amount_in)
        if out > (held := self.reserves()[buy]):
            raise InsufficientLiquidityError(buy, out, held)
        require_positive("amount out", out)
        sign = 1 if sell == self.ether else -1
        ether, tokens = (amount_in, out) if sell == self.ether else (out, amount_in)
        fee = tokens * self.fee_bps // (BASIS_POINTS - self.fee_bps if sign == 1 else BASIS_POINTS)
        after = replace(
            self,
            ether_reserve=self.ether_reserve + sign * ether,
            token_reserve=self.token_reserve - sign * tokens,
        )
        return Trade(sell, buy, amount_in, out, fee=fee, fee_asset=self.token), after

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the reserve from ``to_state``'s data."""
        return cls(
            token=state_str(state, "token"),
            rate_fp=state_int(state, "rate_fp"),
            minimum_price_fp=state_int(state, "minimum_price_fp"),
            ether_reserve=state_int(state, "ether_reserve"),
            token_reserve=state_int(state, "token_reserve"),
            fee_bps=state_int(state, "fee_bps", 0),
            maximum_price=state_int(state, "maximum_price", MAX_RATE),
            minimum_rate_price=state_int(state, "minimum_rate_price", 1),
            buy_cap=state_int(state, "buy_cap", MAX_AMOUNT),
            sell_cap=state_int(state, "sell_cap", MAX_AMOUNT),
            token_decimals=state_int(state, "token_decimals", 18),
            ether=state_str(state, "ether", "ETH"),
        )


def _to_fp(amount: int, decimals: int) -> int:
    return int((amount << BITS) // 10**decimals)


def _checked(rate: int, lowest: int, highest: int) -> int:
    if not lowest <= rate <= highest:
        raise UnsafeValueError("average rate", rate, lowest, highest)
    return rate
