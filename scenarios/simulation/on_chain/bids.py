"""What is bid for a place: fixed, a share of the gain, or above the best rival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from scenarios.files.protocol_chain import GAS_DECIMALS, SenderFile
from scenarios.simulation.on_chain.build import GAS, wei
from scenarios.simulation.on_chain.wishes import Wish

LEAST_RAISE_PERCENT = 10


@dataclass(slots=True)
class Bid:
    """A wish with its price.

    Parameters
    ----------
    gain
        In wei: what the wish would bring.
    purse
        In wei: what the sender has to pay for gas.
    tip
        Priority fee in wei per gas, raised while bids are made.
    """

    wish: Wish
    sender: SenderFile
    gain: int
    purse: int
    tip: int = 0

    @property
    def gas(self) -> int:
        """Gas of the transaction."""
        return self.sender.gas or GAS[self.wish.agent.transaction_kind]

    def cost(self, base_fee: int) -> int:
        """Return what inclusion costs, in wei."""
        return self.gas * (base_fee + self.tip)

    def most(self, base_fee: int) -> int:
        """Return the highest tip that it wants: the part of the gain that may be bid, less the base fee."""
        most = int(self.gain * Fraction(self.sender.most_share)) // self.gas - base_fee
        cap, floor = self.sender.most_tip, wei(self.sender.tip)
        most = most if cap is None else min(most, wei(cap))
        return max(floor, min(most, self.purse // self.gas - base_fee))

    def may_pay(self, tip: int, cap: int) -> bool:
        """Say whether the sender's bounds and purse permit a replacement at this tip and cap."""
        bounds = ((self.sender.most_tip, tip), (self.sender.most_fee, cap))
        within = all(most is None or asked <= wei(most) for most, asked in bounds)
        return within and tip * self.gas <= self.purse

    def fee_cap(self, base_fee: int) -> int:
        """Return the cap of the whole price per gas."""
        cap, most = self.tip + int(self.sender.headroom * base_fee), self.sender.most_fee
        return cap if most is None else min(cap, wei(most))


def open_bid(wish: Wish, sender: SenderFile, purse: int, native_price: Fraction, base_fee: int) -> Bid:
    """Return the first bid: the fixed tip, or what ``share`` bids at once."""
    bid = Bid(wish, sender, int(wish.gain / native_price * 10**GAS_DECIMALS), purse)
    bid.tip = bid.most(base_fee) if sender.bidding == "share" else wei(sender.tip)
    return bid


def outbid(bids: Sequence[Bid], base_fee: int) -> None:
    """Let those who outbid raise by a tenth above the best rival of their kind, in turn, until none can.

    A public auction by replacement: who values the place most gets it, for about what the second would pay.
    """
    raising = True
    while raising:
        raising = False
        for bid in bids:
            if bid.sender.bidding != "outbid":
                continue
            best = max((other.tip for other in bids if _sees(bid, other)), default=-1)
            if bid.tip > best:
                continue
            raised = best + max(best * LEAST_RAISE_PERCENT // 100, 1)
            if raised <= bid.most(base_fee):
                bid.tip, raising = raised, True


def _sees(bid: Bid, other: Bid) -> bool:
    same_kind = bid.wish.agent.transaction_kind == other.wish.agent.transaction_kind
    return other is not bid and same_kind and other.sender.channel in ("", bid.sender.channel)
