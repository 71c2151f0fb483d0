"""The JSON Schemas of incident and portfolio files, for editors and other programs.

The schema says what it can of the rules; what needs a second look at the file (declared assets, known
actors, the order of steps, which fields an action has) is checked by `load_incident` only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from scenarios.files.models import Incident
from scenarios.files.quantities import NOT_NEGATIVE_SCHEMA, NOT_NEGATIVE_TEXT, NUMBER_SCHEMA
from scenarios.files.vocabulary import (
    ACTIONS,
    AMOUNT_PHRASES,
    ASSET_FIELDS,
    FIELDS,
    LOWER_CASE_SYMBOLS,
    OTHER_KINDS,
    Kind,
)

SCHEMA_ID = "urn:backstop:schema:incident:1"
"""Identifier of the schema; the number rises when a file that was valid no longer is."""
PORTFOLIO_SCHEMA_ID = "urn:backstop:schema:portfolio:1"
"""The same for portfolio files."""
SCHEMA_FILE = "incident.schema.json"
"""Name of the generated copy that the package ships for editors."""

_TEXT = {"type": "string"}
_SHARED: dict[str, dict[str, Any]] = {
    "Amount": {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": NOT_NEGATIVE_TEXT},
            {"type": "string", "pattern": f"^({'|'.join(AMOUNT_PHRASES)})"},
            {"type": "array", "items": NOT_NEGATIVE_SCHEMA, "minItems": 1},
        ]
    },
    "Amounts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Amount"}},
    "Count": {
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^[0-9]+$"},
            {"type": "array", "items": {"type": "integer", "minimum": 0}},
        ]
    },
}
_KINDS: dict[Kind, dict[str, Any]] = {
    "amount": {"$ref": "#/$defs/Amount"},
    "number": NUMBER_SCHEMA,
    "integer": {"$ref": "#/$defs/Count"},
    "text": _TEXT,
    "asset": _TEXT,
    "assets": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    "amounts": {"$ref": "#/$defs/Amounts"},
    "labelled": {"$ref": "#/$defs/Amounts"},
    "venue": _TEXT,
}
# What an asset's symbol looks like where only the schema looks: a capital or a digit sets it apart from the
# lower-case names of fields, so that a misspelled field is found.
_SYMBOL = f"([A-Za-z0-9_.]*[A-Z0-9][A-Za-z0-9_.]*|{'|'.join(LOWER_CASE_SYMBOLS)})"


def incident_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an incident file."""
    schema = Incident.model_json_schema(mode="validation")
    definitions = cast("dict[str, dict[str, Any]]", schema["$defs"])
    _complete_step(definitions["Step"])
    _complete_outcome(definitions["Outcome"])
    definitions["Oracle"]["dependentRequired"] = {"nodes": ["output"]}
    definitions.update(_SHARED)
    _drop_titles(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **{key: value for key, value in schema.items() if key != "$defs"},
        "title": "Backstop incident",
        "description": "The facts of one incident: state before, steps, oracle, and published outcomes.",
        "$defs": definitions,
    }


def portfolio_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a portfolio file."""
    from scenarios.files.portfolio import PortfolioFile  # noqa: PLC0415 - incidents do without

    schema = PortfolioFile.model_json_schema(mode="validation")
    _drop_titles(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": PORTFOLIO_SCHEMA_ID,
        **schema,
        "title": "Backstop portfolio",
        "description": "One account: collateral, prices by underlying, positions, rules of one's own.",
    }


def schema_text() -> str:
    """Return the incident schema as the text of the shipped file."""
    return as_text(incident_schema())


def as_text(schema: dict[str, Any]) -> str:
    """Return a schema as the text of a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _complete_step(step: dict[str, Any]) -> None:
    properties = cast("dict[str, dict[str, Any]]", step["properties"])
    properties["action"]["enum"] = list(ACTIONS)
    for name, (kind, meaning) in FIELDS.items():
        kinds: list[Kind] = [kind, *(other for (_, field), other in OTHER_KINDS.items() if field == name)]
        shapes = [_KINDS[one] for one in kinds]
        shape = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
        properties[name] = {**shape, "description": meaning}
    patterns = {
        f"^{_any_asset(template)}$": {**_KINDS[kind], "description": meaning}
        for template, (kind, meaning) in ASSET_FIELDS.items()
    }
    step["patternProperties"] = patterns
    step["additionalProperties"] = False


def _drop_titles(schema: object) -> None:
    """Remove the titles that pydantic makes of names; a field called ``title`` is a mapping and stays."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for part in schema.values():
            _drop_titles(part)
    elif isinstance(schema, list):
        for part in schema:
            _drop_titles(part)


def _any_asset(template: str) -> str:
    # Alone, a symbol must look like one; within a name any word will do.
    return _SYMBOL if template == "{asset}" else template.replace("{asset}", "[A-Za-z0-9]+")


def _complete_outcome(outcome: dict[str, Any]) -> None:
    outcome["oneOf"] = [{"required": ["tolerance_rel"]}, {"required": ["tolerance_abs"]}]


def write_schema() -> None:
    """Write the shipped copy again, after a change of the model."""
    Path(__file__).with_name(SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    write_schema()
