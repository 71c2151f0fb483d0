"""Entry point of the ``backstop`` command. Only argparse is imported until a command runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from protocol.errors import BackstopError
from scenarios.cli.simulation_arguments import add_simulation, positive

if TYPE_CHECKING:
    from scenarios.cli.answer import Answer

INTERNAL, INTERRUPTED, BROKEN_PIPE = 70, 130, 141

EPILOG = """exit codes:
  0 fine   1 a finding (an outcome out of tolerance, an invariant broken)   2 usage or file wrong
  3 data or node not reachable   4 evidence does not verify   70 internal error   130 interrupted"""


class UsageError(BackstopError):
    """The command line is wrong."""

    code = "usage"
    exit_code = 2


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of exiting, so that ``--json`` is answered in JSON too.

    Options are not abbreviated: ``--js`` would print JSON for a success and none for a failure.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong and how to see what is right."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")


class Help(argparse.RawDescriptionHelpFormatter):
    """Help whose column of explanations begins right of the longest command."""

    def add_argument(self, action: argparse.Action) -> None:
        """Count commands with the indentation that they are printed with."""
        super().add_argument(action)
        names = (action.choices or ()) if action.metavar == "COMMAND" else ()
        longest = max(map(len, names), default=0) + 2 * self._indent_increment
        self._action_max_length = max(self._action_max_length, longest)


def build_parser() -> Parser:
    """Return the parser of every command."""
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON document")
    common.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colour on a terminal"
    )
    common.add_argument("-v", "--verbose", action="count", default=0, help="-vv: a traceback with an error")

    parser = Parser(
        prog="backstop",
        description="Simulate on-chain derivatives protocols: oracles, vaults, margin, liquidation, attacks.",
        epilog=EPILOG,
        formatter_class=Help,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, help_text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help_text, description=help_text, parents=[common])

    replay = add("replay", "replay an incident and compare every outcome with its published figure")
    replay.add_argument("incident", help="id of a bundled incident (see `backstop incidents`) or a file")
    replay.add_argument("--report", metavar="FILE", help="write the report: .html (one offline page) or .md")
    replay.add_argument("--md", action="store_true", help="print the report as Markdown")
    replay.add_argument(
        "--counterfactuals",
        action="store_true",
        help="print what other readers would have left of the attack (always in reports and JSON)",
    )

    add("incidents", "list the bundled incidents")
    validate = add("validate", "check files of any kind; every problem with its line")
    validate.add_argument("file", nargs="+", help="YAML, TOML or JSON file, or a bundled id")
    oracle = add("oracle", "ask about an oracle: `backstop oracle cost FILE`")
    questions = oracle.add_subparsers(dest="question", metavar="QUESTION", required=True)
    text = "the cheapest way to make it lie or stop, with loss and capital apart"
    cost = questions.add_parser("cost", help=text, description=text, parents=[common])
    cost.add_argument("file", help="oracle file (YAML, TOML, JSON), or a shipped example by name")
    cost.add_argument("--report", metavar="FILE", help="write the page (.html) or the drawing (.svg)")
    _add_margin(add)
    verify = add("verify", "check vector files of the real contracts against our models")
    verify.add_argument("path", nargs="+", help="vector files (.json, .json.gz) or folders of them")
    _add_chain_commands(add)
    schema = add("schema", "print the JSON Schema of incident, portfolio or protocol files")
    kinds = ("incident", "portfolio", "protocol")
    schema.add_argument("--kind", choices=kinds, default="incident", help="which files")
    add_simulation(add)
    study = add("study", "recompute the figures of papers by simulation, beside the published ones")
    study.add_argument("name", help="name of a study, or `all` (a wrong name lists them)")
    study.add_argument("--runs", type=positive, help="independent paths; the study's own number if not given")
    study.add_argument("--md", action="store_true", help="print the tables as Markdown")
    study.add_argument("--report", metavar="FILE", help="write the page (.html)")
    add("doctor", "say what this installation can do and what it lacks")
    demo = add("demo", "replay Mango Markets (11 Oct 2022) and write its report")
    demo.add_argument(
        "--report", metavar="FILE", default="reports/mango-2022-10-11.html", help="where to write it"
    )
    return parser


LEVEL_NAMES = ("initial", "fill", "maintenance", "liquidation-end", "buffer", "trusted-caller")
VIEW_NAMES = ("rule", "index", "mark", "slow", "conservative", "bid-ask", "widened", "fill")


def _add_margin(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    margin = add("margin", "judge one portfolio under several margin rules side by side")
    margin.add_argument("portfolio", nargs="?", help="portfolio file, or a shipped example by name")
    margin.add_argument("--list", action="store_true", help="list the rules, with source and date")
    margin.add_argument("--rule", action="append", metavar="NAME", help="only this rule, repeatable")
    margin.add_argument(
        "--level",
        choices=LEVEL_NAMES,
        default="initial",
        help="level that is shown in detail and whose failing is a finding (exit 1)",
    )
    margin.add_argument(
        "--view", choices=VIEW_NAMES, help="prices that every rule reads (those of the file, or its own)"
    )
    margin.add_argument(
        "--scenarios",
        choices=("rule", "all", "basis"),
        default="rule",
        help="scenario set: the level's own (rule), all, or the basis moves of a trusted caller",
    )
    margin.add_argument(
        "--partial",
        action="store_true",
        help="let a rule that does not list a position judge the rest, and name what was left out",
    )
    margin.add_argument(
        "--trade",
        action="append",
        metavar="ASSET:SIZE[@PRICE]",
        help="show what this trade would do: an underlying's perpetual or a named position; repeatable",
    )
    margin.add_argument(
        "--collateral",
        nargs="?",
        const="0",
        metavar="EXCESS",
        help="the cheapest collateral to post, withdraw or swap for this excess (0)",
    )
    margin.add_argument("--report", metavar="FILE", help="write the page (.html) with its heat maps")


def _add_chain_commands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    read = add("read", "read live prices at one block, claimed, agreed or proven")
    read.add_argument("pair", nargs="+", help="a pair such as ETH/USD, or kind:address (chainlink:0x...)")
    read.add_argument("--verify", action="store_true", help="prove header, state and calls; exit 4 if not")
    read.add_argument("--record", metavar="FILE", help="write all reads to FILE; with --verify sealed")
    read.add_argument("--max-age", type=int, default=90_000, metavar="S", help="older values are refused")
    watch = add("watch", "a live table of sources: value, age, deviation, guard, cost to move")
    watch.add_argument("pair", nargs="+", help="as for `backstop read`")
    watch.add_argument("--every", type=float, default=12.0, metavar="S", help="seconds between readings")
    watch.add_argument("--count", type=int, metavar="N", help="end after N readings")
    watch.add_argument("--max-age", type=int, default=90_000, metavar="S", help="older values are refused")
    snapshot = add("snapshot", "write pools or protocol state of one block into a scenario file")
    snapshot.add_argument(
        "protocol",
        help=(
            "uniswap-v2, uniswap-v3, uniswap-v4, balancer-v2, curve, curve-ng, tricrypto-ng, vault; "
            "aave-v3, compound-v3, synthetix, derive, gmx"
        ),
    )
    snapshot.add_argument("address", nargs="*", help="pools, markets or accounts (see the README)")
    snapshot.add_argument("-o", "--output", metavar="FILE", help="JSON or YAML file; else printed")
    snapshot.add_argument(
        "--positions-from",
        type=int,
        metavar="N",
        help="uniswap-v3: with all positions, found in the events since block N (the pool's first)",
    )
    snapshot.add_argument(
        "--protocol-file",
        metavar="FILE",
        help="aave-v3, compound-v3: a protocol file with the listings, cash and accounts that were read",
    )
    snapshot.add_argument(
        "--pools", nargs="+", default=[], metavar="PAIR", help="Uniswap V2 pairs for its venues, same block"
    )
    snapshot.add_argument("--record", metavar="FILE", help="write all reads to FILE")
    record = add("record", "write reads, rounds or events to a file; check a recording")
    record.add_argument(
        "what", choices=("reads", "rounds", "syncs", "swaps", "receipts", "check", "check-receipts")
    )
    record.add_argument(
        "target", nargs="+", help="pairs, a proxy, a pair, a pool, a block, or the file to check"
    )
    record.add_argument("-o", "--output", metavar="FILE", help=".jsonl or (rounds, events) .parquet")
    record.add_argument("--seal", action="store_true", help="reads: with all proofs")
    record.add_argument(
        "--verify", action="store_true", help="syncs, swaps: hold all logs against headers and receipts"
    )
    record.add_argument("--all-phases", action="store_true", help="rounds: of earlier aggregators too")
    record.add_argument("--from", dest="first", type=int, metavar="N", help="first block or round")
    record.add_argument("--to", dest="last", type=int, metavar="N", help="last block or round")
    for command in (read, watch, snapshot, record):
        command.add_argument(
            "-r",
            "--rpc-url",
            action="append",
            metavar="URL",
            help="http(s) endpoint, repeatable (ETH_RPC_URL)",
        )
        command.add_argument("--chain", type=int, metavar="ID", help="demand this chain id")
        command.add_argument("--block", metavar="N", help="number, hash, latest, safe or finalized")
        command.add_argument("--quorum", type=int, metavar="N", help="endpoints that must agree")
    for command in (read, snapshot):
        command.add_argument("--from-recording", metavar="FILE", help="read FILE instead of a node")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = any(word.split("=")[0] == "--json" for word in words)
    verbose = sum(word.count("v") for word in words if word.startswith("-v") and set(word[1:]) == {"v"})
    try:
        return _run(words)
    except BackstopError as error:
        return _fail(error, as_json=as_json, verbose=verbose)
    except SystemExit as done:  # argparse, after --help
        return int(done.code or 0)
    except KeyboardInterrupt:
        return _fail_plain("interrupted", "interrupted", INTERRUPTED, as_json=as_json)
    except BrokenPipeError:
        sys.stderr.close()
        return BROKEN_PIPE
    except Exception as error:  # the last line of defence: exit 70, never a bare traceback
        if verbose > 1:
            raise
        what = f"internal error: {type(error).__name__}: {error} (run again with -vv for the traceback)"
        return _fail_plain("internal", what, INTERNAL, as_json=as_json)


def _run(words: list[str]) -> int:
    parser = build_parser()
    arguments = parser.parse_args(words)
    if arguments.version:
        from importlib.metadata import version

        sys.stdout.write(f"backstop {version('backstop')}\n")
        return 0
    if arguments.command is None:
        parser.print_help(sys.stdout)
        return 0
    command: Callable[[Any], Answer] = import_module(f"scenarios.cli.{arguments.command}").run
    answer = command(arguments)
    if arguments.json:
        from scenarios.cli.answer import write_json

        write_json(answer)
    else:
        answer.show()
    return answer.exit_code


def _fail(error: BackstopError, *, as_json: bool, verbose: int) -> int:
    from scenarios.cli.answer import Answer, write_json

    if verbose > 1:
        import traceback

        traceback.print_exception(error)
    if as_json:
        write_json(Answer.failure(error))
    else:
        sys.stderr.write(f"error: {error.message}\n")
    return error.exit_code


def _fail_plain(code: str, message: str, exit_code: int, *, as_json: bool) -> int:
    error = BackstopError(message)
    error.code, error.exit_code = code, exit_code
    return _fail(error, as_json=as_json, verbose=0)


if __name__ == "__main__":
    sys.exit(main())
