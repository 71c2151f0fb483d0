"""What agents want to do in a step, found by trying it on the pending state and taking it back.

Each agent sees the pending state: what others decided before it in this step, and what waits and can pay the
base fee, in the file's order. Keepers and arbitrageurs look at it without the transactions of their own kind,
for whom they mean to replace. What a try changes tells whether there is anything to send.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, TypeAlias

from protocol.errors import RuleError

if TYPE_CHECKING:
    from scenarios.agents.agent import Agent
    from scenarios.agents.signed import Signed
    from scenarios.simulation.simulation import Detail, Event, Simulation

COMPETING = frozenset({"keeper", "arbitrage"})
WATCH = "watch of "
Drawn: TypeAlias = tuple[int, tuple[float, ...]]


class Deed(Protocol):
    """Something that an agent does in a transaction."""

    @property
    def name(self) -> str:
        """Whose it is."""
        ...

    def carry_out(self, game: Simulation) -> None:
        """Do it on the world as it is now."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A decision on its way.

    Parameters
    ----------
    name, agent
        Whose.
    drawn
        Where the agent's random numbers stood: a wish uses the same ones whenever it is carried out.
    signed
        What was fixed; None: ``act`` runs at inclusion.
    gain
        What it would bring now, in money at the outside prices, before gas; 0 where nobody asks.
    """

    name: str
    agent: Agent
    drawn: Drawn | None
    signed: Signed | None = None
    gain: Fraction = Fraction(0)

    def carry_out(self, game: Simulation) -> None:
        """Do it on the world as it is now."""
        if self.signed is not None:
            self.signed.execute(game, self.name)
            return
        with _drawing(game, self):
            self.agent.act(game, self.name)


@contextmanager
def _drawing(game: Simulation, wish: Wish) -> Iterator[None]:
    """Let an agent draw the numbers of its wish, and then go on where it was."""
    stream = game.streams.get(wish.name)
    if stream is None or wish.drawn is None:
        yield
        return
    here = stream.drawn()
    stream.reset(*wish.drawn)
    try:
        yield
    finally:
        stream.reset(*here)


class NothingToDoError(RuleError):
    """A transaction that finds nothing to do any more reverts."""

    code = "nothing-to-do"

    def __init__(self, agent: str) -> None:
        super().__init__(f"nothing is left to do for {agent}", agent=agent)


def carry_out_or_revert(game: Simulation, deed: Deed) -> list[Event]:
    """Carry out a deed inside a transaction; return its events.

    Raises
    ------
    RuleError
        What a rule refuses, and that there is nothing left to do; no event stays.
    """
    kept, before = len(game.events), _state(game)
    try:
        deed.carry_out(game)
        if _state(game) == before:
            raise NothingToDoError(deed.name)
        return game.events[kept:]
    finally:
        del game.events[kept:]


def _state(game: Simulation) -> tuple[int, dict[str, object]]:
    values = {key: value for key, value in game.world.state.values.items() if not key.startswith(WATCH)}
    return game.world.state.ledger.mark(), values


class Trial:
    """The pending state of one step, built up and finally taken back.

    Parameters
    ----------
    seconds
        Until the block that is decided for.
    """

    def __init__(self, game: Simulation, seconds: int) -> None:
        self.game = game
        self._seconds = seconds
        self._applied: list[Wish] = []
        self._notes: list[Event] = []
        self._memory: dict[str, object] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """Stand in the next block; at the end nothing has happened but what agents took notice of."""
        self._start = self.game.snapshot()
        self._forward()
        try:
            yield
        finally:
            self.game.restore(self._start)
            self.game.world.state.values.update(self._memory)
            self.game.events += self._notes

    def apply(self, wish: Wish) -> None:
        """Let a transaction stand in the pending state, as far as it goes through."""
        self._replay(wish)
        self._applied.append(wish)

    def observe(self, name: str, agent: Agent) -> None:
        """Let an agent take notice."""
        agent.observe(self.game, name)
        key = WATCH + name
        if key in self.game.world.state.values:
            self._memory[key] = self.game.world.state.values[key]

    def decide(self, name: str, agent: Agent) -> Wish | None:
        """Return what an agent wants to send, None for nothing; it is not applied yet."""
        game, kind = self.game, agent.transaction_kind
        stream = game.streams.get(name)
        drawn = None if stream is None else stream.drawn()
        rivals = kind in COMPETING and any(w.agent.transaction_kind == kind for w in self._applied)
        if rivals:
            self._rebuild([w for w in self._applied if w.agent.transaction_kind != kind])
        point, before = game.snapshot(), _state(game)
        worth = game.worth_of(name) if kind in COMPETING else Fraction(0)
        signed, changed, gain = None, False, Fraction(0)
        try:
            with game.transaction(f"{name}: act"):
                if agent.signs:
                    signed = agent.sign(game, name)
                    if signed is not None:
                        signed.execute(game, name)
                else:
                    agent.act(game, name)
            changed = _state(game) != before
            gain = game.worth_of(name) - worth if changed and kind in COMPETING else gain
        except RuleError as error:
            del game.events[point.events :]
            game.record(name, "refused", what="act", why=error.code, message=error.message)
        if not changed:
            self._notes += game.events[point.events :]
        game.restore(point)
        if rivals:
            self._rebuild(self._applied)
        return Wish(name, agent, drawn, signed, gain) if changed else None

    def note(self, name: str, kind: str, **details: Detail) -> None:
        """Keep an event of the decision."""
        game, kept = self.game, len(self.game.events)
        game.record(name, kind, **details)
        self._notes += game.events[kept:]
        del game.events[kept:]

    def _forward(self) -> None:
        self.game.world.time += self._seconds
        self.game.world.block += 1
        self.game.world.state.values.update(self._memory)

    def _rebuild(self, wishes: Iterable[Wish]) -> None:
        """Stand in the next block with these transactions alone."""
        self.game.restore(self._start)
        self._forward()
        for wish in wishes:
            self._replay(wish)

    def _replay(self, wish: Wish) -> None:
        with suppress(RuleError), self.game.transaction(f"{wish.name}: act"):
            wish.carry_out(self.game)
