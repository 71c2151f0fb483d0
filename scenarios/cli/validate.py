"""``backstop validate``: check files and report every problem with its place."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer, Message
from scenarios.files.errors import FileError, Problem
from scenarios.files.library import load_incident


def run(arguments: Namespace) -> Answer:
    """Check each file; one bad file does not hide the next."""
    files: list[dict[str, object]] = []
    problems: list[Problem] = []
    for name in arguments.file:
        try:
            incident = load_incident(name)
            files.append({"file": name, "valid": True, "id": incident.id, "steps": len(incident.steps)})
        except FileError as error:
            problems.extend(error.problems)
            files.append({"file": name, "valid": False, "problems": error.problems})

    def show() -> None:
        for row in files:
            if row["valid"]:
                sys.stdout.write(f"{row['file']}: valid ({row['id']}, {row['steps']} steps)\n")
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
