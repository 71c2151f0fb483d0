"""Maker's liquidation 2.0: Dog (which vaults, how much) and Clipper (a Dutch auction per lot).

Source of the rules: makerdao/dss ``src/dog.sol``, ``src/clip.sol``. Collateral and normalised debt are wads,
prices and rates rays, amounts of dai rads (45 decimals). Every action returns the state afterwards and the
postings that moved collateral and dai, for a ledger to book; the Vow may go below zero: what it is short of
is the system's bad debt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from protocol.errors import (
    AuctionPriceError,
    AuctionStateError,
    LiquidationSizeError,
    NotLiquidatableError,
)
from protocol.fixed_point import RAY, UINT256_MAX, WAD, to_uint
from protocol.ledger import Posting
from protocol.liquidation.decay import Decay

BILLION = 10**9
DAI = "dai"


@dataclass(frozen=True, slots=True)
class MakerParameters:
    """What governance files.

    Parameters
    ----------
    penalty
        ``chop``, wad: 1.13 adds thirteen per cent to the debt.
    global_limit, limit
        ``Hole`` and ``hole``, rad: dai that may be sought in auctions at once, in all and of this type.
    dust
        Least debt of a vault, rad.
    start_factor
        ``buf``, ray: start price over the oracle's.
    decay
        The price curve.
    reset_after, reset_below
        ``tail`` seconds and ``cusp``, ray: when an auction must be restarted.
    reward_share, reward
        ``chip``, wad, of the debt sought and ``tip``, rad, paid to who starts or restarts an auction.
    reference
        ``par``, ray: price of one dai.
    collateral
        Name of the asset auctioned.
    """

    penalty: int
    global_limit: int
    limit: int
    dust: int
    start_factor: int
    decay: Decay
    reset_after: int
    reset_below: int
    reward_share: int
    reward: int
    reference: int = RAY
    collateral: str = "collateral"

    @property
    def least_auction(self) -> int:
        """``chost``, rad: dust with the penalty; no auction may be left with less."""
        return self.dust * self.penalty // WAD


@dataclass(frozen=True, slots=True)
class Urn:
    """A vault: locked collateral and normalised debt, wads."""

    ink: int
    art: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A running auction: dai sought (rad), collateral left (wad), owner, start and start price (ray)."""

    tab: int
    lot: int
    owner: str
    started: int
    top: int


Booked: TypeAlias = tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Clipper:
    """The auctions of one collateral type with the counters of the Dog.

    Parameters
    ----------
    parameters
        What governance filed.
    sales
        Running auctions by number.
    kicks
        Auctions started so far.
    global_dirt, dirt
        Dai sought at the moment, rad, over all types and of this one.
    """

    parameters: MakerParameters
    sales: Mapping[int, Sale] = field(default_factory=dict)
    kicks: int = 0
    global_dirt: int = 0
    dirt: int = 0

    AUCTION = "clipper"
    VOW = "vow"

    def bark(
        self,
        owner: str,
        urn: Urn,
        *,
        spot: int,
        rate: int,
        price: int,
        keeper: str,
        now: int,
    ) -> tuple[Clipper, Urn, int, Booked]:
        """Seize an unsafe vault, whole or as much as the limits leave room for, and start an auction.

        Parameters
        ----------
        owner
            Name of the vault's account.
        urn
            The vault.
        spot
            Price with the safety margin, ray.
        rate
            Debt per unit of normalised debt, ray.
        price
            Price of the oracle, wad.
        keeper
            Who is rewarded.
        now
            Seconds.

        Returns
        -------
        The clipper and the vault afterwards, the auction's number, and what moved.

        Raises
        ------
        NotLiquidatableError
            If the vault is safe.
        LiquidationSizeError
            If limits are reached, the part would be dusty, or no collateral would be sold.
        AuctionPriceError
            If the start price would be zero.
        """
        rules = self.parameters
        value = to_uint(urn.ink * spot, 256, "ink * spot")
        debt = to_uint(urn.art * rate, 256, "art * rate")
        if not (spot > 0 and value < debt):
            raise NotLiquidatableError("Dog/not-unsafe", value=value, debt=debt)
        taken = self._debt_taken(urn.art, rate)
        seized = to_uint(urn.ink * taken, 256, "ink * dart") // urn.art
        if seized <= 0:
            raise LiquidationSizeError("Dog/null-auction", ink=urn.ink, art=urn.art, taken=taken)
        if max(taken, seized) > 1 << 255:
            raise LiquidationSizeError("Dog/overflow", taken=taken, seized=seized)
        due = to_uint(taken * rate, 256, "due")
        tab = to_uint(due * rules.penalty, 256, "due * chop") // WAD
        if tab == 0:
            raise LiquidationSizeError("Clipper/zero-tab", due=due)
        number = self.kicks + 1
        sale = Sale(tab, seized, owner, now, self._start_price(price))
        after = replace(
            self,
            sales={**self.sales, number: sale},
            kicks=number,
            global_dirt=self.global_dirt + tab,
            dirt=self.dirt + tab,
        )
        moved = (
            Posting(owner, self.AUCTION, rules.collateral, seized, "seized"),
            Posting(self.VOW, owner, DAI, due, "debt taken over"),
            *self._reward(keeper, tab),
        )
        return after, Urn(urn.ink - seized, urn.art - taken), number, moved

    def _debt_taken(self, art: int, rate: int) -> int:
        rules = self.parameters
        if not (rules.global_limit > self.global_dirt and rules.limit > self.dirt):
            raise LiquidationSizeError(
                "Dog/liquidation-limit-hit", sought=self.dirt, limit=rules.limit, total=self.global_dirt
            )
        room = min(rules.global_limit - self.global_dirt, rules.limit - self.dirt)
        taken = min(art, to_uint(room * WAD, 256, "room") // rate // rules.penalty)
        if art > taken:
            if (art - taken) * rate < rules.dust:
                taken = art
            elif taken * rate < rules.dust:
                raise LiquidationSizeError(
                    "Dog/dusty-auction-from-partial-liquidation", due=taken * rate, dust=rules.dust
                )
        return taken

    def _start_price(self, price: int) -> int:
        rules = self.parameters
        feed = to_uint(price * BILLION * RAY, 256, "price") // rules.reference
        top = to_uint(feed * rules.start_factor, 256, "top") // RAY
        if top == 0:
            raise AuctionPriceError("Clipper/zero-top-price", price=price)
        return top

    def _reward(self, keeper: str, tab: int) -> Booked:
        coin = self.parameters.reward + tab * self.parameters.reward_share // WAD
        return (Posting(self.VOW, keeper, DAI, coin, "keeper reward"),) if coin else ()

    def status(self, number: int, now: int) -> tuple[bool, int, int, int]:
        """Return whether an auction needs a restart, its price (ray), lot (wad) and dai sought (rad)."""
        sale = self.sales.get(number)
        if sale is None:
            return False, 0, 0, 0
        done, price = self._price(sale, now)
        return done, price, sale.lot, sale.tab

    def _price(self, sale: Sale, now: int) -> tuple[bool, int]:
        elapsed = now - sale.started
        price = self.parameters.decay.price_down(sale.top, elapsed)
        fallen = to_uint(price * RAY, 256, "price") // sale.top
        return elapsed > self.parameters.reset_after or fallen < self.parameters.reset_below, price

    def _running(self, number: int) -> Sale:
        sale = self.sales.get(number)
        if sale is None:
            raise AuctionStateError("Clipper/not-running-auction", number=number)
        return sale

    def redo(self, number: int, *, price: int, keeper: str, now: int) -> tuple[Clipper, Booked]:
        """Restart an auction whose price fell too far or that ran too long.

        The reward is paid only if both the dai sought and the lot's value reach the least auction.

        Raises
        ------
        AuctionStateError
            If there is no such auction or it needs no restart.
        """
        sale = self._running(number)
        done, _ = self._price(sale, now)
        if not done:
            raise AuctionStateError("Clipper/cannot-reset", number=number)
        rules = self.parameters
        feed = to_uint(price * BILLION * RAY, 256, "price") // rules.reference
        fresh = replace(sale, started=now, top=self._start_price(price))
        worthy = sale.tab >= rules.least_auction and sale.lot * feed >= rules.least_auction
        after = replace(self, sales={**self.sales, number: fresh})
        return after, self._reward(keeper, sale.tab) if worthy else ()

    def take(
        self, number: int, amount: int, *, highest: int = UINT256_MAX, buyer: str, now: int
    ) -> tuple[Clipper, Booked]:
        """Buy up to ``amount`` (wad) of the lot at the price of this second.

        No more than the dai sought is paid; a purchase may not leave less than the least auction.

        Raises
        ------
        AuctionStateError
            If there is no such auction or it needs a restart.
        AuctionPriceError
            If the price exceeds ``highest``.
        LiquidationSizeError
            If so little is left that only the whole may be bought.
        """
        sale = self._running(number)
        done, price = self._price(sale, now)
        if done:
            raise AuctionStateError("Clipper/needs-reset", number=number)
        if price > highest:
            raise AuctionPriceError("Clipper/too-expensive", price=price, highest=highest)
        part = min(sale.lot, amount)
        owed = to_uint(part * price, 256, "slice * price")
        if owed > sale.tab:
            owed = sale.tab
            part = owed // price
        elif owed < sale.tab and part < sale.lot:
            least = self.parameters.least_auction
            if sale.tab - owed < least:
                if sale.tab <= least:
                    raise LiquidationSizeError("Clipper/no-partial-purchase", sought=sale.tab, least=least)
                owed = sale.tab - least
                part = owed // price
        tab, lot = sale.tab - owed, sale.lot - part
        asset = self.parameters.collateral
        moved = [
            Posting(self.AUCTION, buyer, asset, part, "bought"),
            Posting(buyer, self.VOW, DAI, owed, "paid"),
        ]
        sales = dict(self.sales)
        if lot == 0 or tab == 0:
            del sales[number]
            if lot:
                moved.append(Posting(self.AUCTION, sale.owner, asset, lot, "returned"))
        else:
            sales[number] = replace(sale, tab=tab, lot=lot)
        freed = sale.tab if lot == 0 else owed
        after = replace(self, sales=sales, global_dirt=self.global_dirt - freed, dirt=self.dirt - freed)
        return after, tuple(posting for posting in moved if posting.amount)
