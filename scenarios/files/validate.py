"""From a document to an incident: the model's shape and the checks across fields, all problems at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from scenarios.files.checks import check_incident
from scenarios.files.document import Document
from scenarios.files.errors import FileError, Problem, closest
from scenarios.files.findings import Finding, shown
from scenarios.files.models import Closure, Incident, Outcome
from scenarios.files.positions import ABSENT, Path, child, to_pointer

_WORDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def validate_incident(document: Document) -> Incident:
    """Return the incident, or raise with every problem and its place.

    Raises
    ------
    FileError
        Sorted by place in the file.
    """
    findings: list[Finding] = []
    incident: Incident | None = None
    try:
        incident = Incident.model_validate(document.data)
    except ValidationError as error:
        findings.extend(explain(document.data, error, _model_at))
    findings.extend(check_incident(document.data))
    if findings or incident is None:
        raise FileError(located(document, findings))
    incident._document = document
    return incident


def located(document: Document, findings: Sequence[Finding]) -> list[Problem]:
    """Return the findings with their places; of one place only the first."""
    seen: set[Path] = set()
    problems = []
    for found in findings:
        if found.path in seen and found.code != "missing-field":
            continue
        seen.add(found.path)
        place = document.locate(found.path, key=found.at_key)
        got = found.got
        problems.append(
            Problem(
                found.code,
                found.message,
                place.file,
                place.line,
                place.column,
                to_pointer(found.path),
                found.expected,
                got,
                found.suggestion,
            )
        )
    return problems


def _real_path(data: object, location: tuple[int | str, ...]) -> tuple[Path, object]:
    """Return the part of pydantic's location that stands in the file: union tags fall out."""
    path: list[int | str] = []
    tagged = False
    for part in location:
        # A tag may also be the name of a field: an entry of type feed has a field feed.
        if not tagged and isinstance(data, Mapping) and data.get("type") == part:
            tagged = True
            continue
        below = child(data, part)
        if below is not ABSENT:
            data, tagged = below, False
            path.append(part)
    return tuple(path), data


def _model_at(path: Path) -> type[BaseModel] | None:
    if not path:
        return Incident
    if path == ("closure",):
        return Closure
    if path[0] == "outcomes" and len(path) == 2:
        return Outcome
    return None


def explain(
    data: Mapping[str, object],
    error: ValidationError,
    model_at: Callable[[Path], type[BaseModel] | None] = lambda _: None,
) -> list[Finding]:
    """Return what pydantic found, in words and by path.

    Parameters
    ----------
    model_at
        Gives the model at a path, whose field names are suggested for a misspelt one.
    """
    found: list[Finding] = []
    for item in error.errors(include_url=False):
        kind, location = item["type"], item["loc"]
        context: dict[str, Any] = item.get("ctx", {})
        path, value = _real_path(data, location)
        if kind == "missing":
            name = str(location[-1])
            found.append(Finding("missing-field", (*path, name), f"the field {name!r} is missing", "a value"))
        elif kind == "extra_forbidden":
            model = model_at(path[:-1])
            known = list(model.model_fields) if model else []
            name = str(path[-1])
            found.append(
                Finding(
                    "unknown-field",
                    path,
                    f"there is no field {name!r} here",
                    "one of the known fields",
                    closest(name, known),
                    at_key=True,
                )
            )
        elif kind in {"union_tag_invalid", "literal_error"}:
            known = re.findall(r"'([^']*)'", str(context.get("expected_tags") or context.get("expected")))
            known = [word for word in known if word != "other"]
            tag = str(context.get("discriminator", ""))
            key = tag.strip("'") if tag.startswith("'") else "type"
            bad = value.get(key) if kind == "union_tag_invalid" and isinstance(value, Mapping) else value
            if kind == "union_tag_invalid":
                path = (*path, key)
            found.append(
                Finding(
                    "unknown-word",
                    path,
                    f"{bad!r} is not known here",
                    "one of " + ", ".join(known),
                    closest(bad, known),
                    got=str(bad),
                )
            )
        else:
            expected = context.get("expected") or _WORDS.get(kind)
            found.append(
                Finding(
                    kind.replace("_", "-"),
                    path,
                    item["msg"][0].lower() + item["msg"][1:],
                    str(expected) if expected else None,
                    context.get("suggestion"),
                    got=shown(value),
                )
            )
    return found
