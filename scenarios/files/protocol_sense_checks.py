"""Figures and lists that have a shape but no sense: blanks, repetitions, signs, cash in nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from scenarios.files.findings import Finding
from scenarios.files.positions import Path
from scenarios.files.protocol_known import known

if TYPE_CHECKING:
    from scenarios.files.protocol import ProtocolFile

NONE = frozenset({"lower_cap", "upper_cap"})
"""Terms in which -1 stands for none."""
_LISTS = ("borrow", "feeds", "sell_on", "against")


def check_sense(model: ProtocolFile) -> Iterator[Finding]:
    """Yield a title or unit without a word, names that stand twice in a list, and signs without a sense."""
    for field in ("title", "money"):
        if not getattr(model, field).strip():
            yield Finding("empty", (field,), f"the {field} is empty", "a word")
    for section in ("assets", "venues", "vaults", "listings", "perpetuals", "options", "agents", "accounts"):
        for name in getattr(model, section):
            if not name.strip():
                yield Finding("empty", (section, name), "a name without a letter", "a name", at_key=True)
    yield from _twice(("waterfall",), model.waterfall)
    for attack, entry in model.attacks.items():
        for field in _LISTS:
            value = getattr(entry, field, None)
            if isinstance(value, list):
                yield from _twice(("attacks", attack, field), value)
    if model.chain is not None:
        for name, proposer in model.chain.proposers.items():
            for field in ("channels", "favours", "censors"):
                yield from _twice(("chain", "proposers", name, field), getattr(proposer, field))
            for index, agent in enumerate(proposer.favours):
                if agent in proposer.censors:
                    place = ("chain", "proposers", name, "favours", index)
                    yield Finding("duplicate-name", place, f"{agent!r} is left out too", "one of the two")
    if model.backstop_vault.cash and model.margin.settlement not in model.assets:
        message = f"the vault's cash is in {model.margin.settlement!r}, which is no asset of the file"
        yield Finding("settlement", ("backstop_vault", "cash"), message, "margin.settlement, an asset")
    for field in ("most_per_step", "flash_liquidity"):
        for asset in getattr(model.outside, field):
            yield from known(("outside", field, asset), asset, model.assets, "asset", at_key=True)
    yield from _signs(("margin",), model.margin.terms)
    for section, entries in (("listings", model.listings), ("perpetuals", model.perpetuals)):
        for name, part in entries.items():
            yield from _signs((section, name), part.terms)


def _twice(path: Path, names: Sequence[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Finding("duplicate-name", (*path, index), f"{name!r} stands twice", "each name once")


def _signs(path: Path, terms: Mapping[str, Decimal]) -> Iterator[Finding]:
    for name, value in terms.items():
        if value < 0 and not (name in NONE and value == -1):
            expected = "zero or more, or -1 for none" if name in NONE else "zero or more"
            yield Finding("negative", (*path, "terms", name), "a negative number", expected)
