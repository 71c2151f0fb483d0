"""Derive's Dutch auction over whole accounts, solvent and insolvent.

Source of the rule: derivexyz/v2-core ``src/liquidation/DutchAuction.sol``. All amounts are signed integers
with 18 decimals, products and quotients truncate toward zero, times are seconds. Margins come from outside:
``maintenance`` is the maintenance excess (below zero means short of margin), ``value`` the mark-to-market
value with cash.

Solvent: bidders buy shares of the account at a falling share of its value. Insolvent: they are paid a rising
amount to take it, by the security module first and by all cash holders after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from protocol.errors import (
    AuctionPriceError,
    AuctionStateError,
    BidderFundsError,
    DivisionByZeroError,
    LiquidationSizeError,
    NotLiquidatableError,
    OverflowedError,
)
from protocol.fixed_point import WAD, div_to_zero
from protocol.ledger import Posting


def multiply(a: int, b: int) -> int:
    """Return a * b / 1e18 rounded toward zero."""
    return div_to_zero(a * b, WAD)


@dataclass(frozen=True, slots=True)
class AuctionRules:
    """Parameters of the auction.

    Parameters
    ----------
    start_share, fast_end_share
        Share of the account's value asked at the start and at the end of the fast phase, 18 decimals.
    fast_seconds, slow_seconds
        Length of the two phases of a solvent auction.
    insolvent_seconds
        Time in which the pay-out grows from the negative value to the maintenance shortfall.
    fee_rate
        Share of the value sold at best that goes to the security module at the start, 18 decimals.
    buffer
        Part of (maintenance - value) added to the maintenance excess: the level to which is liquidated.
    cutoff
        Value below which the whole account may be bought at once.
    """

    start_share: int
    fast_end_share: int
    fast_seconds: int
    slow_seconds: int
    insolvent_seconds: int
    fee_rate: int
    buffer: int
    cutoff: int = 0

    @property
    def solvent_seconds(self) -> int:
        """Length of a solvent auction."""
        return self.fast_seconds + self.slow_seconds

    def share_asked(self, elapsed: int) -> int:
        """Return the share of value asked after ``elapsed`` seconds of a solvent auction."""
        if elapsed < self.fast_seconds:
            fall = self.start_share - self.fast_end_share
            return self.start_share - fall * elapsed // self.fast_seconds
        if elapsed >= self.solvent_seconds:
            return 0
        fallen = self.fast_end_share * (elapsed - self.fast_seconds) // WAD
        return self.fast_end_share - fallen * WAD // self.slow_seconds

    def buffer_margin(self, maintenance: int, value: int) -> int:
        """Return the excess that must not be negative for a solvent auction to end."""
        return maintenance + multiply(maintenance - value, self.buffer)

    def greatest_share(self, value: int, buffer_margin: int, asked: int, reserved: int) -> int:
        """Return the share of the account whose sale at ``asked`` restores the buffer margin.

        Raises
        ------
        DivisionByZeroError, OverflowedError
            Where the contract panics or its cast reverts.
        """
        if value < self.cutoff:
            return WAD
        short = min(buffer_margin, 0)
        denominator = short - multiply(value, asked) - multiply(reserved, WAD - asked)
        if denominator == 0:
            raise DivisionByZeroError("greatest share")
        share = div_to_zero(short * WAD, denominator)
        if share < 0:
            raise OverflowedError("greatest share", share, 256)
        return share

    def starting_fee(self, value: int, buffer_margin: int) -> int:
        """Return the fee charged to a solvent account when its auction starts."""
        share = self.greatest_share(value, buffer_margin, WAD, 0)
        return multiply(multiply(share, abs(value)), self.fee_rate)


@dataclass(frozen=True, slots=True)
class Status:
    """What the contract answers about a live auction."""

    may_end: bool
    value: int
    maintenance: int
    buffer_margin: int


@dataclass(frozen=True, slots=True)
class Bid:
    """What a bid moved.

    Parameters
    ----------
    share
        Part of every position taken, 18 decimals.
    paid
        Cash from the bidder to the account.
    received
        Cash to the bidder: from the security module, and the rest ``socialised``.
    reserved
        Cash of the account that earlier bids paid in and that is not shared out.
    """

    share: int
    paid: int
    received: int
    socialised: int
    reserved: int

    def postings(
        self,
        balances: Mapping[str, int],
        cash: str,
        account: str,
        bidder: str,
        module: str,
        lenders: str,
    ) -> tuple[Posting, ...]:
        """Return the movements on a ledger; ``lenders`` stands for all holders of the cash asset.

        Parameters
        ----------
        balances
            What the account held before the bid, by asset, ``cash`` included.
        cash
            The cash asset.
        """
        held = dict(balances)
        held[cash] = held.get(cash, 0) - self.reserved
        moved: list[Posting] = []
        for asset, units in held.items():
            taken = multiply(units, self.share)
            giver, taker = (account, bidder) if taken > 0 else (bidder, account)
            moved.append(Posting(giver, taker, asset, abs(taken), "share of the account"))
        moved.append(Posting(bidder, account, cash, self.paid, "bid"))
        moved.append(Posting(module, bidder, cash, self.received - self.socialised, "security module"))
        moved.append(Posting(lenders, bidder, cash, self.socialised, "socialised loss"))
        return tuple(posting for posting in moved if posting.amount)


@dataclass(frozen=True, slots=True)
class DeriveAuction:
    """One auction: its mode, its start, and the cash that bids have paid into the account."""

    rules: AuctionRules
    insolvent: bool
    started: int
    cached_shortfall: int = 0
    reserved: int = 0
    ongoing: bool = True

    @classmethod
    def start(cls, rules: AuctionRules, maintenance: int, value: int, now: int) -> tuple[DeriveAuction, int]:
        """Start the auction of an account short of maintenance margin; return it with the fee charged.

        Raises
        ------
        NotLiquidatableError
            If the maintenance excess is not negative.
        """
        if maintenance >= 0:
            raise NotLiquidatableError("DA_AccountIsAboveMaintenanceMargin()", maintenance=maintenance)
        if value > 0:
            fee = rules.starting_fee(value, rules.buffer_margin(maintenance, value))
            return cls(rules, False, now), fee
        return cls(rules, True, now, -maintenance), 0

    def status(self, maintenance: int, value: int, now: int) -> Status:
        """Return whether anyone may end the auction, with the figures it is judged by.

        Raises
        ------
        AuctionStateError
            If the auction is over.
        """
        if not self.ongoing:
            raise AuctionStateError("DA_NotOngoingAuction()")
        buffer_margin = self.rules.buffer_margin(maintenance, value)
        if self.insolvent or now - self.started >= self.rules.solvent_seconds:
            may_end = maintenance >= 0
        else:
            may_end = value < 0 or self.reserved >= value or buffer_margin >= 0
        return Status(may_end, value, maintenance, buffer_margin)

    def greatest_share(self, maintenance: int, value: int, now: int) -> int:
        """Return the greatest share that may be bought now.

        Raises
        ------
        AuctionStateError
            If the account's value is negative.
        """
        if value < 0:
            raise AuctionStateError("DA_SolventAuctionEnded()", value=value)
        asked = self.rules.share_asked(now - self.started)
        return self.rules.greatest_share(
            value, self.rules.buffer_margin(maintenance, value), asked, self.reserved
        )

    def price(self, maintenance: int, value: int, now: int) -> int:
        """Return the price of the whole account; negative is what a bidder would be paid.

        Raises
        ------
        AuctionStateError
            If the auction is over.
        AuctionPriceError
            If the reserved cash exceeds the account's value.
        """
        if not self.ongoing:
            raise AuctionStateError("DA_AuctionNotStarted()")
        elapsed = now - self.started
        if not self.insolvent:
            if elapsed >= self.rules.solvent_seconds:
                return 0
            if self.reserved > value:
                raise AuctionPriceError(
                    "DA_ReservedCashGreaterThanMtM()", reserved=self.reserved, value=value
                )
            return multiply(value - self.reserved, self.rules.share_asked(elapsed))
        if maintenance >= 0:
            return 0
        if elapsed >= self.rules.insolvent_seconds:
            return maintenance
        floor = min(value, 0)
        return div_to_zero((maintenance - floor) * elapsed, self.rules.insolvent_seconds) + floor

    def bid(
        self, maintenance: int, value: int, now: int, share: int, *, cash: int, module_cash: int
    ) -> tuple[DeriveAuction, Bid]:
        """Take up to ``share`` (18 decimals) of the account.

        Parameters
        ----------
        cash
            What the bidder's account holds; it must cover the price and the buffer margin of the share.
        module_cash
            What the security module can pay.

        Raises
        ------
        LiquidationSizeError
            If the share is not above 0 and at most 1.
        AuctionStateError
            If the auction should be ended instead, or its price has reached zero.
        BidderFundsError
            If the bidder's cash is too little.
        """
        if not 0 < share <= WAD:
            raise LiquidationSizeError("DA_InvalidPercentage()", share=share)
        status = self.status(maintenance, value, now)
        if status.may_end:
            raise AuctionStateError("DA_AuctionShouldBeTerminated()")
        price = self.price(maintenance, value, now)
        if self.insolvent:
            return self._bid_insolvent(maintenance, share, -price, cash, module_cash)
        if price <= 0:
            raise AuctionStateError("DA_SolventAuctionEnded()", price=price)
        greatest = self.greatest_share(maintenance, value, now)
        share, last = (greatest, True) if share >= greatest else (share, False)
        paid = multiply(price, share)
        _require_cash(cash, paid + multiply(abs(status.buffer_margin - self.reserved), share))
        after = replace(self, reserved=self.reserved + paid, ongoing=not last)
        return after, Bid(share, paid, 0, 0, self.reserved)

    def _bid_insolvent(
        self, maintenance: int, share: int, payout: int, cash: int, module_cash: int
    ) -> tuple[DeriveAuction, Bid]:
        received = multiply(payout, share)
        needed = multiply(abs(maintenance), share) - received
        if needed < 0:
            raise OverflowedError("cash needed by the bidder", needed, 256)
        _require_cash(cash, needed)
        socialised = max(0, received - module_cash)
        return replace(self, ongoing=share != WAD), Bid(share, 0, received, socialised, self.reserved)

    def end(self, maintenance: int, value: int, now: int) -> DeriveAuction:
        """End an auction whose account is whole again, or that must start anew as insolvent.

        Raises
        ------
        AuctionStateError
            If it may not end.
        """
        if not self.status(maintenance, value, now).may_end:
            raise AuctionStateError("DA_AuctionCannotTerminate()")
        return replace(self, ongoing=False)

    def convert(self, maintenance: int, value: int, now: int) -> DeriveAuction:
        """Turn a solvent auction whose price has fallen to zero into an insolvent one, starting now.

        Raises
        ------
        AuctionStateError
            If it is insolvent already or still asks a price.
        NotLiquidatableError
            If the account is above maintenance margin.
        """
        if self.insolvent:
            raise AuctionStateError("DA_AuctionAlreadyInInsolvencyMode()")
        if self.price(maintenance, value, now) > 0:
            raise AuctionStateError("DA_OngoingSolventAuction()")
        if maintenance >= 0:
            raise NotLiquidatableError("DA_AccountIsAboveMaintenanceMargin()", maintenance=maintenance)
        return DeriveAuction(self.rules, True, now, -maintenance)


def withdrawals_blocked(auctions: Iterable[DeriveAuction], module_cash: int) -> bool:
    """Return whether the insolvent shortfalls at start exceed the security module's cash.

    While they do, cash cannot be withdrawn from the protocol.
    """
    sought = sum(auction.cached_shortfall for auction in auctions if auction.ongoing)
    return sought > 0 and sought > module_cash


def _require_cash(cash: int, needed: int) -> None:
    if cash < needed:
        raise BidderFundsError(
            "DA_InsufficientCash()", f"{needed} needed, {cash} held", needed=needed, held=cash
        )
