"""Arguments of the commands over protocol files. Only argparse is imported here: start-up stays light."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add_simulation(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the commands over protocol files."""

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = add(name, text)
        made.add_argument("file", help="protocol file (YAML, TOML, JSON), or a shipped example by name")
        made.add_argument("--seed", type=natural, help="master seed; the file's if not given")
        made.add_argument("--report", metavar="FILE", help="write the page (.html)")
        made.add_argument("--tables", metavar="DIR", help="write the figures as tables, with a manifest")
        made.add_argument(
            "--table-format", choices=("csv", "parquet"), default="csv", help="Parquet needs the extra `data`"
        )
        return made

    def many(made: argparse.ArgumentParser) -> None:
        made.add_argument("--runs", type=positive, help="number of paths; the file's if not given")
        made.add_argument("--workers", type=positive, default=1, help="processes; the answer is the same")

    one = command("run", "run one path of a protocol file, with its full event log")
    one.add_argument("--run", type=natural, default=0, help="index of the path")
    stress = command("stress", "run many paths: VaR, LaR, bad debt, liquidations with confidence intervals")
    many(stress)
    stress.add_argument("--folder", metavar="DIR", help="keep the journal there: a killed run goes on")
    stress.add_argument("--cluster", metavar="ADDRESS", default="", help="a Dask scheduler (extra `cluster`)")
    stress.add_argument(
        "--progress", choices=("auto", "terminal", "json", "silent"), default="auto", help="on standard error"
    )
    attack = command("attack", "optimise the parameters of an attack strategy of a protocol file")
    attack.add_argument("--strategy", metavar="NAME", help="name or type of an attack in the file")
    generations = "of differential evolution"
    attack.add_argument("--generations", type=positive, default=30, help=generations)
    sweep = command("sweep", "measure a protocol file over a grid or Latin hypercube of its values")
    sweep.add_argument(
        "--set", action="append", required=True, metavar="PATH=VALUES", help="a.b.c=1,2,3 or a.b.c=1..9:5"
    )
    sweep.add_argument(
        "--strategy", metavar="NAME", help="measure an attack's optimum instead of a stress test"
    )
    sweep.add_argument("--generations", type=positive, default=30, help=f"with --strategy: {generations}")
    sweep.add_argument("--latin", type=natural, default=0, metavar="N", help="N points of a Latin hypercube")
    many(sweep)
    compare = command("compare", "run two protocol files on the same paths")
    compare.add_argument("other", help="the second protocol file")
    many(compare)


def natural(text: str) -> int:
    """Read a whole number from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number from 1."""
    if natural(text) == 0:
        raise argparse.ArgumentTypeError("0 is too few")
    return int(text)
