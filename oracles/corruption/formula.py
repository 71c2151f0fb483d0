"""What an attacker must buy, as a formula of thresholds over purchases.

``AtLeast(k, parts)`` is "any" for k = 1, "all" for k = the number of parts, and a weighted majority
otherwise. A purchase names its **upstream**: whoever pays for an upstream once has it everywhere it is read,
so two sources with the same upstream are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step of an attack takes.

    Parameters
    ----------
    loss
        What the attacker does not get back, in the analysis' money.
    capital
        What must be at hand.
    blocks
        Blocks (or slots) for which it must be kept up.
    needs
        What else must be true, in words: a proposer streak, a flash loan, signing keys.
    """

    loss: float
    capital: float
    blocks: int = 0
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.loss >= 0 and self.capital >= 0 and self.blocks >= 0):
            raise ValueError(f"a cost is not negative: {self}")


@dataclass(frozen=True, slots=True)
class Buy:
    """Pay for one upstream to act in one way.

    Parameters
    ----------
    upstream
        What is corrupted: a pool, a key, a vendor. Levels of one action on it are paid at their maximum only.
    action
        ``up``, ``down``, ``quiet`` or a word of the cost model; two actions on one upstream exclude each
        other.
    cost
        Of this level.
    """

    upstream: str
    action: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class Act:
    """A source's reading as the attack leaves it, if ``inner`` is bought.

    Parameters
    ----------
    source
        Node id.
    action
        ``up``, ``down``, ``refuse`` or ``old``; actions on one source exclude each other.
    amount
        The price it must say, or the age in seconds it must have.
    inner
        What to buy for it.
    """

    source: str
    action: str
    amount: Fraction
    inner: Formula


@dataclass(frozen=True, slots=True)
class Pick:
    """``inner`` in one of several roles that exclude each other: what is stopped is not counted too.

    Parameters
    ----------
    place
        What has the role.
    role
        Roles of one place exclude each other.
    inner
        What to buy for it.
    """

    place: str
    role: str
    inner: Formula


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True if the weights of the true parts add up to ``need``."""

    need: int
    parts: tuple[tuple[int, Formula], ...]


Formula: TypeAlias = Buy | Act | Pick | AtLeast

FREE = AtLeast(0, ())
IMPOSSIBLE = AtLeast(1, ())


def at_least(need: int, parts: Iterable[Formula]) -> Formula:
    """Return the formula "``need`` of the parts", with what is free or impossible taken out."""
    kept: list[Formula] = []
    for part in parts:
        if part == FREE:
            need -= 1
        elif part != IMPOSSIBLE:
            kept.append(part)
    if need <= 0:
        return FREE
    if need > len(kept):
        return IMPOSSIBLE
    if len(kept) == 1:
        return kept[0]
    return AtLeast(need, tuple((1, part) for part in kept))


def all_of(*parts: Formula) -> Formula:
    """Return the formula that needs every part."""
    return at_least(len(parts), parts)


def pick(place: str, role: str, inner: Formula) -> Formula:
    """Return ``inner`` in a role, or that it is impossible."""
    return IMPOSSIBLE if inner == IMPOSSIBLE else Pick(place, role, inner)


def any_of(*parts: Formula) -> Formula:
    """Return the formula that needs one part."""
    return at_least(1, parts)


def inside(formula: Formula) -> Iterator[Formula]:
    """Yield every distinct subformula, inner ones first."""
    seen: set[int] = set()
    stack: list[tuple[Formula, bool]] = [(formula, False)]
    while stack:
        item, done = stack.pop()
        if id(item) in seen:
            continue
        if done:
            seen.add(id(item))
            yield item
            continue
        stack.append((item, True))
        if isinstance(item, Act | Pick):
            stack.append((item.inner, False))
        elif isinstance(item, AtLeast):
            stack.extend((part, False) for _, part in item.parts)


def holds(formula: Formula, bought: frozenset[Buy]) -> bool:
    """Return whether the purchases make the formula true."""
    if isinstance(formula, Buy):
        return formula in bought
    if isinstance(formula, Act | Pick):
        return holds(formula.inner, bought)
    return sum(weight for weight, part in formula.parts if holds(part, bought)) >= formula.need
