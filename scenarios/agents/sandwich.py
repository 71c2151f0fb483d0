"""A searcher who sees swaps while they wait and stands around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction as Exact
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from protocol.errors import RuleError
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.agents.agent import Agent
from scenarios.agents.optimal import best_size
from scenarios.agents.signed import SignedSwap
from scenarios.files.quantities import Fraction

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


class Sandwicher(Agent):
    """Buy before a waiting swap and sell after it, as one bundle around it; needs a file with a chain.

    The front is as large as pays best while the victim still gets what he signed for; it is sized again when
    the bundle is included. Of the gain it bids ``bid_share`` to the proposer, gas included.
    """

    transaction_kind: ClassVar[str] = "sandwich"

    type: Literal["sandwicher"] = "sandwicher"
    venue: str = Field(description="V2 pair.")
    bid_share: Fraction = Field(Decimal("0.9"), description="Part of the expected gain that the block gets.")
    channels: list[str] = Field(default_factory=list, description="Private channels that it looks into.")

    def act(self, game: Simulation, me: str) -> None:
        """Do nothing by itself: it waits for others' swaps."""

    def sees(self, channel: str) -> bool:
        """Say whether it knows what is sent through a channel."""
        return not channel or channel in self.channels

    def gain(self, game: Simulation, me: str, victim: SignedSwap) -> Exact:
        """Return what a sandwich would bring now, in money, before gas."""
        pair = game.world.pair(self.venue)
        size = sandwich_size(pair, victim, game.balance(me, victim.sell))
        return game.value(victim.sell, sandwich_profit(pair, victim, size))

    def sides(self, me: str, victim: SignedSwap) -> tuple[Side, Side]:
        """Return front and back; the back sells what the front bought."""
        bought: list[int] = []
        spent: list[int] = []

        def front(game: Simulation) -> None:
            pair = game.world.pair(self.venue)
            size = sandwich_size(pair, victim, game.balance(me, victim.sell))
            if size <= 0:
                raise NoGainError(me)
            spent[:] = [size]
            bought[:] = [game.swap(me, self.venue, victim.sell, victim.buy, size).amount_out]

        def back(game: Simulation) -> None:
            got = game.swap(me, self.venue, victim.buy, victim.sell, bought[0]).amount_out
            if got <= spent[0]:
                raise NoGainError(me)

        return Side(me, front), Side(me, back)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two transactions around a victim's."""

    name: str
    do: Callable[[Simulation], None]

    def carry_out(self, game: Simulation) -> None:
        """Do it."""
        self.do(game)


class NoGainError(RuleError):
    """A sandwich would bring nothing."""

    code = "no-gain"

    def __init__(self, agent: str) -> None:
        super().__init__(f"a sandwich would bring {agent} nothing", agent=agent)


def sandwich_profit(pair: UniswapV2Pair, victim: SignedSwap, size: int) -> int:
    """Return what a front of ``size`` brings in raw units of the asset sold; 0 where it cannot be."""
    if size <= 0:
        return 0
    try:
        front, pair = pair.swap(victim.sell, victim.buy, size)
        got, pair = pair.swap(victim.sell, victim.buy, victim.units)
        if got.amount_out < victim.least:
            return 0
        back, _ = pair.swap(victim.buy, victim.sell, front.amount_out)
    except RuleError:
        return 0
    return back.amount_out - size


def most_front(pair: UniswapV2Pair, victim: SignedSwap, most: int) -> int:
    """Return the largest front in [0, ``most``] that leaves the victim his least, by bisection.

    What he gets falls as the front grows, so the answer is exact.
    """

    def leaves_enough(size: int) -> bool:
        try:
            moves = size and pair.quote(victim.sell, victim.buy, size)
            after = pair.swap(victim.sell, victim.buy, size)[1] if moves else pair
            return after.quote(victim.sell, victim.buy, victim.units) >= victim.least
        except RuleError:
            return False

    if not leaves_enough(0):
        return 0
    if leaves_enough(most):
        return most
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if leaves_enough(middle) else (low, middle)
    return low


def sandwich_size(pair: UniswapV2Pair, victim: SignedSwap, most: int) -> int:
    """Return the most profitable front in [0, ``most``], on exact quotes.

    Without a fee profit rises until the victim's limit binds; a fee makes it fall beyond a point.
    """
    bound = most_front(pair, victim, most)
    return best_size(lambda size: Exact(sandwich_profit(pair, victim, size)), bound)
