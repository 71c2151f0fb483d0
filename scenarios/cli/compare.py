"""``backstop compare``: two protocol files on the same paths."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import Made, check_target, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.pages.comparison import comparison_page
from scenarios.report.tables import comparison_tables
from scenarios.simulation.compare import compare


def run(arguments: Namespace) -> Answer:
    """Run both and show the paired differences."""
    check_target(arguments)
    first, second = load_protocol(arguments.file), load_protocol(arguments.other)
    result = compare(first, second, runs=arguments.runs, master=arguments.seed, workers=arguments.workers)
    if first.title == second.title:  # a copy with one value changed: its file tells it apart
        names = [arguments.file, arguments.other]
        same = names[0] == names[1]
        result = replace(result, titles=(names[0], f"{names[1]} again" if same else names[1]))
    page, tables = comparison_page(result), comparison_tables(result)
    made = Made(page, tables, [arguments.file, arguments.other], result.seed, result.runs)
    return Answer(result, show_and_write(arguments, made))
