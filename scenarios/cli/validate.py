"""``backstop validate``: check files and report every problem with its place."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer, Message
from scenarios.files.document import load_document
from scenarios.files.errors import FileError, Problem
from scenarios.files.library import list_incidents, load_incident, read_incident


def run(arguments: Namespace) -> Answer:
    """Check each file; one bad file does not hide the next."""
    files: list[dict[str, object]] = []
    problems: list[Problem] = []
    for name in arguments.file:
        try:
            files.append({"file": name, "valid": True, **examine(name)})
        except FileError as error:
            problems.extend(error.problems)
            files.append({"file": name, "valid": False, "problems": error.problems})

    def show() -> None:
        for row in files:
            if row["valid"]:
                sys.stdout.write(f"{row['file']}: valid ({describe(row)})\n")
        for problem in problems:
            sys.stderr.write(f"error: {problem}\n")

    errors = tuple(
        Message(
            "error",
            problem.code,
            str(problem),
            {
                name: getattr(problem, name)
                for name in ("file", "line", "column", "pointer", "expected", "suggestion")
            },
        )
        for problem in problems
    )
    return Answer({"files": files}, show, 2 if problems else 0, errors)


def examine(name: str) -> dict[str, object]:
    """Load a file of any kind, told apart by its name among the shipped ones or by what it holds.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    from scenarios.files.oracle_cost_checks import is_oracle_cost, load_oracle_cost
    from scenarios.files.portfolio_checks import is_portfolio, list_examples, load_portfolio
    from scenarios.files.protocol_checks import list_protocols, load_protocol, looks_like_protocol

    shipped = name in list_incidents() or "." not in name
    document = None if shipped else load_document(name)
    if name in list_protocols() or (document and looks_like_protocol(document)):
        protocol = load_protocol(name)
        return {"kind": "protocol", "title": protocol.title, "attacks": list(protocol.attacks)}
    if name in list_examples() or (document and is_portfolio(document)):
        portfolio = load_portfolio(name)
        return {"kind": "portfolio", "title": portfolio.title, "positions": len(portfolio.positions)}
    if document and is_oracle_cost(document):
        oracle = load_oracle_cost(name)
        return {"kind": "oracle", "title": oracle.title, "targets": len(oracle.targets)}
    incident = read_incident(document) if document else load_incident(name)
    return {"kind": "incident", "id": incident.id, "steps": len(incident.steps)}


def describe(row: dict[str, object]) -> str:
    """Return a valid file in a few words."""
    if row["kind"] == "incident":
        return f"{row['id']}, {row['steps']} steps"
    if row["kind"] == "portfolio":
        return f"portfolio, {row['positions']} positions"
    return f"{row['kind']}: {row['title']}"
