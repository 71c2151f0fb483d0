"""Random sequences of actions over every preset of the catalogue; the long run prints how many."""

from __future__ import annotations

import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquidation_world import ACTIONS, PRESETS, PROMISES, World
from protocol.transaction import State

MAX_AMOUNT = 10**6
LONG_RUN_ACTIONS = 1_000_000
ACTIONS_PER_WORLD = 500
HEALING = {name for name, design in PRESETS.items() if design(State()).heals}
NEVER_PAID = {"compound", "hyperliquid", "liquity"}
"""Designs whose takers (reserves, a backstop vault, other borrowers) bear losses before any payer does."""

step = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2), st.integers(1, MAX_AMOUNT))


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(step, min_size=5, max_size=60))
def test_random_actions(preset: str, steps: list[tuple[str, int, int]]) -> None:
    world = World(preset)
    for name, who, amount in steps:
        world.act(name, who, amount)


def run(preset: str, seed: int, actions: int, checked: dict[str, int]) -> dict[str, int]:
    """Play ``actions`` random actions in fresh worlds of ``ACTIONS_PER_WORLD``; return outcomes counted.

    How often each promise was checked is added to ``checked``.
    """
    counts: dict[str, int] = {}
    draw = Random(f"{preset}:{seed}")
    done = 0
    while done < actions:
        world = World(preset)
        for _ in range(min(ACTIONS_PER_WORLD, actions - done)):
            world.act(draw.choice(ACTIONS), draw.randrange(3), draw.randint(1, MAX_AMOUNT))
            done += 1
        for name, count in world.counts.items():
            counts[name] = counts.get(name, 0) + count
        for name, count in world.checked.items():
            checked[name] = checked.get(name, 0) + count
    return counts


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_liquidates(preset: str) -> None:
    checked: dict[str, int] = {}
    counts = run(preset, 1, 3000, checked)
    assert counts["liquidate"] > 3, counts
    assert sum(counts.values()) == 3000
    # Every promise was put to the test under this design, not only written down.
    heals, waterfall = PROMISES[4:]
    for promise in PROMISES[:4]:
        assert checked[promise] > 0, promise
    if preset in HEALING:
        assert checked[heals] > 0
    if preset not in NEVER_PAID:
        assert checked[waterfall] > 0


@pytest.mark.long
def test_a_million_actions(capsys: pytest.CaptureFixture[str]) -> None:
    share = -(-LONG_RUN_ACTIONS // len(PRESETS))
    total: dict[str, int] = {}
    checked: dict[str, int] = {}
    for preset in PRESETS:
        for name, count in run(preset, 2, share, checked).items():
            total[name] = total.get(name, 0) + count
    done = sum(total.values())
    assert done >= LONG_RUN_ACTIONS
    with capsys.disabled():
        sys.stdout.write(f"\n{done:,} actions over {len(PRESETS)} presets: {total}\n")
        sys.stdout.write(f"promises checked: {checked}\n")
