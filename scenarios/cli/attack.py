"""``backstop attack``: the best that a given strategy can do to a protocol file."""

from __future__ import annotations

from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.cli.simulate import Made, check_target, show_and_write
from scenarios.files.protocol_checks import load_protocol
from scenarios.report.pages.attack import attack_page
from scenarios.report.tables import attack_tables
from scenarios.simulation.attack import optimise


def run(arguments: Namespace) -> Answer:
    """Search; an attack that pays is a finding."""
    check_target(arguments)
    file = load_protocol(arguments.file)
    result = optimise(file, arguments.strategy, seed=arguments.seed, generations=arguments.generations)
    show = show_and_write(
        arguments, Made(attack_page(file, result), attack_tables(result), [arguments.file], result.seed)
    )
    return Answer(result, show, 1 if result.pays else 0)
