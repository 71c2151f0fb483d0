"""Wrong incident files, one mistake each: the place, the pointer and the suggestion are exact."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from incident_text import BASE, as_json, as_toml, edited, place_of, problems_of
from scenarios.files.document import parse_document
from scenarios.files.library import read_incident

BASE_DATA = parse_document(BASE.encode(), "base.yaml").data
BASES = {"yaml": BASE, "toml": as_toml(BASE_DATA), "json": as_json(BASE_DATA)}
MISTAKES: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(
    Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    ("form", "name"), [(form, name) for form, table in MISTAKES.items() for name in table]
)
def test_mistake_is_found_with_its_place(form: str, name: str) -> None:
    mistake = MISTAKES[form][name]
    text = edited(mistake["old"], mistake["new"], BASES[form])
    (problem,) = problems_of(text, f"bad.{form}")
    suggestion = mistake.get("suggestion")
    assert (problem.code, problem.pointer, problem.suggestion) == (
        mistake["code"],
        mistake["pointer"],
        suggestion,
    )
    assert (problem.line, problem.column) == place_of(mistake["place"], text)
    assert str(problem).startswith(f"bad.{form}:{problem.line}:{problem.column}: ")
    assert str(problem).isprintable()
    if suggestion:
        assert str(problem).endswith(f"did you mean {suggestion}?")


def test_all_problems_are_reported_at_once_in_the_order_of_the_text() -> None:
    text = edited("replay_level: amm-exact", "replay_level: exact-amm")
    text = edited("asset: LP, amount: 94349", "asset: LPT, amount: -94349", text)
    text = edited("unit: LP,", "unit: LPP,", text)
    found = problems_of(text)
    assert [problem.pointer for problem in found] == [
        "/replay_level",
        "/steps/3/asset",
        "/steps/3/amount",
        "/outcomes/0/unit",
    ]
    assert [problem.line for problem in found] == sorted(problem.line or 0 for problem in found)


def test_message_reads_as_promised() -> None:
    (problem,) = problems_of(edited("asset: LP, amount", "asset: LP, amuont"), "folder/warp.yaml")
    assert str(problem) == (
        "folder/warp.yaml:32:56: /steps/3/amuont: the action 'supply' has no field 'amuont'; "
        "expected one of the action's fields; did you mean amount?"
    )


def test_cycle_in_an_oracle_graph_is_named() -> None:
    nodes = "{a: {type: median, parents: [b, spot]}, b: {type: twap, parents: [a]}, spot: {type: pool}}"
    text = edited("oracle:\n", f"oracle:\n  output: a\n  nodes: {nodes}\n")
    (problem,) = problems_of(text)
    assert (problem.code, problem.pointer) == ("cycle", "/oracle/nodes/a/parents")
    assert problem.message == "the oracle graph has a cycle: a -> b -> a"
    assert (problem.line, problem.column) == place_of("|[b, spot]", text)


@pytest.mark.parametrize(
    ("parents", "expected"),
    [("[a]", "a -> a"), ("[c]", "a -> c -> b -> a"), ("[]", None), ("[spot]", None)],
)
def test_cycles_of_any_length(parents: str, expected: str | None) -> None:
    nodes = (
        f"{{a: {{type: x, parents: {parents}}}, b: {{type: x, parents: [a]}}, "
        "c: {type: x, parents: [b, a, spot]}, spot: {type: pool}}"
    )
    text = edited("oracle:\n", f"oracle:\n  output: c\n  nodes: {nodes}\n")
    if expected is None:
        assert read_incident(parse_document(text.encode(), "good.yaml")).oracle
    else:
        (problem,) = problems_of(text)
        assert problem.message == f"the oracle graph has a cycle: {expected}"


def test_oracle_graph_with_unknown_nodes() -> None:
    text = edited(
        "oracle:\n",
        "oracle:\n  output: medain\n  nodes: {median: {type: x, parents: [spto]}, spot: {type: y}}\n",
    )
    found = problems_of(text)
    assert [(p.pointer, p.suggestion) for p in found] == [
        ("/oracle/output", "median"),
        ("/oracle/nodes/median/parents/0", "spot"),
    ]
