"""``backstop stress``: many paths of a protocol file, and the tails."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import Made, check_target, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.pages.stress import stress_page
from scenarios.report.tables import stress_tables
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
    page, tables = stress_page(file, result), stress_tables(result)
    made = Made(page, tables, [arguments.file], result.seed, result.runs, result.digest)
    return Answer(result, show_and_write(arguments, made))
