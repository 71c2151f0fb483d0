"""``backstop validate``: check files and report every problem with its place."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer, Message
from scenarios.files.errors import FileError, Problem
from scenarios.files.library import list_incidents, load_incident, read_incident


def run(arguments: Namespace) -> Answer:
    """Check each file; one bad file does not hide the next."""
    files: list[dict[str, object]] = []
    problems: list[Problem] = []
    for name in arguments.file:
        try:
            files.append(_valid(name))
        except FileError as error:
            problems.extend(error.problems)
            files.append({"file": name, "valid": False, "problems": error.problems})

    def show() -> None:
        for row in files:
            if row["valid"]:
                sys.stdout.write(f"{row['file']}: valid ({_what(row)})\n")
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


def _valid(name: str) -> dict[str, object]:
    """Return the row of a valid file: a portfolio if it is a shipped one or has a portfolio's fields."""
    from scenarios.files.document import load_document
    from scenarios.files.portfolio_checks import is_portfolio, list_examples, load_portfolio, read_portfolio

    if name in list_examples():
        portfolio = load_portfolio(name)
    elif name in list_incidents() or "." not in name:
        incident = load_incident(name)
        return {"file": name, "valid": True, "id": incident.id, "steps": len(incident.steps)}
    else:
        document = load_document(name)
        if not is_portfolio(document):
            incident = read_incident(document)
            return {"file": name, "valid": True, "id": incident.id, "steps": len(incident.steps)}
        portfolio = read_portfolio(document)
    return {"file": name, "valid": True, "title": portfolio.title, "positions": len(portfolio.positions)}


def _what(row: dict[str, object]) -> str:
    if "id" in row:
        return f"{row['id']}, {row['steps']} steps"
    return f"portfolio, {row['positions']} positions"
