"""Tasks for the tests of studies; spawned workers import them by name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scenarios.runs.task import Record
from scenarios.seeds import Seed


@dataclass(frozen=True)
class Dice:
    """A few numbers of the run's own stream, after a little work."""

    seed: Seed = field(default_factory=lambda: Seed(1, "dice"))
    milliseconds: float = 0.0
    faces: int = 6

    def describe(self) -> Mapping[str, object]:
        return {"faces": self.faces}

    def __call__(self, runs: range) -> Iterator[Record]:
        for run in runs:
            stream = self.seed.stream(run, "dice")
            if self.milliseconds:
                time.sleep(self.milliseconds / 1_000)
            yield {
                "face": stream.below(self.faces),
                "normal": stream.normal(),
                "wide": stream.bits() << 64,
                "odd": run % 2 == 1,
                "word": "é",
            }


@dataclass(frozen=True)
class Failing(Dice):
    """Fails at one run until a file is there."""

    at: int = 50
    cure: str = ""

    def __call__(self, runs: range) -> Iterator[Record]:
        if self.at in runs and not Path(self.cure).exists():
            raise ValueError("not cured")
        yield from super().__call__(runs)


@dataclass(frozen=True)
class Short(Dice):
    """Forgets a record."""

    def __call__(self, runs: range) -> Iterator[Record]:
        return super().__call__(range(runs.start, runs.stop - 1))


@dataclass(frozen=True)
class Infinite(Dice):
    """Returns what JSON has no form for."""

    def __call__(self, runs: range) -> Iterator[Record]:
        for _ in runs:
            yield {"value": float("inf")}


@dataclass(frozen=True)
class Plain(Dice):
    """Costs nothing and returns a hundred bytes."""

    def __call__(self, runs: range) -> Iterator[Record]:
        for run in runs:
            yield {"padding": f"{run:080d}"}
