"""How replays read an incident."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from incident_text import BASE, edited, place_of
from scenarios.files.document import parse_document
from scenarios.files.errors import FileError, MissingFactError
from scenarios.files.facts import Facts
from scenarios.files.library import load_incident


@pytest.fixture(scope="module")
def warp() -> Facts:
    return Facts(parse_document(BASE.encode(), "warp.yaml"))


def test_values_by_path(warp: Facts) -> None:
    assert warp.decimal("state_before", "uniswap_v2_dai_weth", "fee") == Decimal("0.003")
    assert warp.integer("block") == 11473330
    assert warp.text("protocol") == "Warp Finance"
    assert warp.text("venues", 0) == "Uniswap V2 DAI/WETH"
    assert warp.flag("state_before", "uniswap_v2_dai_weth", "floor")
    assert not warp.flag("outcomes_withheld")
    assert warp.mapping("assets") == {"DAI": 18, "WETH": 18, "LP": 18, "USDC": 6}
    assert warp.items("state_before", "cash") == (("USDC", Decimal(3917983)), ("DAI", Decimal(3862646)))
    assert warp.sequence("mechanism_class") == ("lp-token-oracle", "spot-amm-oracle")
    assert warp.has("oracle", "rule")
    assert not warp.has("oracle", "rules")
    assert warp.at("oracle").decimal("eth_price_usd") == Decimal("585.68")


def test_steps_are_found_by_number(warp: Facts) -> None:
    assert warp.step(5).text("asset") == "USDC"
    assert warp.step(5).units("USDC", "amount") == 3917983 * 10**6
    assert warp.step(3).at().integer("n") == 3


def test_units_are_exact_and_follow_the_declared_decimals() -> None:
    inverse = load_incident("inverse-inv-2022-04-02").facts
    assert inverse.units("INV", "outcomes", 0, "value") == 374385477084842174221
    stellar = load_incident("yieldblox-2026-02-22").facts
    assert stellar.step(1).units("USDC", "amount") == 10001967040837
    assert stellar.integer("state_before", "token_scale") == 10**7
    assert stellar.integer("oracle", "samples_14_decimals_raw", "1771719300") == 10673728301028137
    assert inverse.integer("oracle", "manipulated_observation", "price0_cumulative_stored") == (
        6476591327926140254201750
    )
    mango = load_incident("mango-2022-10-11").facts
    assert mango.integers("slots", "short_orders") == (154863408, 154863494, 154863524)
    assert sum(mango.step(4).decimals("sizes")) == mango.step(4).decimal("total")


def test_printed_whole_tokens_start_from_the_middle() -> None:
    cheese = load_incident("cheesebank-2020-11-06").facts
    pool = ("state_before", "uniswap_v2_cheese_weth")
    assert cheese.pool_units("CHEESE", *pool, "CHEESE") == 291933 * 10**18 + 5 * 10**17
    assert cheese.pool_units("WETH", *pool, "WETH") == 8585 * 10**16  # fitted: no half is added
    assert cheese.at(*pool).pool_units("LP", "LP_supply") == 4880 * 10**18 + 5 * 10**17
    bzx = load_incident("bzx1-2020-02-15").facts  # not rounded down
    assert bzx.pool_units("WBTC", "state_before", "uniswap_v1_eth_wbtc", "WBTC") == 7708500000


@dataclass(frozen=True)
class Ask:
    """A question that the file does not answer, and the answer's place, kind and suggestion."""

    method: str
    path: tuple[str | int, ...]
    place: str
    expected: str
    suggestion: str | None = None
    step: int | None = None


ASKS = [
    Ask("decimal", ("oracle", "eth_price_usdd"), "oracle:\n  |type: LP", "a number", "eth_price_usd"),
    Ask("text", ("nothing", "deeper"), "|id: warp", "text"),
    Ask("integer", ("parameters", "eth_price_usd_market"), "market: |641.65", "a whole number"),
    Ask("decimal", ("parameters", "borrow_fraction"), '|"2/3 of', "a number"),
    Ask("decimal", ("WETH",), "WETH: |in proportion", "a number", step=2),
    Ask("decimal", ("amuont",), "- |{n: 3", "a number", "amount", step=3),
    Ask("mapping", ("block",), "|11473330", "a mapping"),
    Ask("sequence", ("block",), "|11473330", "a list"),
    Ask("flag", ("block",), "|11473330", "true or false"),
    Ask("at", ("block",), "|11473330", "a mapping or a list"),
    Ask("integer", ("assets", "WET"), "assets: |{DAI", "a whole number", "WETH"),
    Ask("value", ("venues", 7), "venues: |[", "a value"),
]


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: f"{ask.method} {ask.path[-1]}")
def test_missing_fact_names_its_place(warp: Facts, ask: Ask) -> None:
    facts = warp if ask.step is None else warp.step(ask.step)
    with pytest.raises(MissingFactError) as caught:
        getattr(facts, ask.method)(*ask.path)
    (problem,) = caught.value.problems
    root = "" if ask.step is None else f"/steps/{ask.step - 1}"
    assert problem.pointer == root + "".join(f"/{part}" for part in ask.path)
    assert (problem.expected, problem.suggestion) == (ask.expected, ask.suggestion)
    assert (problem.file, (problem.line, problem.column)) == ("warp.yaml", place_of(ask.place, BASE))
    assert isinstance(caught.value, FileError)
    assert (caught.value.exit_code, caught.value.code) == (2, "missing-fact")


def test_missing_step_and_undeclared_asset(warp: Facts) -> None:
    with pytest.raises(MissingFactError, match=r"warp.yaml:29:3: /steps: .* expected a step with n: 9"):
        warp.step(9)
    with pytest.raises(MissingFactError, match=r"warp.yaml:16:9: /assets/WBTC: .* expected a whole number"):
        warp.units("WBTC", "block")


def test_amount_with_more_decimals_than_its_asset() -> None:
    text = edited("eth_price_usd_market: 641.65", "eth_price_usd_market: 641.6512345")
    facts = Facts(parse_document(text.encode(), "a.yaml"))
    with pytest.raises(MissingFactError) as caught:
        facts.units("USDC", "parameters", "eth_price_usd_market")
    assert caught.value.problems[0].expected == "at most 6 decimals of USDC"
