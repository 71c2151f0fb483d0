"""Every incident file of a folder that the environment names: BACKSTOP_INCIDENTS=folder pytest -m long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from incident_text import as_json, as_toml
from scenarios.files.document import parse_document
from scenarios.files.library import load_incident, read_incident
from scenarios.files.schema import incident_schema

FOLDER = os.environ.get("BACKSTOP_INCIDENTS", "")
PATHS = sorted(Path(FOLDER).glob("*.yaml")) if FOLDER else []


@pytest.mark.long
@pytest.mark.skipif(not FOLDER, reason="BACKSTOP_INCIDENTS names no folder")
def test_the_folder_holds_incidents() -> None:
    assert PATHS


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_incident_of_the_folder_loads(path: Path) -> None:
    incident = load_incident(path)
    assert incident.id == path.stem
    data = parse_document(path.read_bytes(), str(path)).data
    assert list(Draft202012Validator(incident_schema()).iter_errors(data)) == []
    for form, text in {"json": as_json(data), "toml": as_toml(data)}.items():
        assert read_incident(parse_document(text.encode(), f"a.{form}")) == incident
