"""``backstop schema``: the JSON Schema of incident files."""

from __future__ import annotations

import sys
from argparse import Namespace

from scenarios.cli.answer import Answer
from scenarios.files.schema import incident_schema, schema_text


def run(arguments: Namespace) -> Answer:
    """Print the schema; under ``--json`` it is the envelope's data."""
    del arguments
    return Answer(incident_schema(), print_schema)


def print_schema() -> None:
    """Print the schema as a document of its own."""
    sys.stdout.write(schema_text())
