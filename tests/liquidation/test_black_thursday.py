"""12 March 2020: bots with a fixed gas price do not get into blocks, and bids of nothing win.

Known from outside (the incident's file names the sources): ETH falls from 171 by half, gas costs six times
the normal, 62,890 ETH go for bids of zero, and the printed deficits range from 4.5 to 6.65 million DAI.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import pytest

from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind, Ledger, Posting
from protocol.liquidation.cascade.keepers import Keeper
from protocol.liquidation.costs import GasMarket
from protocol.liquidation.presets.maker import DAI
from protocol.liquidation.presets.maker_flip import Flip, FlipTerms
from protocol.market_state import MarketState, Price

RAD = 10**45
ETH = "ETH"
LOT = 50 * WAD
BEFORE, AFTER = Fraction(171), Fraction(171, 2)
DEBT = 50 * 114 * RAD  # at the least ratio of 1.5 and 171 dollars
TAB = DEBT * 113 // 100
NOTHING = 1  # a bid must be above zero: 10^-45 DAI
BID_SECONDS = 600
BID_GAS = 10**18  # one dollar, at the normal gas price
WON_FOR_ZERO = 62_890
PRINTED_DEFICITS = (4_500_000, 6_650_000)


@dataclass(frozen=True)
class Bidder:
    """A keeper, the part of the market price up to which he bids, and whether he opens with it."""

    keeper: Keeper
    part: Fraction
    opens_with_it: bool = True

    def next(self, flip: Flip, price: Fraction) -> tuple[int, int] | None:
        """Return (lot, bid): his price, or the least that is accepted; None where that is too dear."""
        if flip.bid < TAB:
            most = int(Fraction(flip.lot, WAD) * price * self.part * RAD)
            least = max(NOTHING, min(TAB, -(-flip.bid * flip.terms.step // WAD)))
            if least > most:
                return None
            return flip.lot, min(TAB, most) if self.opens_with_it else least
        smallest = int(Fraction(TAB, RAD) / (price * self.part) * WAD)
        accepted = flip.lot * WAD // flip.terms.step
        if accepted < smallest:
            return None
        return (smallest if self.opens_with_it else accepted), TAB


BOTS = tuple(
    Bidder(Keeper(f"bot{part}", gas=BID_GAS, highest_gas=Fraction(3)), Fraction(part, 100))
    for part in (90, 92, 94)
)
AWAKE = Bidder(Keeper("awake", gas=BID_GAS, bid=Fraction(2)), Fraction(95, 100), opens_with_it=False)


class Auction:
    """One lot under the first auctions; who pays for a bid's gas and finds it worth his while bids."""

    def __init__(self, gas_multiple: int, price: Fraction) -> None:
        self.price, self.book = price, Ledger()
        self.book.open(Account("world", Kind.ISSUER))
        self.book.open(Account("vow", Kind.ISSUER))
        names = [bidder.keeper.account for bidder in (AWAKE, *BOTS)]
        for name in ("cat", "owner", "miner", Flip.ACCOUNT, *names):
            self.book.open(Account(name))
        self.book.post("world", "cat", ETH, LOT)
        for name in names:
            self.book.post("world", name, DAI, 10**6 * RAD)
            self.book.post("world", name, ETH, WAD)
        self.book.post("vow", "world", DAI, DEBT)
        terms = FlipTerms(103 * WAD // 100, BID_SECONDS, 6 * 3600, ETH)
        self.flip, moved = Flip.kick(terms, "owner", "cat", "vow", TAB, LOT, 0)
        self.post(moved)
        self.gas = GasMarket(ETH, "miner", lambda now: Fraction(gas_multiple))
        self.market = MarketState({ETH: Price.of(str(float(price))), DAI: Price.of(1)}, {ETH: 18, DAI: 45})
        self.bids: dict[str, int] = {}

    def post(self, moved: Iterable[Posting]) -> None:
        for p in moved:
            self.book.post(p.source, p.target, p.asset, p.amount, p.memo)

    def run(self) -> Auction:
        """Let all bid until nobody does, then settle."""
        now, last = 0, -1
        while now > last:
            last, now = now, now + 12
            if not any([self.bid(bidder, now) for bidder in (AWAKE, *BOTS)]):  # noqa: C419 (all must act)
                break
        self.won = self.flip
        _, moved = self.flip.deal(now + BID_SECONDS + 1)
        self.post(moved)
        self.book.assert_conserved("auction")
        return self

    def bid(self, bidder: Bidder, now: int) -> bool:
        keeper, flip, price = bidder.keeper, self.flip, self.gas.price(now)
        if keeper.account == flip.bidder:
            return False
        offered = bidder.next(flip, self.price)
        if offered is None:
            return False
        lot, bid = offered
        gain = (Fraction(lot, WAD) * self.price - Fraction(bid, RAD)) * 10**18
        if not keeper.comes(gain, price, now, now):
            return False
        act = flip.tend if flip.bid < TAB else flip.dent
        self.flip, moved = act(keeper.account, lot, bid, now)
        toll = self.gas.toll(self.market, keeper.cost(price))
        self.post((*moved, toll.posting(keeper.account)))
        self.bids[keeper.account] = self.bids.get(keeper.account, 0) + 1
        return True


def test_at_the_normal_gas_price_rivals_pay_what_the_lot_is_worth_to_them() -> None:
    """Half the price: 50 ETH are worth 4,275; the best bot bids 94 %, and 3 % more is too much for all."""
    auction = Auction(1, AFTER).run()
    assert auction.won.bidder == "bot94"
    assert auction.won.bid / RAD == pytest.approx(0.94 * 50 * 85.5)
    # 90 % was outbid; 92 % never stood, being less than 3 % above 90. The one awake opened with nothing.
    assert auction.bids == {"awake": 1, "bot90": 1, "bot94": 1}
    # Four bids' gas, two at double bid, in ether: on the miner's account.
    assert auction.book.balance("miner", ETH) == pytest.approx((2 + 1 + 1) / 85.5 * WAD)
    assert -auction.book.balance("vow", DAI) / RAD == pytest.approx(5_700 - 0.94 * 4_275)


def test_before_the_fall_the_debt_is_paid_and_the_rest_of_the_lot_goes_home() -> None:
    auction = Auction(1, BEFORE).run()
    assert auction.won.bid == TAB
    assert TAB / RAD / (171 * 0.95) <= auction.won.lot / WAD <= TAB / RAD / (171 * 0.92)
    assert auction.book.balance("owner", ETH) == LOT - auction.won.lot
    assert auction.book.balance("vow", DAI) == TAB - DEBT


def test_at_six_times_the_gas_the_only_one_awake_wins_for_nothing() -> None:
    """To the bots the lot is worth 4,000 dollars and a bid's gas six; they have been told to pay three."""
    auction = Auction(6, AFTER).run()
    assert auction.won.bidder == "awake"
    assert auction.won.bid == NOTHING
    assert auction.bids == {"awake": 1}
    paid = auction.book.balance("miner", ETH)
    assert paid / WAD == pytest.approx(12 / 85.5)
    assert auction.book.balance("awake", ETH) == WAD + LOT - paid
    # All of the debt is the protocol's deficit; the basis is equity.
    assert auction.book.balance("vow", DAI) == NOTHING - DEBT


def test_the_printed_totals_are_of_this_size() -> None:
    """Each ETH won for nothing leaves the debt on it: 114 DAI at the least ratio, less for a safer vault."""
    auction = Auction(6, AFTER).run()
    per_eth = Fraction(-auction.book.balance("vow", DAI), RAD) / (LOT // WAD)
    assert per_eth == pytest.approx(114)
    low, high = PRINTED_DEFICITS
    assert low < high < WON_FOR_ZERO * per_eth
    # The printed range is that of vaults at 1.62 to 2.39 times their debt at the price before.
    ratios = [float(WON_FOR_ZERO * BEFORE / total) for total in (high, low)]
    assert ratios == pytest.approx([1.617, 2.390], abs=1e-3)


def test_gas_that_eats_the_gain_keeps_everyone_away() -> None:
    """A lot so small that a bid's gas exceeds what it can gain is bid for by nobody, however awake."""
    assert AWAKE.keeper.comes(Fraction(5 * 10**18), Fraction(2), 0, 0)
    assert not AWAKE.keeper.comes(Fraction(5 * 10**18), Fraction(3), 0, 0)
