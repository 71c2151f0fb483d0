"""Protocol files that would mix money, or keep a figure as zero: one error with its place each."""

from __future__ import annotations

import pytest

from protocol_texts import changed
from scenarios.files.errors import FileError
from scenarios.files.margin_terms import TERMS
from scenarios.files.protocol_checks import list_protocols, load_protocol
from scenarios.simulation.names import OWN
from scenarios.simulation.run import run_path

MAKER = {"type": "market-maker", "market": "BTC-PERP", "most_position": 2, "funds": {"USDC": 3}}
TRADER = {"type": "perpetual-trader", "maker": "maker", "leverage": 2}
OWNERS = [name.split(":")[-1] for name in OWN]


@pytest.mark.parametrize("name", [*OWNERS, "outside", "others", "attacker", "protocol:ann"])
def test_nobody_shares_an_account_with_the_protocol_or_an_attacker(name: str) -> None:
    with pytest.raises(FileError, match=f"/agents/{name}: .*account of its own"):
        changed("perpetual-crash", agents={name: MAKER})
    with pytest.raises(FileError, match=f"/accounts/{name}: .*account of its own"):
        changed("perpetual-crash", agents={}, accounts={name: {"balances": {"USDC": 1}}})


def test_nobody_shares_an_account_with_a_venue() -> None:
    with pytest.raises(FileError, match="account of its own"):
        changed("governance-listing", agents={"COIN/USDC": {"type": "keeper"}})


def test_a_maker_makes_a_market() -> None:
    with pytest.raises(FileError, match="/agents/ann/maker: 'bob' is a perpetual-trader"):
        changed("perpetual-crash", agents={"maker": MAKER, "ann": TRADER | {"maker": "bob"}, "bob": TRADER})


def test_a_price_that_feeds_would_keep_as_zero_is_refused() -> None:
    with pytest.raises(FileError, match=r"/assets/BTC/price: .*zero with 18 decimals"):
        changed("perpetual-crash", assets__BTC__price="1e-19")


def test_a_price_that_falls_to_zero_on_the_way_is_quoted_by_nobody() -> None:
    file = changed("perpetual-crash", market={"script": {"BTC": ["1e-30"]}})
    assert not any(event.kind == "position opened" for event in run_path(file).events)


@pytest.mark.parametrize("depth", ["1e-9", "1e-20"])
def test_a_market_of_less_than_one_unit_is_refused(depth: str) -> None:
    with pytest.raises(FileError, match=r"/perpetuals/BTC-PERP/venue/depth: .*less than one unit"):
        changed("perpetual-crash", **{"perpetuals__BTC-PERP__venue": {"type": "virtual-amm", "depth": depth}})


def test_a_field_that_a_type_shares_its_name_with_is_not_blamed() -> None:
    node = {"type": "feed", "feed": "BTC/USD", "asset": "BTC", "longest_age": 60}
    with pytest.raises(FileError, match="/oracle/nodes/btc/longest_age: there is no field 'longest_age'"):
        changed("perpetual-crash", oracle__nodes__btc=node)


@pytest.mark.parametrize("name", list_protocols())
def test_shipped_files_stay_valid(name: str) -> None:
    assert load_protocol(name).title


@pytest.mark.parametrize(
    ("name", "place", "value", "message"),
    [
        ("perpetual-crash", "title", "", "/title: the title is empty"),
        ("perpetual-crash", "title", "  ", "/title: the title is empty"),
        ("perpetual-crash", "money", "", "/money: the money is empty"),
        (
            "perpetual-crash",
            "waterfall",
            ["insurance-fund", "socialise", "insurance-fund"],
            "/waterfall/2: 'insurance-fund' stands twice",
        ),
        (
            "governance-listing",
            "attacks__listing__borrow",
            ["USDC", "WETH", "USDC"],
            "/attacks/listing/borrow/2: 'USDC' stands twice",
        ),
        ("lending-crash", "outside", {"flash_liquidity": {"PEPE": 1}}, "there is no asset 'PEPE'"),
        ("lending-crash", "outside", {"most_per_step": {"PEPE": 1}}, "there is no asset 'PEPE'"),
        ("governance-listing", "backstop_vault", {"cash": 1}, None),
        ("governance-listing", "margin", {"settlement": "DAI"}, None),
    ],
)
def test_a_blank_a_repetition_or_a_name_of_nothing_is_refused(
    name: str, place: str, value: object, message: str | None
) -> None:
    if message is None:
        assert changed(name, **{place: value})
        return
    with pytest.raises(FileError, match=message) as caught:
        changed(name, **{place: value})
    assert len(caught.value.problems) == 1


def test_the_cash_of_a_vault_is_in_an_asset_of_the_file() -> None:
    with pytest.raises(FileError, match=r"/backstop_vault/cash: .*'DAI', which is no asset"):
        changed("governance-listing", backstop_vault={"cash": 1}, margin={"settlement": "DAI"})


PRESET_TERMS = [
    (preset, where, name)
    for preset, known in TERMS.items()
    for where in ("margin", "market", "listing")
    for name in getattr(known, where)
    if preset in ("mango-v4", "drift-v2", "dydx-v4", "synthetix-perps-v3")
]


@pytest.mark.parametrize(("preset", "where", "name"), PRESET_TERMS)
def test_no_term_of_a_margin_preset_is_below_zero(preset: str, where: str, name: str) -> None:
    def file(value: str) -> object:
        section = {"margin": "margin", "market": "perpetuals__BTC-PERP", "listing": "listings__USDC"}[where]
        margin = {"preset": preset, "settlement": "USDC"}
        if where == "margin":
            return changed("perpetual-crash", margin={**margin, "terms": {name: value}})
        return changed("perpetual-crash", margin=margin, **{f"{section}__terms": {name: value}})

    with pytest.raises(FileError, match=f"terms/{name}: a negative number"):
        file("-0.5")
    if name in ("lower_cap", "upper_cap"):
        assert file("-1")
    assert file("0.5")


@pytest.mark.parametrize("field", ["favours", "censors"])
def test_a_proposer_favours_and_leaves_out_agents_of_the_file(field: str) -> None:
    for agents, message in ((["nobody"], "there is no agent 'nobody'"), (["keeper"] * 2, "stands twice")):
        proposers = {"proposer": {field: agents}}
        with pytest.raises(FileError, match=message):
            changed("lending-crash", chain={"native": "WETH", "proposers": proposers})


def test_nobody_is_both_favoured_and_left_out() -> None:
    proposers = {"proposer": {"favours": ["keeper"], "censors": ["keeper"]}}
    with pytest.raises(FileError, match="'keeper' is left out too"):
        changed("lending-crash", chain={"native": "WETH", "proposers": proposers})
