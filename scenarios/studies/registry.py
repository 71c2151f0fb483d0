"""The studies by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scenarios.errors import ScenarioError
from scenarios.files.errors import closest
from scenarios.studies.average_prices import average_prices
from scenarios.studies.consecutive_blocks import consecutive_blocks
from scenarios.studies.jumps_and_staleness import jumps_and_staleness
from scenarios.studies.latency_choice import latency_choice
from scenarios.studies.pool_aggregates import pool_aggregates
from scenarios.studies.row import Row
from scenarios.studies.toxic_spiral import toxic_spiral


@dataclass(frozen=True, slots=True)
class PaperStudy:
    """A study.

    Parameters
    ----------
    title, source
        What is recomputed, and who published it.
    rows
        Makes the rows from a number of runs.
    runs
        What it takes if nobody says otherwise.
    """

    title: str
    source: str
    rows: Callable[[int], Iterator[Row]]
    runs: int


STUDIES = {
    "average-prices": PaperStudy(
        "Moving a time-weighted average, block by block",
        "Mackinga et al. (ePrint 2022/445), Bentley (2021), Adams et al. (SSRN 4384409)",
        average_prices,
        400,
    ),
    "consecutive-blocks": PaperStudy(
        "Waiting for blocks in a row",
        "Mackinga et al. (ePrint 2022/445), table II; Adams et al. (SSRN 4384409), section 4",
        consecutive_blocks,
        20_000,
    ),
    "pool-aggregates": PaperStudy(
        "Moving a mean or median of several pools",
        "Müller, Moumeni, Messaoudi (arXiv 2606.03548), table 1",
        pool_aggregates,
        400,
    ),
    "latency-choice": PaperStudy(
        "Choosing among the signed prices of a window",
        "E[max - last] and E[max - min] of a Brownian path",
        latency_choice,
        20_000,
    ),
    "toxic-spiral": PaperStudy(
        "Where liquidation makes an account worse",
        "Warmuz et al. (arXiv 2212.07306) and its companion experiment",
        toxic_spiral,
        1_000,
    ),
    "jumps-and-staleness": PaperStudy(
        "Bad debt after a jump, and while nobody executes",
        "Gatto (SSRN 7157638)",
        jumps_and_staleness,
        1_000,
    ),
}


class UnknownStudyError(ScenarioError):
    """There is no such study."""

    code = "unknown-study"

    def __init__(self, name: str) -> None:
        near = closest(name, list(STUDIES))
        hint = f"; did you mean {near}?" if near else ""
        super().__init__(f"no study {name!r}; there are {', '.join(STUDIES)}{hint}", name=name)


def study_of(name: str) -> PaperStudy:
    """Return a study by its name.

    Raises
    ------
    UnknownStudyError
        There is none.
    """
    try:
        return STUDIES[name]
    except KeyError:
        raise UnknownStudyError(name) from None
