"""Protocol files that would mix money, or keep a figure as zero: one error with its place each."""

from __future__ import annotations

import pytest

from protocol_texts import changed
from scenarios.files.errors import FileError
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
