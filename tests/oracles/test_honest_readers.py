"""Readers that an attacker's trade, gift or fresh report does not reach, beside those that it does."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from oracles.node import Node, View, read
from oracles.sources.asset_source import AssetSource
from oracles.sources.constant import Constant
from oracles.sources.lp_fair import FairLpToken
from oracles.sources.pool import LpTokenByReserves
from oracles.sources.tellor import TellorCurrentValue, TellorFeed, TellorReports
from oracles.sources.vault_share import VaultSharePrice, VaultShareWithoutGifts
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import VaultShare

RESERVES = st.integers(10**18, 10**26)
SHARES_SOLD = st.integers(1, 10**4)
NOW = 1_700_000_000


def lp_nodes(pair: UniswapV2Pair) -> tuple[Node, Node]:
    """Return the naive and the fair node at the pair's own price before anybody trades."""
    prices = (Constant("A", pair.reserve1 * 10**18 // pair.reserve0), Constant("B", 10**18))
    return (
        LpTokenByReserves("p", ("A", "B"), (18, 18), parents=prices),
        FairLpToken("p", ("A", "B"), (18, 18), parents=prices),
    )


def price(node: Node, pair: UniswapV2Pair) -> Fraction:
    return read(node, View(NOW, venues={"p": pair})).price


@given(RESERVES, st.integers(1, 10**4), st.integers(1, 10**4), SHARES_SOLD)
def test_a_swap_moves_the_reserves_and_not_the_product(
    reserve: int, over: int, under: int, sold: int
) -> None:
    other = max(reserve * over // under, 10**15)
    pair = UniswapV2Pair("A", "B", reserve, other, total_supply=10**21)
    naive, fair = lp_nodes(pair)
    # At the pool's own price both say the same; a unit of rounding per price and root.
    before_naive, before_fair = price(naive, pair), price(fair, pair)
    assert abs(before_naive - before_fair) <= before_naive / 10**6
    _, after = pair.swap("A", "B", reserve * sold // 100)
    k_growth = Fraction(after.reserve0 * after.reserve1, pair.reserve0 * pair.reserve1)
    moved = price(fair, after) / before_fair
    assert abs(moved**2 - k_growth) < Fraction(1, 10**6)
    assert 1 - Fraction(1, 10**9) <= moved <= 1 + Fraction(16, 10**4)
    # x = 1 + sold/100 times the asset at the old price, 1/x of the other: (x + 1/x) / 2 of the value before.
    x = 1 + Fraction(sold, 100)
    assert price(naive, after) / before_naive >= (x + 1 / x) / 2 - Fraction(1, 10**3)


@given(st.integers(1, 10**24), st.integers(0, 10**26), st.integers(0, 10**6))
def test_a_gift_lifts_the_share_but_not_its_own_books(assets: int, gift: int, deposit: int) -> None:
    vault = VaultShare("a", "s", assets, 10**18, 0, 0)
    _, vault = vault.deposit(deposit) if deposit * 10**18 // assets else (0, vault)
    own, seen = VaultShareWithoutGifts("v", "gifts"), VaultSharePrice("v")
    before = read(own, View(NOW, vaults={"v": vault}))
    assert before.value == read(seen, View(NOW, vaults={"v": vault})).value
    view = View(NOW, vaults={"v": vault.donate(gift)}, memory={"gifts": gift})
    assert read(own, view).value == before.value
    assert read(seen, view).price >= before.price


def test_only_the_current_value_sees_a_report_of_this_second() -> None:
    reports = TellorReports().submit(NOW - 100, 10**17).submit(NOW, 5 * 10**27)
    view = View(NOW, memory={"m": reports})
    assert read(TellorCurrentValue("m"), view).value == 5 * 10**27
    assert read(TellorFeed("m", 0), view).value == 10**17
    assert not read(TellorFeed("m", 1200), view).ok
    disputed = View(NOW, memory={"m": reports.dispute(NOW)})
    assert read(TellorCurrentValue("m"), disputed).value == 10**17


def test_a_registry_hands_on_what_it_is_told_to() -> None:
    dollar, bitcoin = Constant("USDC/USD", 10**8, 8), Constant("BTC/USD", 68_554 * 10**8, 8)
    node = AssetSource("USDC", ("usdc", "btc"), "source", parents=(dollar, bitcoin))
    assert read(node, View(NOW, memory={"source": "usdc"})).price == 1
    assert read(node, View(NOW, memory={"source": "btc"})).price == 68_554
    assert not read(node, View(NOW, memory={"source": "eth"})).ok
    assert not read(node, View(NOW)).ok
