"""Marks of perpetuals that have a market of their own, and trading there against the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import MissingPriceError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.presets.synthetix_orders import fill_price
from protocol.market_state import Price
from protocol.venues.virtual_amm import VirtualAmm
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_carry import SkewFile, VirtualAmmFile
from scenarios.files.protocol_rules import PerpetualFile
from scenarios.simulation.names import PERPETUAL_VENUE
from scenarios.world import World

MARK_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Marks:
    """The markets of perpetuals over one world; their state is virtual reserves, or the skew itself."""

    file: ProtocolFile
    world: World

    def open(self) -> None:
        """Put every virtual market at the index."""
        for name, market in self.file.perpetuals.items():
            if isinstance(market.venue, VirtualAmmFile):
                base = int(market.venue.depth.scaleb(market.decimals))
                price = self.file.price(market.underlying) / self.file.price(self.file.margin.settlement)
                quote = int(base * Fraction(price) * self._scale(market))
                self.world.state.values[_key(name)] = VirtualAmm(base, quote)

    def mark(self, name: str, index: Fraction | None) -> Fraction | None:
        """Return the mark in whole settlement per whole base; None where the index it needs is missing."""
        market = self.file.perpetuals[name]
        match market.venue:
            case VirtualAmmFile():
                return self._virtual(name).price / self._scale(market)
            case SkewFile():
                return (
                    None
                    if index is None
                    else index * (1 + self._skew(name, market) / _scale_of(market.venue))
                )
            case _:
                return index

    def mark_after(self, name: str, units: int, index: Fraction) -> Fraction:
        """Return the mark that a signed trade of raw base would leave.

        Raises
        ------
        InsufficientLiquidityError
            Where the market is too thin.
        """
        market = self.file.perpetuals[name]
        match market.venue:
            case VirtualAmmFile():
                amm = self._virtual(name)
                _, after = amm.buy(units) if units > 0 else amm.sell(-units)
                return after.price / self._scale(market)
            case SkewFile():
                skew = self._skew(name, market) + Fraction(units, 10**market.decimals)
                return index * (1 + skew / _scale_of(market.venue))
            case _:
                return index

    def margin_price(self, name: str, prices: Mapping[str, Price]) -> Price:
        """Return the price by which margin judges a position, in money: index, or mark within its cap."""
        market = self.file.perpetuals[name]
        index, settlement = prices[market.underlying], prices.get(self.file.margin.settlement)
        if market.margin_price == "index" or market.venue is None or not settlement or not settlement.value:
            return index
        mark = self.mark(name, index.exact / settlement.exact)
        assert mark is not None
        money = mark * settlement.exact
        if market.mark_cap is not None:
            cap = Fraction(market.mark_cap)
            money = min(max(money, index.exact * (1 - cap)), index.exact * (1 + cap))
        scaled = money * 10**MARK_DECIMALS
        return Price(scaled.numerator // scaled.denominator, MARK_DECIMALS)

    def fill(self, name: str, units: int, index: Fraction | None) -> int:
        """Move the market by a signed trade of raw base; return raw settlement, costs up, proceeds down.

        Raises
        ------
        MissingPriceError, InsufficientLiquidityError
            Where the venue needs an index that is missing, or is too thin.
        """
        market = self.file.perpetuals[name]
        if isinstance(market.venue, VirtualAmmFile):
            amm = self._virtual(name)
            amount, after = amm.buy(units) if units > 0 else amm.sell(-units)
            self.world.state.values[_key(name)] = after
            return amount
        if index is None:
            raise MissingPriceError(market.underlying, ())
        price = index
        if isinstance(market.venue, SkewFile):
            skew, size = self._skew(name, market), Fraction(units, 10**market.decimals)
            figures = (int(figure * WAD) for figure in (skew, _scale_of(market.venue), size, index))
            price = Fraction(fill_price(EXACT, *figures), WAD)
        exact = abs(units) * price * self._scale(market)
        return -(-exact.numerator // exact.denominator) if units > 0 else exact.numerator // exact.denominator

    def _virtual(self, name: str) -> VirtualAmm:
        amm = self.world.state.values[_key(name)]
        assert isinstance(amm, VirtualAmm)
        return amm

    def _skew(self, name: str, market: PerpetualFile) -> Fraction:
        """Return what traders hold together, in whole base: the other side of the protocol's own position."""
        return Fraction(-self.world.balance(PERPETUAL_VENUE, name), 10**market.decimals)

    def _scale(self, market: PerpetualFile) -> Fraction:
        """Return raw settlement per raw base at a price of one."""
        return Fraction(10) ** (self.world.decimals[self.file.margin.settlement] - market.decimals)


def _scale_of(venue: SkewFile) -> Fraction:
    return Fraction(venue.skew_scale)


def _key(name: str) -> str:
    return f"virtual market of {name}"
