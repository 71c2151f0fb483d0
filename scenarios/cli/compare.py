"""``backstop compare``: two protocol files on the same paths."""

from __future__ import annotations

from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import check_target, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.pages.comparison import comparison_page
from scenarios.simulation.compare import compare


def run(arguments: Namespace) -> Answer:
    """Run both and show the paired differences."""
    check_target(arguments)
    first, second = load_protocol(arguments.file), load_protocol(arguments.other)
    result = compare(first, second, runs=arguments.runs, master=arguments.seed, workers=arguments.workers)
    return Answer(result, show_and_write(arguments, comparison_page(result), arguments.file))
