"""Errors of studies."""

from __future__ import annotations

from scenarios.errors import ScenarioError


class JournalError(ScenarioError):
    """A study's folder belongs to another study, is in use, or does not hold what its journal says."""

    code = "journal"


class TaskError(ScenarioError):
    """A task returned something other than one record for each run."""

    code = "task"
