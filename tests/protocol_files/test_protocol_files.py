"""Protocol files: the shipped ones run, mistakes are found with their place, the schema agrees."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from protocol.errors import RuleError
from protocol_texts import changed, lending, read
from scenarios.files.document import parse_document
from scenarios.files.errors import FileError
from scenarios.files.margin_terms import LENDING_ONLY, MarginName
from scenarios.files.protocol_checks import (
    list_protocols,
    load_protocol,
    open_protocol,
    protocol_schema,
    read_protocol,
)
from scenarios.files.protocol_rules import PERPETUALS_ONLY, LiquidationName
from scenarios.simulation.liquidation_rules import POLICIES
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, run_path

EXAMPLES = (
    "black-thursday-keepers",
    "concentrated-twap",
    "donated-rate",
    "four-samples",
    "funding-squeeze",
    "governance-listing",
    "jelly",
    "lending-crash",
    "open-twap",
    "perpetual-crash",
    "stablecoin-depeg",
    "thin-perpetual",
)
POPULATIONS = ("whole-book",)
"""Judged as arrays by a stress test; ``tests/populations`` runs it."""


def test_every_example_is_listed_and_says_what_it_shows() -> None:
    assert list_protocols() == tuple(sorted(EXAMPLES + POPULATIONS))
    for name in EXAMPLES + POPULATIONS:
        assert len(load_protocol(name).about) > 100


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run_and_conserve(name: str) -> None:
    file = load_protocol(name)
    result = run_path(file)
    assert abs(sum(result.gains.values())) < 1
    assert all(len(line.values) == file.run.steps + 1 for line in result.series)
    assert run_path(file) == result, "the same seed gives the same run"
    if file.market.random():
        other = run_path(file, seed_of(file, 12345))
        assert other.series != result.series


@pytest.mark.parametrize("name", EXAMPLES + POPULATIONS)
def test_schema_accepts_examples(name: str) -> None:
    schema = protocol_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value if isinstance(value, str | int | bool) or value is None else float(str(value))

    validator = jsonschema.Draft202012Validator(schema)
    assert not list(validator.iter_errors(plain(open_protocol(name).data)))
    broken = dict(open_protocol(name).data) | {"listing": {}}
    assert list(validator.iter_errors(plain(broken)))


TEXT = """title: broken
assets:
  ETH: {decimals: 18, price: 2000}
  USDC: {decimals: 6, price: 1}
venues:
  pair: {type: constant-product, reserves: {ETH: 10, USDX: 20000}, fee: 0.0035}
oracle:
  nodes:
    spot: {type: spot-pool, venue: pear, base: ETH, quote: USDC}
    a: {type: latest, parents: [b]}
    b: {type: latest, parents: [a]}
  prices: {ETH: spott, USDC: a}
listings:
  ETH: {collateral_factor: 0.8, liquidation_threshold: 0.7}
  USDC: {cash: 100}
agents:
  arb: {type: arbitrageur, venue: pair, base: ETH, quote: USD, against: outsid, funds: {WETH: 1}}
attacks:
  flash: {type: flash-loan-manipulation, venue: pair, collateral: ETH, quote: USDC, borrow: [USDX], pump: 1,
    deposit: 1, search: {pumps: [1, 2]}}
"""


def test_every_problem_is_found_with_its_place() -> None:
    with pytest.raises(FileError) as caught:
        read_protocol(parse_document(TEXT.encode(), "broken.yaml"))
    found = {(problem.pointer, problem.line, problem.suggestion) for problem in caught.value.problems}
    assert found == {
        ("/venues/pair/reserves/USDX", 6, "USDC"),
        ("/venues/pair/fee", 6, None),
        ("/oracle/nodes/spot/venue", 9, "pair"),
        ("/oracle/nodes/a/parents", 10, None),
        ("/oracle/prices/ETH", 12, "spot"),
        ("/listings/ETH/liquidation_threshold", 14, None),
        ("/agents/arb/quote", 17, "USDC"),
        ("/agents/arb/against", 17, "outside"),
        ("/agents/arb/funds/WETH", 17, "ETH"),
        ("/attacks/flash/borrow/0", 19, "USDC"),
        ("/attacks/flash/search/pumps", 20, "pump"),
    }


@pytest.mark.parametrize(
    ("old", "new", "pointer", "suggestion"),
    [
        ("type: arbitrageur", "type: arbitrager", "/agents/arb/type", "arbitrageur"),
        ("against: outsid", "agianst: outside", "/agents/arb/agianst", "against"),
        ("type: latest, parents: [b]", "type: lattest, parents: [b]", "/oracle/nodes/a/type", "latest"),
        (
            "collateral_factor: 0.8",
            "colateral_factor: 0.8",
            "/listings/ETH/colateral_factor",
            "collateral_factor",
        ),
        ("listings:", "margin: {preset: aave-v2}\nlistings:", "/margin/preset", "aave-v3"),
        ("title: broken", "titel: broken", "/titel", "title"),
    ],
)
def test_misspelt_words_get_a_suggestion(old: str, new: str, pointer: str, suggestion: str) -> None:
    assert old in TEXT
    with pytest.raises(FileError) as caught:
        read_protocol(parse_document(TEXT.replace(old, new).encode(), "broken.yaml"))
    assert (pointer, suggestion) in {(p.pointer, p.suggestion) for p in caught.value.problems}


def test_a_lending_rule_takes_no_perpetuals() -> None:
    with pytest.raises(FileError, match="judges no perpetuals"):
        changed("thin-perpetual", margin={"preset": "aave-v3"})


@pytest.mark.parametrize("preset", [p for p in MarginName.__args__ if p not in LENDING_ONLY])  # type: ignore[attr-defined]
def test_perpetual_presets_judge_and_refuse(preset: str) -> None:
    file = changed("perpetual-crash", margin={"preset": preset, "settlement": "USDC"}, agents={}, market={})
    game = open_simulation(file, seed_of(file), 0)
    for name in ("long", "short"):
        game.world.wallet(name)
        game.world.fund(name, "USDC", 100_000 * 10**6)
        with game.transaction("deposit"):
            game.protocol.deposit(name, "USDC", 100_000 * 10**6)
    with game.transaction("small"):
        game.protocol.trade("long", "short", "BTC-PERP", 10**7, game.outside["BTC"], "long")
    judged = game.protocol.judge("long")
    assert judged.equity == 100_000 * 10**18
    assert 0 < judged.excess <= judged.equity
    with pytest.raises(RuleError), game.transaction("absurd"):
        game.protocol.trade("long", "short", "BTC-PERP", 100 * 10**8, game.outside["BTC"], "long")
    # A loss is a loss: one dollar against a position of 0.1 is ten cents, up to the rule's own rounding.
    game.publish("feed", "BTC/USD", game.outside["BTC"] - 1)
    after = game.protocol.judge("long")
    assert judged.equity - after.equity == pytest.approx(10**17, rel=1e-6)
    assert after.excess < judged.excess


@pytest.mark.parametrize("preset", LiquidationName.__args__)  # type: ignore[attr-defined]
def test_every_liquidation_design_runs(preset: str) -> None:
    assert preset in POLICIES
    if preset in PERPETUALS_ONLY:
        with pytest.raises(FileError, match="the file has none"):
            changed("lending-crash", liquidation={"preset": preset})
        vault = {"cash": 20_000_000}
        file = changed("perpetual-crash", liquidation={"preset": preset}, backstop_vault=vault)
    else:
        script = {"script": {"WETH": ["1", "0.8", "0.7"]}}
        run = {"steps": 8, "step_seconds": 600, "seed": 3}
        file = changed("lending-crash", liquidation={"preset": preset}, market=script, run=run)
    result = run_path(file, keep_series=False)
    assert result.metrics.liquidations > 2
    assert abs(sum(result.gains.values())) < 1


def test_aave_and_plain_loan_to_value_agree_to_the_rounding() -> None:
    accounts = {"a": {"balances": {"ETH": 3, "USDC": -4000}}}
    answers = []
    for preset in LENDING_ONLY:
        file = read(lending(accounts=accounts, margin={"preset": preset}))
        answers.append(open_simulation(file, seed_of(file), 0).protocol.judge("a"))
    assert answers[0].excess == pytest.approx(answers[1].excess, abs=10**11)
    assert answers[0].excess == 800 * 10**18


def test_paths_of_other_directories_load(tmp_path: Path) -> None:
    text = Path(str(tmp_path / "mine.yaml"))
    text.write_text(TEXT.replace("pear", "pair"), encoding="utf-8")
    with pytest.raises(FileError):
        load_protocol(text)
