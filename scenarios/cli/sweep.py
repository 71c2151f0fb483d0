"""``backstop sweep``: a grid or Latin hypercube over values of a protocol file."""

from __future__ import annotations

from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import Made, check_target, progress_to_terminal, show_and_write
from scenarios.files.protocol_checks import open_protocol, read_protocol
from scenarios.report.pages.sweep import sweep_page
from scenarios.report.tables import sweep_tables
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
        generations=arguments.generations,
        progress=None if arguments.json else progress_to_terminal("settings"),
    )
    seed = file.run.seed if arguments.seed is None else arguments.seed
    runs = 0 if arguments.strategy else arguments.runs or file.run.runs
    made = Made(sweep_page(file, result), sweep_tables(result), [arguments.file], seed, runs)
    return Answer(result, show_and_write(arguments, made))
