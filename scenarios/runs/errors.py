"""Errors of studies."""

from __future__ import annotations

from scenarios.errors import ScenarioError


class JournalError(ScenarioError):
    """A study's folder belongs to another study, is in use, or does not hold what its journal says."""

    code = "journal"


class TaskError(ScenarioError):
    """A task returned something other than one record for each run."""

    code = "task"


class ClusterError(ScenarioError):
    """Nobody answers at the address of a cluster's scheduler, or it is no address."""

    code = "cluster"
    exit_code = 3

    def __init__(self, address: str, why: str) -> None:
        super().__init__(
            f"no scheduler of a cluster answers at {address!r}: {why}; start one with 'dask scheduler'"
        )
        self.address = address
