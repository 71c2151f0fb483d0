"""``backstop run``: one path of a protocol file, with its full event log."""

from __future__ import annotations

from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import Made, check_target, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.pages.run import run_page
from scenarios.report.tables import run_tables
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import run_path


def run(arguments: Namespace) -> Answer:
    """Run one path; bad debt is a finding."""
    check_target(arguments)
    file = load_protocol(arguments.file)
    result = run_path(file, seed_of(file, arguments.seed), arguments.run)
    show = show_and_write(
        arguments, Made(run_page(file, result), run_tables(result), [arguments.file], result.seed)
    )
    return Answer(result, show, 1 if result.metrics.bad_debt > 0 else 0)
