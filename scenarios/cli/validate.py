"""``backstop validate``: check files and report every problem with its place."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer, Message
from scenarios.files.document import load_document
from scenarios.files.errors import FileError, Problem
from scenarios.files.library import list_incidents, load_incident


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
    """Load an incident or protocol file, told apart by what it holds; return what it is.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    from scenarios.files.protocol_checks import list_protocols, load_protocol, looks_like_protocol

    if name not in list_incidents() and (
        name in list_protocols() or looks_like_protocol(load_document(name))
    ):
        protocol = load_protocol(name)
        return {"kind": "protocol", "title": protocol.title, "attacks": list(protocol.attacks)}
    incident = load_incident(name)
    return {"id": incident.id, "steps": len(incident.steps)}


def describe(row: dict[str, object]) -> str:
    """Return a valid file in a few words."""
    return f"protocol: {row['title']}" if "kind" in row else f"{row['id']}, {row['steps']} steps"
