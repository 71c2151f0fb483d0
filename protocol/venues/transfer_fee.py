"""Tokens that charge their own transfers, and a Uniswap V2 pair that trades them.

Source of the rules: the router's ``...SupportingFeeOnTransferTokens`` functions of Uniswap V2, which measure
what arrived instead of trusting what was sent. A token may take from the receiver (0.9 of x arrives), from
the sender (1.04 of x leaves), or both; the pair's product check then sees balances that nobody announced,
and ``skim`` followed by ``sync`` can bleed a pair whose token charges the sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, cast

from protocol.errors import InsufficientLiquidityError, StateError
from protocol.fixed_point import mul_div_up
from protocol.venues.checks import require_known, require_not_negative, require_positive
from protocol.venues.uniswap_v2 import UniswapV2Pair, amount_out_down
from protocol.venues.venue import State, Trade, state_int

SCALE = 10_000


@dataclass(frozen=True, slots=True)
class TransferFee:
    """What a token charges on a transfer of ``x``, in basis points of ``x``, each fee rounded down.

    Parameters
    ----------
    receiver_bps
        Withheld from what arrives.
    sender_bps
        Debited from the sender on top of ``x``.
    """

    receiver_bps: int = 0
    sender_bps: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.receiver_bps <= SCALE or not 0 <= self.sender_bps <= SCALE:
            raise StateError("fees", f"0 to {SCALE} basis points", (self.receiver_bps, self.sender_bps))

    def received(self, amount: int) -> int:
        """Return what arrives when ``amount`` is sent."""
        return amount - amount * self.receiver_bps // SCALE

    def debited(self, amount: int) -> int:
        """Return what leaves the sender when ``amount`` is sent."""
        return amount + amount * self.sender_bps // SCALE

    def sendable_down(self, held: int) -> int:
        """Return the largest amount whose debit ``held`` covers."""
        amount = mul_div_up(held, SCALE, SCALE + self.sender_bps)
        while self.debited(amount) > held:
            amount -= 1
        return amount


NO_FEE = TransferFee()


@dataclass(frozen=True, slots=True)
class TaxedPair:
    """A V2 pair of which one or both tokens charge their transfers.

    Parameters
    ----------
    pair
        The pair itself; its rules are unchanged.
    fee0, fee1
        Transfer fees of its two tokens.
    """

    pair: UniswapV2Pair
    fee0: TransferFee = NO_FEE
    fee1: TransferFee = NO_FEE

    @property
    def assets(self) -> tuple[str, ...]:
        """Token 0 and token 1."""
        return self.pair.assets

    def reserves(self) -> Mapping[str, int]:
        """Return the cached reserves."""
        return self.pair.reserves()

    def _fee(self, asset: str) -> TransferFee:
        return self.fee0 if asset == self.pair.token0 else self.fee1

    def send_in(self, amounts: Mapping[str, int]) -> Self:
        """Transfer tokens to the pair: it receives what the token lets through."""
        received = {asset: self._fee(asset).received(amount) for asset, amount in amounts.items()}
        return replace(self, pair=self.pair.donate(received))

    def swap_out(self, amount0_out: int, amount1_out: int, *, time: int = 0) -> tuple[int, int, Self]:
        """Run the pair's own ``swap``; return (token 0 received, token 1 received, pair).

        Raises
        ------
        InvariantError
            K, also where the token's charge on the pair breaks the product.
        """
        charge0 = self.fee0.debited(amount0_out) - amount0_out
        charge1 = self.fee1.debited(amount1_out) - amount1_out
        pair = _charged(self.pair, charge0, charge1).swap_out(amount0_out, amount1_out, time=time)
        return (
            self.fee0.received(amount0_out),
            self.fee1.received(amount1_out),
            replace(self, pair=pair),
        )

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return what the trader receives for sending ``amount_in``, both charges taken.

        The amount asked of the pair is lowered by what the output token debits the pair on top, so that
        the product check passes; for tokens that charge only the receiver this is the router's amount.
        """
        return self._fee(buy).received(self._asked(sell, buy, amount_in))

    def _asked(self, sell: str, buy: str, amount_in: int) -> int:
        require_known(self.assets, sell, buy)
        require_positive("amount in", amount_in)
        sent = self.send_in({sell: amount_in}).pair
        selling0 = sell == sent.token0
        reserve_in, reserve_out = (
            (sent.reserve0, sent.reserve1) if selling0 else (sent.reserve1, sent.reserve0)
        )
        arrived = (sent.balance0 if selling0 else sent.balance1) - reserve_in
        return self._fee(buy).sendable_down(amount_out_down(arrived, reserve_in, reserve_out, sent.keep))

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Send ``amount_in`` and take the output; ``Trade.amount_out`` is what arrives at the trader."""
        asked = self._asked(sell, buy, amount_in)
        outs = (asked, 0) if buy == self.pair.token0 else (0, asked)
        received0, received1, after = self.send_in({sell: amount_in}).swap_out(*outs, time=time)
        received = received0 if buy == self.pair.token0 else received1
        fee = amount_in - self._fee(sell).received(amount_in)
        return Trade(sell, buy, amount_in, received, fee=fee, fee_asset=sell), after

    def skim(self) -> tuple[int, int, Self]:
        """Hand out what is held beyond the reserves; return (token 0 and 1 received, pair).

        A token that charges the sender leaves the pair with *less* than its reserve: ``sync`` then lowers
        the reserve and moves the price.
        """
        extra0, extra1, skimmed = self.pair.skim()
        pair = _charged(skimmed, self.fee0.debited(extra0) - extra0, self.fee1.debited(extra1) - extra1)
        return self.fee0.received(extra0), self.fee1.received(extra1), replace(self, pair=pair)

    def sync(self, *, time: int = 0) -> Self:
        """Set the reserves to the balances."""
        return replace(self, pair=self.pair.sync(time=time))

    def to_state(self) -> State:
        """Return the state as plain data."""
        fees = {
            f"fee{i}_{side}_bps": value
            for i, fee in enumerate((self.fee0, self.fee1))
            for side, value in (("receiver", fee.receiver_bps), ("sender", fee.sender_bps))
        }
        return {"pair": self.pair.to_state(), **fees}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the pair from ``to_state``'s data."""
        pair = state.get("pair")
        if not isinstance(pair, Mapping):
            raise StateError("pair", "a Uniswap V2 state", pair)
        fees = [
            TransferFee(
                state_int(state, f"fee{i}_receiver_bps", 0), state_int(state, f"fee{i}_sender_bps", 0)
            )
            for i in (0, 1)
        ]
        return cls(UniswapV2Pair.from_state(cast("State", pair)), *fees)


def _charged(pair: UniswapV2Pair, extra0: int, extra1: int) -> UniswapV2Pair:
    """Take what the tokens debit the pair beyond the amounts it sends."""
    for asset, extra, held in (
        (pair.token0, extra0, pair.balance0),
        (pair.token1, extra1, pair.balance1),
    ):
        require_not_negative("transfer charge", extra)
        if extra > held:
            raise InsufficientLiquidityError(asset, extra, held)
    return replace(pair, balance0=pair.balance0 - extra0, balance1=pair.balance1 - extra1)
