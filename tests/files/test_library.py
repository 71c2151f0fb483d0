"""The bundled incidents, and loading by id or path."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from incident_text import BASE, as_toml, bundled_text
from scenarios.files.document import parse_document
from scenarios.files.errors import FileError
from scenarios.files.library import list_incidents, load_incident
from scenarios.files.pools import ConstantProductPool, StableswapPool
from scenarios.files.vocabulary import ACTIONS, ASSET_FIELDS, EVERYWHERE, FIELDS

BUNDLED = (
    "bzx1-2020-02-15",
    "cheesebank-2020-11-06",
    "cream-yusd-2021-10-27",
    "inverse-inv-2022-04-02",
    "mango-2022-10-11",
    "resupply-2025-06-26",
    "warp-2020-12-17",
    "yieldblox-2026-02-22",
)


def test_the_bundled_incidents_are_listed() -> None:
    assert set(BUNDLED) <= set(list_incidents())
    assert list(list_incidents()) == sorted(list_incidents())


@pytest.mark.parametrize("name", list_incidents())
def test_bundled_incident_loads(name: str) -> None:
    incident = load_incident(name)
    assert incident.id == name
    assert incident.file == f"{name}.yaml"
    assert [step.n for step in incident.steps] == list(range(1, len(incident.steps) + 1))
    assert bool(incident.outcomes) != incident.outcomes_withheld
    assert incident.facts.text("id") == name
    first = bundled_text(name).splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../files/incident.schema.json"


def test_model_holds_exact_numbers_and_typed_pools() -> None:
    incident = load_incident("warp-2020-12-17")
    pool = incident.state_before["uniswap_v2_dai_weth"]
    assert isinstance(pool, ConstantProductPool)
    assert pool.fee == Decimal("0.003")
    assert pool.floor
    assert incident.state_before["cash"] == {"USDC": 3917983, "DAI": 3862646}
    assert incident.outcomes[0].tolerance_abs == 1
    assert incident.outcomes[0].tolerance_rel is None
    assert incident.steps[2].fields["amount"] == 341217
    changed: Any = incident
    with pytest.raises(ValidationError, match="frozen"):
        changed.title = "other"


def test_load_by_path_in_any_format(tmp_path: Path) -> None:
    yaml, toml = tmp_path / "a.yaml", tmp_path / "b.TOML"
    yaml.write_text(BASE, encoding="utf-8")
    toml.write_text(as_toml(parse_document(BASE.encode(), "a.yaml").data), encoding="utf-8")
    assert load_incident(yaml) == load_incident(str(toml)) == load_incident("warp-2020-12-17")
    assert load_incident(yaml).file == str(yaml)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("mango-2022-10-12", "mango-2022-10-11"),
        ("WARP-2020-12-17", "warp-2020-12-17"),
        ("zzz", None),
        ("", None),
    ],
)
def test_unknown_id(name: str, suggestion: str | None) -> None:
    with pytest.raises(FileError) as caught:
        load_incident(name)
    (problem,) = caught.value.problems
    assert (problem.code, problem.suggestion, problem.line) == ("unknown-incident", suggestion, None)
    assert caught.value.exit_code == 2


def test_id_cannot_leave_the_folder() -> None:
    with pytest.raises(FileError) as caught:
        load_incident("../../../etc/passwd")
    assert caught.value.problems[0].code == "format"


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys, scenarios.files.library as library; library.list_incidents();"
        "print(sorted({'pydantic', 'yaml', 'tomllib', 'numpy', 'networkx', 'web3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_word_of_the_vocabulary_has_a_meaning() -> None:
    for action, names in ACTIONS.items():
        for name in (*names, *EVERYWHERE):
            known = ASSET_FIELDS if "{asset}" in name else FIELDS
            assert name in known or action == "buy_yUSD", (action, name)
    used = {name for names in ACTIONS.values() for name in names} | set(EVERYWHERE)
    assert set(FIELDS) | set(ASSET_FIELDS) <= used


def test_stableswap_coin_may_have_a_value_instead_of_a_balance() -> None:
    pool = {"type": "stableswap", "coins": ["A", "B"], "A": 200, "fee": "0.0004", "A_x": 1}
    assert StableswapPool.model_validate(pool).fee == Decimal("0.0004")
