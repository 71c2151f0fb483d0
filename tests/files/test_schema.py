"""The published JSON Schema: current, sound, and of one mind with the loader as far as a schema can see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from incident_text import bundled_text, edited
from scenarios.files.document import parse_document
from scenarios.files.library import list_incidents
from scenarios.files.schema import SCHEMA_FILE, SCHEMA_ID, incident_schema, schema_text


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = incident_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_shipped_copy_is_current() -> None:
    shipped = (files("scenarios.files") / SCHEMA_FILE).read_text(encoding="utf-8")
    assert shipped == schema_text(), "run: python -m scenarios.files.schema"
    assert json.loads(shipped)["$id"] == SCHEMA_ID


def properties(schema: object) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            yield name, part
        for part in schema.values():
            yield from properties(part)


def test_every_property_is_described_and_no_tuple_is_fixed() -> None:
    found = list(properties(incident_schema()))
    assert len(found) > 100
    assert [name for name, part in found if len(str(part.get("description", ""))) < 5] == []
    assert "prefixItems" not in schema_text()


@pytest.mark.parametrize("name", list_incidents())
def test_bundled_incident_is_valid(validator: Draft202012Validator, name: str) -> None:
    document = parse_document(bundled_text(name).encode(), "a.yaml")
    assert [error.message for error in validator.iter_errors(document.data)] == []


def test_money_may_be_written_as_text(validator: Draft202012Validator) -> None:
    text = edited("LP, amount: 94349", 'LP, amount: "94349.000000000000000001"')
    assert validator.is_valid(parse_document(text.encode(), "a.yaml").data)


# mistake: (old text, new text, where the schema points)
SEEN = {
    "missing field": ("chain: ethereum\n", "", []),
    "extra field": ("protocol: Warp", "protocl: x\nprotocol: Warp", []),
    "extra field of an outcome": ("unit: LP,", "unit: LP, sorce: FS,", ["outcomes", 0]),
    "extra field of a step": ("asset: LP, amount", "asset: LP, amuont", ["steps", 3]),
    "negative amount": ("LP, amount: 94349", "LP, amount: -94349", ["steps", 3, "amount"]),
    "negative amount as text": ("LP, amount: 94349", 'LP, amount: "-94349"', ["steps", 3, "amount"]),
    "NaN as a word": ("LP, amount: 94349", "LP, amount: NaN", ["steps", 3, "amount"]),
    "negative reserve": ("DAI: 58010988", "DAI: -1", ["state_before", "uniswap_v2_dai_weth"]),
    "percent": ("fee: 0.003", "fee: 0.3%", ["state_before", "uniswap_v2_dai_weth"]),
    "fee above one": ("fee: 0.003", "fee: 3", ["state_before", "uniswap_v2_dai_weth"]),
    "unknown pool type": ("constant-product", "constant-prodct", ["state_before", "uniswap_v2_dai_weth"]),
    "unknown action": ("action: supply", "action: suply", ["steps", 3, "action"]),
    "unknown class": ("[lp-token-oracle", "[lp-token-oracel", ["mechanism_class", 0]),
    "negative tolerance": ("tolerance_abs: 1,", "tolerance_abs: -1,", ["outcomes", 0, "tolerance_abs"]),
    "no tolerance": ("tolerance_abs: 1,", "", ["outcomes", 0]),
    "two tolerances": ("tolerance_abs: 1,", "tolerance_rel: 0, tolerance_abs: 1,", ["outcomes", 0]),
    "step number zero": ("{n: 1,", "{n: 0,", ["steps", 0, "n"]),
    "decimals of an asset": ("assets: {DAI: 18", "assets: {DAI: 99", ["assets", "DAI"]),
    "graph without output": ("oracle:\n", "oracle:\n  nodes: {a: {type: x}}\n", ["oracle"]),
}


@pytest.mark.parametrize("name", sorted(SEEN))
def test_schema_rejects(validator: Draft202012Validator, name: str) -> None:
    old, new, where = SEEN[name]
    data = parse_document(edited(old, new).encode(), "a.yaml").data
    errors = list(validator.iter_errors(data))
    assert [list(error.absolute_path) for error in errors][:1] == [where]
