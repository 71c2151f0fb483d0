"""``backstop stress``: many paths of a protocol file, and the tails."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import check_target, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.pages.stress import stress_page
from scenarios.runs.progress import choose_progress
from scenarios.simulation.stress import stress


def run(arguments: Namespace) -> Answer:
    """Run the stress test."""
    check_target(arguments)
    file = load_protocol(arguments.file)
    result = stress(
        file,
        runs=arguments.runs,
        master=arguments.seed,
        workers=arguments.workers,
        cluster=arguments.cluster,
        folder=Path(arguments.folder) if arguments.folder else None,
        progress=choose_progress(arguments.progress, sys.stderr),
    )
    return Answer(result, show_and_write(arguments, stress_page(file, result), arguments.file))
