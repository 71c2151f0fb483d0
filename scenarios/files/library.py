"""The bundled incidents, and loading any incident file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.files.errors import FileError, Problem, closest
from scenarios.files.shipped import Shipped

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.files.document import Document
    from scenarios.files.models import Incident

_ENDINGS = (".yaml", ".yml", ".json", ".toml")
_SHIPPED = Shipped("incidents/facts")


def list_incidents() -> tuple[str, ...]:
    """Return the ids of the bundled incidents in alphabetical order."""
    return _SHIPPED.names()


def load_incident(id_or_path: str | Path) -> Incident:
    """Load a bundled incident by its id, or any incident file by its path.

    Parameters
    ----------
    id_or_path
        An id of `list_incidents`, or a path (anything with a folder separator or a known ending).

    Raises
    ------
    FileError
        No such incident or file, or the file is wrong; every problem is listed.
    """
    from scenarios.files.document import load_document  # noqa: PLC0415 -- keeps start-up light

    name = str(id_or_path)
    if not isinstance(id_or_path, str) or name.lower().endswith(_ENDINGS) or "/" in name or "\\" in name:
        return read_incident(load_document(id_or_path))
    if name not in list_incidents():
        raise FileError([_unknown(name)])
    return read_incident(_SHIPPED.document(name))


def protocol_of(incident_id: str) -> str:
    """Return the ``protocol`` of a bundled incident, without reading the rest of the file."""
    from scenarios.files.document import parse_document  # noqa: PLC0415 -- keeps start-up light

    lines = _SHIPPED.read(incident_id).decode().splitlines()
    line = next(line for line in lines if line.startswith("protocol:"))
    return str(parse_document(line.encode(), f"{incident_id}.yaml").data["protocol"])


def read_incident(document: Document) -> Incident:
    """Return the incident that a document holds.

    Raises
    ------
    FileError
        The document is not a valid incident; every problem is listed.
    """
    from scenarios.files.validate import validate_incident  # noqa: PLC0415 -- keeps start-up light

    return validate_incident(document)


def _unknown(name: str) -> Problem:
    known = list_incidents()
    return Problem(
        "unknown-incident",
        "there is no bundled incident of this name",
        name,
        expected="a path to a file, or one of " + ", ".join(known),
        suggestion=closest(name, known),
    )


def read_source(id_or_path: str | Path) -> tuple[str, bytes]:
    """Return the file name and the bytes of an incident that `load_incident` would read."""
    name = str(id_or_path)
    if name in list_incidents():
        return f"{name}.yaml", _SHIPPED.read(name)
    from pathlib import Path  # noqa: PLC0415 -- keeps start-up light

    return Path(name).name, Path(name).read_bytes()
