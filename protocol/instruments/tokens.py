"""Things that are worth their amount times a price: tokens, vault shares, pool shares, and debt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from protocol.fixed_point import WAD
from protocol.fixed_point.context import Context, N
from protocol.instruments.instrument import Position, PriceOf, price


@dataclass(frozen=True, slots=True)
class Spot:
    """A token; it settles in itself."""

    name: str

    @property
    def underlying(self) -> str:
        """The token."""
        return self.name

    @property
    def settlement(self) -> str:
        """The token."""
        return self.name

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the amount."""
        return position.size


@dataclass(frozen=True, slots=True)
class YieldBearing(Generic[N]):
    """A share of a vault or a staked token: ``rate`` units of the underlying per share."""

    name: str
    underlying: str
    rate: N

    @property
    def settlement(self) -> str:
        """The underlying asset."""
        return self.underlying

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the underlying units of the shares."""
        return context.mul_to_zero(position.size, self.rate)


@dataclass(frozen=True, slots=True)
class PoolShare(Generic[N]):
    """A share of a constant-product pool, valued so that trading against the pool cannot move it.

    The value of all shares is 2 * sqrt(reserve0 * reserve1 * price0 * price1): the reserves as arbitrage
    would leave them at these prices, not as they stand ("fair LP price", Alpha Finance 2021).

    Parameters
    ----------
    name
        Of the share.
    assets
        The two tokens.
    reserves
        What the pool holds.
    supply
        Shares in circulation.
    settlement
        The asset in which the value is given; its price is that of the account's unit.
    """

    name: str
    assets: tuple[str, str]
    reserves: tuple[N, N]
    supply: N
    settlement: str

    @property
    def underlying(self) -> str:
        """The first token."""
        return self.assets[0]

    def share_price(self, context: Context[N], prices: PriceOf[N]) -> N:
        """Return the value of one share in the account's unit."""
        first = context.mul_to_zero(self.reserves[0], price(prices, self.assets[0]))
        second = context.mul_to_zero(self.reserves[1], price(prices, self.assets[1]))
        root = context.mul_to_zero(context.sqrt(first), context.sqrt(second))
        return context.div_to_zero(context.mul_to_zero(context.of(2 * WAD), root), self.supply)

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the value of the shares in the settlement asset."""
        worth = context.mul_to_zero(position.size, self.share_price(context, prices))
        return context.div_to_zero(worth, price(prices, self.settlement))


@dataclass(frozen=True, slots=True)
class Debt(Generic[N]):
    """Something owed that grows with an index: a negative size at the index of ``entry``."""

    name: str
    underlying: str
    index: N

    @property
    def settlement(self) -> str:
        """The asset owed."""
        return self.underlying

    def value(self, context: Context[N], position: Position[N], prices: PriceOf[N]) -> N:
        """Return the units owed now, negative."""
        return context.mul_to_zero(position.size, context.div_to_zero(self.index, position.entry))
