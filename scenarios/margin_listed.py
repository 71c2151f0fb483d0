"""What a rule does not list: an option under a lending market is a finding, not an error.

A rule is asked about the whole account; judged without what it does not list, an account may look safer than
it is. So a rule that does not list something says which positions and why, and judges the rest only if asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from protocol.margin.fit import counts
from protocol.margin.presets.registry import Kind, Preset
from scenarios.files.portfolio import (
    DatedFuture,
    InversePerpetual,
    Option,
    PortfolioFile,
    Position,
    Quanto,
)


@dataclass(frozen=True, slots=True)
class NotListed:
    """A position or a debt that a rule does not list.

    Parameters
    ----------
    name
        The position's name, or what it is.
    why
        For readers.
    index
        Its place among the file's positions; None for a balance.
    """

    name: str
    why: str
    index: int | None = None


def kind_of(position: Position) -> Kind:
    """Return what a position is."""
    if isinstance(position, Option):
        return Kind.OPTION
    if isinstance(position, InversePerpetual):
        return Kind.INVERSE
    if isinstance(position, Quanto):
        return Kind.QUANTO
    return Kind.FUTURE if isinstance(position, DatedFuture) else Kind.PERPETUAL


def not_listed(model: PortfolioFile, preset: Preset) -> tuple[NotListed, ...]:
    """Return every position and debt that the rule does not list."""
    found = []
    for index, position in enumerate(model.positions):
        name = position.name or f"{position.underlying} {position.type}"
        kind = kind_of(position)
        if kind not in preset.holds:
            found.append(NotListed(name, f"{kind.value} are not listed under this rule", index))
        elif preset.underlyings and position.underlying not in preset.underlyings:
            found.append(NotListed(name, f"no parameters for {position.underlying}", index))
    for name, held in model.collateral.items():
        if held.amount < 0 and not held.cash and not counts(preset, name, Kind.DEBT):
            found.append(NotListed(f"debt of {name}", "this rule does not lend it"))
    return tuple(found)


def reasons(missing: tuple[NotListed, ...]) -> str:
    """Return the reasons, each with what it is about."""
    by_reason: dict[str, list[str]] = {}
    for row in missing:
        by_reason.setdefault(row.why, []).append(row.name)
    return "; ".join(f"{why}: {', '.join(names)}" for why, names in by_reason.items())


def listed(model: PortfolioFile, missing: tuple[NotListed, ...]) -> PortfolioFile:
    """Return the file without what a rule does not list."""
    places = {row.index for row in missing}
    debts = {row.name for row in missing if row.index is None}
    collateral = {
        name: held.model_copy(update={"amount": Decimal(0)}) if f"debt of {name}" in debts else held
        for name, held in model.collateral.items()
    }
    positions = [position for index, position in enumerate(model.positions) if index not in places]
    return model.model_copy(update={"positions": positions, "collateral": collateral})
