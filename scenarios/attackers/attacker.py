"""The base of every attack strategy: parameters with ranges, execution, and what came of it.

An attacker brings its own money (capital), works only through transactions of the world, and walks away from
accounts that are worth less than nothing. Profit, loss and who paid are differences of wealth at the outside
prices, so they add up to zero over all parties.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from protocol.errors import RuleError
from scenarios.agents.sizing import largest_sale
from scenarios.simulation.wealth import OUTSIDE_MARKETS, changes, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protocol.transaction import Transaction
    from scenarios.simulation.on_chain.blocks import SavedBlocks
    from scenarios.simulation.simulation import Event, Simulation

ATTACKER = "attacker"
SECOND = "attacker's second account"
COSTS = "transaction costs"
BRIBES = "bribed publishers"
SPREAD_ALLOWANCE = Fraction(2, 100)
"""More than is needed is sold by this part, so that the outside spread does not leave a gap."""


def searched(low: float, high: float, description: str, *, whole: bool = False, log: bool = False) -> Any:
    """Declare a parameter that the search of ``backstop attack`` may vary.

    Parameters
    ----------
    low, high
        Bounds of the search; a file may narrow them under ``search``.
    whole
        Whether only whole numbers make sense.
    log
        Whether the search runs over the logarithm.
    """
    bounds: dict[str, JsonValue] = {"low": low, "high": high, "whole": whole, "log": log}
    extra: dict[str, JsonValue] = {"search": bounds}
    return Field(description=description, json_schema_extra=extra)


@dataclass(frozen=True, slots=True)
class Range:
    """Where a parameter is searched; see ``searched``."""

    low: Decimal
    high: Decimal
    whole: bool
    log: bool

    def at(self, place: float) -> Decimal:
        """Return the value at ``place`` in [0, 1], with six significant digits."""
        low, high = float(self.low), float(self.high)
        value = low * (high / low) ** place if self.log else low + (high - low) * place
        exact = Decimal(f"{min(max(value, low), high):.6g}")
        return exact.to_integral_value() if self.whole else exact


@dataclass(frozen=True, slots=True)
class AttackResult:
    """What an attack came to; amounts in the file's money, exact.

    Parameters
    ----------
    strategy
        Its type.
    parameters
        As executed.
    profit
        What the attacker gained in the end.
    loss
        What distorting prices cost and is not got back, at the outside prices of the moment.
    capital
        Own money brought in; flash loans apart.
    flash_loan
        Greatest sum of flash loans in one transaction.
    bad_debt
        What the protocol's accounts lack afterwards, or lost through its waterfall.
    paid_by
        Losers and winners besides the attacker, losers first.
    refused
        Why the attack was stopped; empty if it went through.
    events
        The log of the attack.
    """

    strategy: str
    parameters: Mapping[str, object]
    profit: Fraction
    loss: Fraction
    capital: Fraction
    flash_loan: Fraction
    bad_debt: Fraction
    paid_by: Mapping[str, Fraction]
    refused: str = ""
    events: tuple[Event, ...] = ()


@dataclass(slots=True)
class Purse:
    """What an attack has used so far; ``gas`` is what its transactions paid on a chain, in money."""

    capital: Fraction = Fraction(0)
    flash_loan: Fraction = Fraction(0)
    manipulation_cost: Fraction = Fraction(0)
    bribes: Fraction = Fraction(0)
    transactions: int = 0
    gas: Fraction = Fraction(0)
    brought: dict[str, int] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=lambda: [ATTACKER])


class Attacker(BaseModel):
    """A strategy with its parameters; a user's own is a subclass with ``type``, fields and ``attack``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    search: dict[str, tuple[Decimal, Decimal]] = Field(
        default_factory=dict, description="Lowest and highest value to be tried, by parameter."
    )
    fixed: ClassVar[frozenset[str]] = frozenset({"type", "search"})

    def attack(self, game: Simulation, purse: Purse) -> None:
        """Do it, through ``move`` transactions.

        Raises
        ------
        RuleError
            What the protocol refuses; what was done before in other transactions stands.
        """
        raise NotImplementedError

    def execute(self, game: Simulation) -> AttackResult:
        """Run the attack on a simulation and leave it as it was; return what came of it."""
        point, purse, refused = game.snapshot(), Purse(), ""
        rest = _Rest.of(game)
        game.world.wallet(ATTACKER)
        try:
            self.attack(game, purse)
        except RuleError as error:
            refused = f"{error.code}: {error.message}"
        after, events = game.wealth(purse.accounts), tuple(game.events[point.events :])
        prices = dict(game.outside)
        game.restore(point)
        rest.put_back(game)
        # Both moments are valued at the last outside prices: what the market did is nobody's doing here.
        game.outside = prices
        before = game.wealth(purse.accounts)
        brought = sum((game.value(asset, units) for asset, units in purse.brought.items()), Fraction(0))
        written_off = sum((game.value(*loss) for loss in losses_paid(events)), Fraction(0))
        game.restore(point)
        moved = changes(before, after)
        moved[OUTSIDE_MARKETS] = moved.get(OUTSIDE_MARKETS, Fraction(0)) + brought
        costs = Fraction(game.file.fees.transaction) * purse.transactions + purse.gas
        profit = together(moved, purse.accounts) - brought - costs - purse.bribes
        others = {name: value for name, value in moved.items() if name not in purse.accounts and value}
        others |= {name: value for name, value in ((COSTS, costs), (BRIBES, purse.bribes)) if value}
        return AttackResult(
            self.type,
            self.parameters(),
            profit,
            purse.manipulation_cost + costs + purse.bribes,
            purse.capital + purse.bribes,
            purse.flash_loan,
            after.bad_debt - before.bad_debt + written_off,
            dict(sorted(others.items(), key=lambda item: (item[1], item[0]))),
            refused,
            events,
        )

    def parameters(self) -> dict[str, object]:
        """Return the parameters by name."""
        return {name: value for name, value in self.model_dump().items() if name not in self.fixed}

    @classmethod
    def declared_ranges(cls) -> dict[str, Range]:
        """Return the range of every parameter that a search may vary."""
        found = {}
        for name, info in cls.model_fields.items():
            extra = info.json_schema_extra
            if isinstance(extra, dict) and isinstance(bounds := extra.get("search"), dict):
                low, high = Decimal(str(bounds["low"])), Decimal(str(bounds["high"]))
                found[name] = Range(low, high, bool(bounds["whole"]), bool(bounds["log"]))
        return found

    def ranges(self) -> dict[str, Range]:
        """Return the ranges, narrowed or widened by the file's ``search``."""
        found = self.declared_ranges()
        for name, (low, high) in self.search.items():
            if name in found:
                found[name] = replace(found[name], low=low, high=high)
        return found

    def at(self, values: Mapping[str, Decimal]) -> Self:
        """Return the strategy with other values of searched parameters."""
        ranges = self.ranges()
        changed = {name: int(value) if ranges[name].whole else value for name, value in values.items()}
        return type(self).model_validate(self.model_dump() | changed)

    @contextmanager
    def move(self, game: Simulation, purse: Purse, what: str) -> Iterator[Transaction]:
        """Run one transaction of the attack and pay for it, also where it reverts."""
        purse.transactions += 1
        if game.blocks is not None:
            purse.gas += game.blocks.gas_of_attack(ATTACKER)
        with game.transaction(f"{ATTACKER}: {what}") as transaction:
            yield transaction

    def bring(self, game: Simulation, purse: Purse, asset: str, units: int, owner: str = ATTACKER) -> None:
        """Bring own units into the world; they count as capital at the outside price."""
        game.world.wallet(owner)
        game.world.fund(owner, asset, units)
        purse.capital += game.value(asset, units)
        purse.brought[asset] = purse.brought.get(asset, 0) + units

    def second_account(self, game: Simulation, purse: Purse) -> str:
        """Open a second account of the attacker; return its name."""
        if SECOND not in purse.accounts:
            purse.accounts.append(SECOND)
        game.protocol.account(SECOND)
        return game.world.wallet(SECOND)

    def swap(self, game: Simulation, purse: Purse, venue: str, sell: str, buy: str, units: int) -> int:
        """Trade on a venue, no more than it takes; the cost at outside prices is that of manipulation."""
        units = min(units, largest_sale(game.world.venue(venue), sell))
        if units <= 0:
            return 0
        trade = game.swap(ATTACKER, venue, sell, buy, units)
        purse.manipulation_cost += game.value(sell, trade.amount_in) - game.value(buy, trade.amount_out)
        return trade.amount_out

    def find(self, game: Simulation, purse: Purse, asset: str, owed: int, sell: Iterable[str]) -> None:
        """Have ``owed`` units at hand: sell other assets outside as far as needed, then bring own money."""
        short = owed - game.balance(ATTACKER, asset)
        for other in sell:
            held = game.balance(ATTACKER, other)
            if short > 0 and other != asset and held:
                needed = game.worth(game.value(asset, short) / (1 - SPREAD_ALLOWANCE), other) + 1
                short -= game.trade_outside(ATTACKER, other, asset, min(needed, held))
        if short > 0:
            self.bring(game, purse, asset, short)

    def wait_blocks(self, game: Simulation, blocks: int, controlled: int = 0) -> None:
        """Let blocks pass; in those that the attacker does not control the file's agents act first."""
        for number in range(blocks):
            if game.blocks is not None:
                game.blocks.attack_block(controlled=number < controlled)
                continue
            game.advance(game.file.run.block_seconds)
            if number >= controlled:
                act_agents(game)

    def pass_block(self, game: Simulation) -> None:
        """Let one block pass in which nobody decides anything; on a chain a slot, in which all others may."""
        if game.blocks is not None:
            game.blocks.attack_block(controlled=False)
            return
        game.advance(game.file.run.block_seconds)

    def wait_step(self, game: Simulation) -> None:
        """Let one step of the run pass at unmoved outside prices; the file's agents act in it."""
        if game.blocks is not None:
            game.blocks.step({})
            return
        game.advance(game.file.run.step_seconds)
        act_agents(game)

    def wait_for_control(self, game: Simulation, blocks: int) -> None:
        """Wait for ``blocks`` blocks in a row of the proposer whom the file's chain gives to attackers.

        Without a chain, or one without such a proposer, the blocks are there at once.

        Raises
        ------
        NoControlError
            If none come within the bound.
        """
        if game.blocks is not None and blocks:
            game.blocks.wait_for_control(blocks)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a snapshot of the world leaves out: the chain, and where agents' random numbers stand."""

    blocks: SavedBlocks | None
    drawn: Mapping[str, tuple[int, tuple[float, ...]]]

    @classmethod
    def of(cls, game: Simulation) -> _Rest:
        blocks = None if game.blocks is None else game.blocks.save()
        return cls(blocks, {name: stream.drawn() for name, stream in game.streams.items()})

    def put_back(self, game: Simulation) -> None:
        if game.blocks is not None and self.blocks is not None:
            game.blocks.load(self.blocks)
        for name, drawn in self.drawn.items():
            game.streams[name].reset(*drawn)


def losses_paid(events: tuple[Event, ...]) -> list[tuple[str, int]]:
    """Return (asset, raw units) of every loss that the waterfall paid."""
    found = []
    for event in events:
        if event.kind == "loss paid":
            asset, units = event.details["asset"], event.details["units"]
            assert isinstance(asset, str)
            assert isinstance(units, int)
            found.append((asset, units))
    return found


def act_agents(game: Simulation) -> None:
    """Let every agent of the file act once, in the file's order."""
    for name, agent in game.file.agents.items():
        with game.attempt(name, "act"):
            agent.act(game, name)
