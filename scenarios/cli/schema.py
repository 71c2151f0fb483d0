"""``backstop schema``: the JSON Schema of incident, portfolio and protocol files."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.files.schema import as_text, incident_schema, portfolio_schema


def run(arguments: Namespace) -> Answer:
    """Print the schema as a document of its own; under ``--json`` it is the envelope's data."""
    if arguments.kind == "protocol":
        from scenarios.files.protocol_checks import protocol_schema

        schema = protocol_schema()
    else:
        schema = portfolio_schema() if arguments.kind == "portfolio" else incident_schema()

    def show() -> None:
        sys.stdout.write(as_text(schema))

    return Answer(schema, show)
