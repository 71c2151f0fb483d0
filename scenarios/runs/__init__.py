"""Many runs of one scenario: executors, journal, results on disk, statistics."""

from __future__ import annotations

from scenarios.runs.study import Study, StudyResult, run_study
from scenarios.runs.task import Record, Task

__all__ = ["Record", "Study", "StudyResult", "Task", "run_study"]
