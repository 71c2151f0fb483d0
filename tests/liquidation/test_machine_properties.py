"""Random sequences of actions over every preset of the catalogue; the long run prints how many."""

from __future__ import annotations

import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquidation_world import ACTIONS, PRESETS, World

MAX_AMOUNT = 10**6
LONG_RUN_ACTIONS = 1_000_000
ACTIONS_PER_WORLD = 500

step = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2), st.integers(1, MAX_AMOUNT))


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(step, min_size=5, max_size=60))
def test_random_actions(preset: str, steps: list[tuple[str, int, int]]) -> None:
    world = World(preset)
    for name, who, amount in steps:
        world.act(name, who, amount)


def run(preset: str, seed: int, actions: int) -> dict[str, int]:
    """Play ``actions`` random actions in fresh worlds of ``ACTIONS_PER_WORLD``; return outcomes counted."""
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
    return counts


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_liquidates(preset: str) -> None:
    counts = run(preset, 1, 1500)
    assert counts["liquidate"] > 3, counts
    assert sum(counts.values()) == 1500


@pytest.mark.long
def test_a_million_actions(capsys: pytest.CaptureFixture[str]) -> None:
    share = -(-LONG_RUN_ACTIONS // len(PRESETS))
    total: dict[str, int] = {}
    for preset in PRESETS:
        for name, count in run(preset, 2, share).items():
            total[name] = total.get(name, 0) + count
    done = sum(total.values())
    assert done >= LONG_RUN_ACTIONS
    with capsys.disabled():
        sys.stdout.write(f"\n{done:,} actions over {len(PRESETS)} presets: {total}\n")
