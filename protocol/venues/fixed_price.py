"""A depot that sells at a posted price until its stock is gone.

Source of the rules: Synthetix ``Depot.sol`` (exchangeEtherForSynths: amount times rate, rounded down). A
buyer whose order exceeds the stock is refused here; the real depot fills what it can and hands the rest
back, which ``affordable_in`` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

from protocol.errors import InsufficientLiquidityError, StateError, UnknownAssetError
from protocol.venues.checks import require_known, require_not_negative, require_positive
from protocol.venues.venue import State, Trade, state_int, state_str


@dataclass(frozen=True, slots=True)
class FixedPriceDepot:
    """A stock of one asset at one price.

    Parameters
    ----------
    pays, stock
        The asset taken in and the asset sold.
    numerator, denominator
        Units of ``stock`` per unit of ``pays``, as a ratio of integers.
    stock_reserve, pays_reserve
        Units held of each.
    two_way
        Whether the depot also buys back at the same price, out of ``pays_reserve``.
    """

    pays: str
    stock: str
    numerator: int
    denominator: int
    stock_reserve: int
    pays_reserve: int = 0
    two_way: bool = False

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0:
            raise StateError("numerator, denominator", "above zero", (self.numerator, self.denominator))
        if self.stock_reserve < 0 or self.pays_reserve < 0:
            raise StateError("reserves", "not negative", (self.stock_reserve, self.pays_reserve))

    @property
    def assets(self) -> tuple[str, ...]:
        """The asset taken in, then the asset sold."""
        return (self.pays, self.stock)

    def reserves(self) -> Mapping[str, int]:
        """Return both holdings."""
        return {self.pays: self.pays_reserve, self.stock: self.stock_reserve}

    def affordable_in(self) -> int:
        """Return the largest input that the stock still covers."""
        return ((self.stock_reserve + 1) * self.denominator - 1) // self.numerator

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return floor(amount times price)."""
        require_known(self.assets, sell, buy)
        if sell == self.stock and not self.two_way:
            raise UnknownAssetError(sell, (self.pays,))
        require_positive("amount in", amount_in)
        if sell == self.pays:
            return amount_in * self.numerator // self.denominator
        return amount_in * self.denominator // self.numerator

    def swap(self, sell: str, buy: str, amount_in: int, *, time: int = 0) -> tuple[Trade, Self]:
        """Sell ``amount_in``; the depot keeps no clock, so ``time`` is ignored.

        Raises
        ------
        InsufficientLiquidityError
            If the stock does not cover the output.
        """
        del time
        out = self.quote(sell, buy, amount_in)
        if out > (held := self.reserves()[buy]):
            raise InsufficientLiquidityError(buy, out, held)
        change = {sell: amount_in, buy: -out}
        after = replace(
            self,
            pays_reserve=self.pays_reserve + change[self.pays],
            stock_reserve=self.stock_reserve + change[self.stock],
        )
        return Trade(sell, buy, amount_in, out), after

    def restock(self, amount: int) -> Self:
        """Receive ``amount`` more of the asset sold."""
        require_not_negative("stock added", amount)
        return replace(self, stock_reserve=self.stock_reserve + amount)

    def to_state(self) -> State:
        """Return the state as plain data."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Build the depot from ``to_state``'s data."""
        return cls(
            pays=state_str(state, "pays"),
            stock=state_str(state, "stock"),
            numerator=state_int(state, "numerator"),
            denominator=state_int(state, "denominator"),
            stock_reserve=state_int(state, "stock_reserve"),
            pays_reserve=state_int(state, "pays_reserve", 0),
            two_way=bool(state.get("two_way", False)),
        )
