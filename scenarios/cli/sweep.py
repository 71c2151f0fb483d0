"""``backstop sweep``: a grid or Latin hypercube over values of a protocol file."""

from __future__ import annotations

from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import check_target, progress_to_terminal, show_and_write
from scenarios.files.protocol_checks import open_protocol, read_protocol
from scenarios.report.pages.sweep import sweep_page
from scenarios.simulation.sweep import read_axis, sweep


def run(arguments: Namespace) -> Answer:
    """Measure every setting."""
    check_target(arguments)
    document = open_protocol(arguments.file)
    file = read_protocol(document)
    result = sweep(
        document,
        [read_axis(text) for text in arguments.set],
        attack=arguments.strategy,
        runs=arguments.runs,
        master=arguments.seed,
        workers=arguments.workers,
        latin=arguments.latin,
        progress=None if arguments.json else progress_to_terminal("settings"),
    )
    return Answer(result, show_and_write(arguments, sweep_page(file, result), arguments.file))
