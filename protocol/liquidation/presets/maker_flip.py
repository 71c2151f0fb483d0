"""Maker's first auctions (Flipper): bids rise to the debt, then the lot falls; who is alone names his price.

Source of the rules: makerdao/dss 03c6df6f ``src/flip.sol``, equal to the compiled text to the last unit
(tests/vectors/liquidation). On 12 March 2020 bids of nearly nothing won lots under these rules, because the
others' bids did not get into blocks. A lot is in wads, dai in rads (45 decimals).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.errors import AuctionPriceError, AuctionStateError, LiquidationSizeError
from protocol.fixed_point import WAD
from protocol.ledger import Posting
from protocol.liquidation.presets.maker import DAI, Booked


@dataclass(frozen=True, slots=True)
class FlipTerms:
    """What governance filed.

    Parameters
    ----------
    step
        ``beg``, wad: by which a bid must be better than the last.
    bid_seconds, auction_seconds
        ``ttl`` and ``tau``: how long a bid, and the whole auction, stays open.
    collateral
        Name of the asset auctioned.
    """

    step: int = 105 * WAD // 100
    bid_seconds: int = 3 * 3600
    auction_seconds: int = 2 * 86_400
    collateral: str = "collateral"


@dataclass(frozen=True, slots=True)
class Flip:
    """One auction.

    Parameters
    ----------
    terms
        Of its collateral type.
    owner, protocol, debt_account
        Whose vault it was; who stands as bidder until there is one; who gets the dai.
    tab, lot, bid
        Dai wanted, collateral offered, dai bid.
    bidder
        The highest, empty once the auction is settled.
    bid_until, until
        Seconds at which the last bid (0 for none) and the auction end.
    """

    terms: FlipTerms
    owner: str
    protocol: str
    debt_account: str
    tab: int
    lot: int
    bid: int
    bidder: str
    bid_until: int
    until: int

    ACCOUNT = "flipper"

    @classmethod
    def kick(
        cls, terms: FlipTerms, owner: str, protocol: str, debt_account: str, tab: int, lot: int, now: int
    ) -> tuple[Flip, Booked]:
        """Start an auction over ``lot``, which the protocol holds."""
        until = now + terms.auction_seconds
        auction = cls(terms, owner, protocol, debt_account, tab, lot, 0, protocol, 0, until)
        return auction, auction._gems(protocol, cls.ACCOUNT, lot, "auctioned")

    def tend(self, bidder: str, lot: int, bid: int, now: int) -> tuple[Flip, Booked]:
        """Bid more dai for the whole lot, up to the debt.

        Raises
        ------
        AuctionStateError
            If the auction or the last bid has ended.
        LiquidationSizeError
            If the lot is another one, or more than the debt is bid.
        AuctionPriceError
            If the bid is not better enough.
        """
        self._require_open(now)
        if lot != self.lot:
            raise LiquidationSizeError("Flipper/lot-not-matching", lot=lot, offered=self.lot)
        if bid > self.tab:
            raise LiquidationSizeError("Flipper/higher-than-tab", bid=bid, tab=self.tab)
        if bid <= self.bid:
            raise AuctionPriceError("Flipper/bid-not-higher", bid=bid, highest=self.bid)
        if bid * WAD < self.terms.step * self.bid and bid != self.tab:
            raise AuctionPriceError("Flipper/insufficient-increase", bid=bid, highest=self.bid)
        moved = (
            *self._dai(bidder, self.bidder, self.bid, "outbid"),
            *self._dai(bidder, self.debt_account, bid - self.bid, "bid"),
        )
        after = replace(self, bid=bid, bidder=bidder, bid_until=now + self.terms.bid_seconds)
        return after, moved

    def dent(self, bidder: str, lot: int, bid: int, now: int) -> tuple[Flip, Booked]:
        """Take a smaller lot for the whole debt; what is left of it goes back to the owner.

        Raises
        ------
        AuctionStateError
            If the auction or the last bid has ended, or the debt has not been bid yet.
        AuctionPriceError
            If the lot is not smaller enough, or the bid not the debt.
        """
        self._require_open(now)
        if bid != self.bid:
            raise AuctionPriceError("Flipper/not-matching-bid", bid=bid, highest=self.bid)
        if bid != self.tab:
            raise AuctionStateError("Flipper/tend-not-finished", bid=bid, tab=self.tab)
        if lot >= self.lot:
            raise AuctionPriceError("Flipper/lot-not-lower", lot=lot, offered=self.lot)
        if self.terms.step * lot > self.lot * WAD:
            raise AuctionPriceError("Flipper/insufficient-decrease", lot=lot, offered=self.lot)
        moved = (
            *self._dai(bidder, self.bidder, bid, "outbid"),
            *self._gems(self.ACCOUNT, self.owner, self.lot - lot, "returned"),
        )
        after = replace(self, lot=lot, bidder=bidder, bid_until=now + self.terms.bid_seconds)
        return after, moved

    def tick(self, now: int) -> Flip:
        """Restart an auction that ended without a bid.

        Raises
        ------
        AuctionStateError
            If it runs, or has had a bid.
        """
        if self.until >= now:
            raise AuctionStateError("Flipper/not-finished", until=self.until, now=now)
        if self.bid_until:
            raise AuctionStateError("Flipper/bid-already-placed")
        return replace(self, until=now + self.terms.auction_seconds)

    def deal(self, now: int) -> tuple[Flip, Booked]:
        """Hand the lot to the highest bidder of an auction that has ended.

        Raises
        ------
        AuctionStateError
            If it has not, or nobody has bid.
        """
        if not self.bid_until or (self.bid_until >= now and self.until >= now):
            raise AuctionStateError("Flipper/not-finished", until=self.until, now=now)
        moved = self._gems(self.ACCOUNT, self.bidder, self.lot, "won")
        return replace(self, tab=0, lot=0, bid=0, bidder="", bid_until=0, until=0), moved

    def _require_open(self, now: int) -> None:
        if not self.bidder:
            raise AuctionStateError("Flipper/guy-not-set")
        if self.bid_until and self.bid_until <= now:
            raise AuctionStateError("Flipper/already-finished-tic", until=self.bid_until, now=now)
        if self.until <= now:
            raise AuctionStateError("Flipper/already-finished-end", until=self.until, now=now)

    def _dai(self, source: str, target: str, amount: int, memo: str) -> Booked:
        if source == target:
            # Who outbids himself must hold the last bid once more: the contract moves it to him from himself.
            return (
                *self._dai(source, self.ACCOUNT, amount, memo),
                *self._dai(self.ACCOUNT, target, amount, memo),
            )
        return (Posting(source, target, DAI, amount, memo),) if amount else ()

    def _gems(self, source: str, target: str, amount: int, memo: str) -> Booked:
        return (Posting(source, target, self.terms.collateral, amount, memo),) if amount else ()
