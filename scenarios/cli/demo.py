"""``backstop demo``: the main job on bundled real input."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from scenarios.cli.answer import Answer
from scenarios.cli.replay import run as replay

INCIDENT = "mango-2022-10-11"


def run(arguments: Namespace) -> Answer:
    """Replay the demo incident, write the report and say where it is."""
    arguments.incident, arguments.md, arguments.counterfactuals = INCIDENT, False, True
    arguments.say_where = False
    answer = replay(arguments)

    def show() -> None:
        answer.show()
        sys.stdout.write(f"report: {Path(arguments.report).resolve()}\n")

    return Answer(answer.data, show, answer.exit_code, answer.errors, answer.warnings)
