"""The pages on attacks and presets name everything that a file can name."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from scenarios.attackers.attacker import Attacker
from scenarios.attackers.registry import AttackerFile
from scenarios.files.margin_terms import TERMS, MarginName

DOCS = Path(__file__).parents[2] / "docs"
STRATEGIES: tuple[type[Attacker], ...] = get_args(get_args(AttackerFile)[0])
PLACES = {"margin": "margin.terms", "market": "perpetuals.X.terms", "listing": "listings.X.terms"}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_attack_stands_in_the_table_with_what_is_searched(strategy: type[Attacker]) -> None:
    kind = strategy.model_fields["type"].default
    lines = (DOCS / "agents.md").read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{kind}` |")]
    assert len(row.split("|")) == 6
    searched = {word.strip("*`") for word in row.split() if word.startswith("*`")}
    searched = {word.rstrip(",").strip("*`") for word in searched}
    assert searched == set(strategy.declared_ranges())
    for name in set(strategy.model_fields) - strategy.fixed - set(strategy.declared_ranges()):
        assert f"`{name}`" in row


def test_every_preset_and_term_stands_in_the_page() -> None:
    text = (DOCS / "presets.md").read_text(encoding="utf-8")
    for preset in get_args(MarginName):
        assert f"`{preset}`" in text
    for preset, terms in TERMS.items():
        assert terms.source
        for where, place in PLACES.items():
            for name, entry in getattr(terms, where).items():
                assert f"| `{preset}` | `{place}.{name}` | {entry.default} | {entry.text} |" in text
