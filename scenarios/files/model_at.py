"""Which model of a file's schema stands at a path: its field names are suggested for a misspelt one."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel

from scenarios.files.positions import ABSENT, Path, child

TAGS = ("type", "model")
"""Fields whose word tells the members of a union apart."""


def model_at(root: type[BaseModel], data: object, path: Path) -> type[BaseModel] | None:
    """Return the model of the mapping at ``path``, or None where there is none."""
    kind: object = root
    model = _chosen(kind, data)
    for part in path:
        if model is not None:
            field = model.model_fields.get(str(part))
            kind = None if field is None else field.annotation
        else:
            kind = _item(kind)
        data = child(data, part)
        model = _chosen(kind, data)
    return model


def _bare(kind: object) -> object:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _item(kind: object) -> object:
    """Return what a mapping or list holds."""
    for member in _members(kind):
        if get_origin(member) in {dict, list, tuple}:
            return get_args(member)[-1]
    return None


def _members(kind: object) -> tuple[object, ...]:
    kind = _bare(kind)
    if get_origin(kind) in {Union, UnionType}:
        return tuple(_bare(member) for member in get_args(kind))
    return (kind,)


def _chosen(kind: object, data: object) -> type[BaseModel] | None:
    models = [m for m in _members(kind) if isinstance(m, type) and issubclass(m, BaseModel)]
    if len(models) < 2 or data is ABSENT or not isinstance(data, Mapping):
        return models[0] if models else None
    for model in models:
        for tag in TAGS:
            field = model.model_fields.get(tag)
            if field is not None and data.get(tag, field.default) in get_args(field.annotation):
                return model
    return None
