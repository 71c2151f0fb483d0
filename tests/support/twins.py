"""One model and one real contract, driven side by side.

After every operation both must have held or both refused, for the same reason, and every figure that
the contract shows must equal the model's.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

from evm_chains import RevertedError
from protocol.errors import RuleError


class Operation(NamedTuple):
    """A name and its integer arguments; prints as what one pastes into a regression test."""

    name: str
    arguments: tuple[int, ...] = ()


class Twins(ABC):
    """A pair of a model (a value) and a contract (on a chain)."""

    reasons: ClassVar[Mapping[str, tuple[type[RuleError], ...]]]
    """Each revert reason of the contract and the errors by which the model may say the same."""

    def __init__(self) -> None:
        self.history: list[Operation] = []
        self.counts: Counter[str] = Counter()

    @abstractmethod
    def on_model(self, operation: Operation) -> Callable[[], None]:
        """Work out the operation on the model; return what makes it the new state.

        Raises
        ------
        RuleError
            Where the model refuses.
        """

    @abstractmethod
    def on_contract(self, operation: Operation) -> None:
        """Do the operation on the contract, or raise ``RevertedError``."""

    @abstractmethod
    def model_figures(self) -> Mapping[str, object]:
        """Return the model's figures by name."""

    @abstractmethod
    def contract_figures(self) -> Mapping[str, object]:
        """Return the contract's figures by the same names."""

    def apply(self, operation: Operation) -> bool:
        """Do one operation on both and compare; return whether it held."""
        self.history.append(operation)
        refused: RuleError | None = None
        reverted: RevertedError | None = None
        try:
            commit = self.on_model(operation)
        except RuleError as error:
            refused = error
        except Exception as error:
            raise AssertionError(f"the model broke{self._where()}") from error
        try:
            self.on_contract(operation)
        except RevertedError as error:
            reverted = error
        if refused is None and reverted is None:
            commit()
        elif refused is None:
            raise AssertionError(f"only the contract refused: {reverted}{self._where()}")
        elif reverted is None:
            raise AssertionError(f"only the model refused: {refused!r}{self._where()}")
        else:
            self._same_reason(refused, reverted)
        self.counts[f"{operation.name} {'held' if refused is None else 'refused'}"] += 1
        self.compare()
        return refused is None

    def _same_reason(self, refused: RuleError, reverted: RevertedError) -> None:
        allowed = self.reasons.get(reverted.reason)
        assert allowed is not None, f"no reason known for revert {reverted.reason!r}{self._where()}"
        assert isinstance(refused, allowed), (
            f"the contract says {reverted.reason!r}, the model {refused!r}{self._where()}"
        )

    def compare(self) -> None:
        """Compare every figure."""
        ours, theirs = self.model_figures(), self.contract_figures()
        if ours != theirs:
            different = [
                f"{name}: model {ours.get(name)}, contract {theirs.get(name)}"
                for name in sorted({*ours, *theirs})
                if ours.get(name) != theirs.get(name)
            ]
            raise AssertionError("\n".join(different) + self._where())

    def _where(self) -> str:
        last = "\n".join(map(repr, self.history[-40:]))
        return f"\nafter {len(self.history)} operations, the last of them:\n{last}"


def drive(
    make: Callable[[random.Random], Twins],
    choose: Callable[[random.Random, Twins], Operation],
    *,
    seed: int,
    operations: int,
    per_world: int = 400,
) -> Counter[str]:
    """Drive ``operations`` random operations through fresh worlds; return how many held and were refused.

    The world numbered n of a seed is made by ``random.Random(f"{seed}/{n}")``, so a failure names what is
    needed to run it again alone.
    """
    counts: Counter[str] = Counter()
    for number in range(-(-operations // per_world)):
        dice = random.Random(f"{seed}/{number}")
        twins = make(dice)
        try:
            for _ in range(min(per_world, operations - number * per_world)):
                twins.apply(choose(dice, twins))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, world {number}: {error}") from error
        counts += twins.counts
    return counts


def log_uniform(dice: random.Random, bits: float) -> int:
    """Return an integer whose size is spread evenly over 0 .. ``bits`` bits."""
    return int(2 ** (dice.random() * bits)) - dice.randint(0, 1)


def share_of(dice: random.Random, whole: int, largest: float = 1.5) -> int:
    """Return a part of ``whole``, from a millionth to ``largest`` times, with small parts as likely."""
    return whole * int(10 ** (dice.random() * 6) * largest) // 1_000_000
