"""``backstop schema``: the JSON Schema of incident and protocol files."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import Any

from scenarios.cli.answer import Answer
from scenarios.files.schema import incident_schema, schema_text


def run(arguments: Namespace) -> Answer:
    """Print the schema; under ``--json`` it is the envelope's data."""
    if arguments.kind == "protocol":
        from scenarios.files.protocol_checks import protocol_schema

        found = protocol_schema()
        return Answer(found, lambda: print_document(found))
    return Answer(incident_schema(), print_schema)


def print_document(schema: dict[str, Any]) -> None:
    """Print a schema."""
    sys.stdout.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")


def print_schema() -> None:
    """Print the schema as a document of its own."""
    sys.stdout.write(schema_text())
