"""``backstop stress``: many paths of a protocol file, and the tails."""

from __future__ import annotations

from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import check_target, progress_to_terminal, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.simulation import stress_page
from scenarios.simulation.stress import stress


def run(arguments: Namespace) -> Answer:
    """Run the stress test."""
    check_target(arguments)
    file = load_protocol(arguments.file)
    progress = None if arguments.json else progress_to_terminal("runs")
    result = stress(
        file, runs=arguments.runs, master=arguments.seed, workers=arguments.workers, progress=progress
    )
    return Answer(result, show_and_write(arguments, stress_page(file, result), arguments.file))
