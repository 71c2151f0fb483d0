"""Derive by hand, and what a bid moves on the ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preset_world import E6, PERP, USD, WATERFALL, held, long, market, setup
from protocol.fixed_point import WAD
from protocol.ledger import Account, Kind, Ledger
from protocol.liquidation.presets import catalogue
from protocol.liquidation.presets.derive import Bid
from protocol.liquidation.stages import Stage


def test_derive_sells_the_share_that_restores_the_buffer() -> None:
    """Equity 400 and release -770 at 1950: at 95 % of value a share f leaves 400 (1 - .05 f), 1170 (1-f)."""
    machine = setup(catalogue.derive(WATERFALL), USD=900 * E6)
    long(machine, 10, 2000)
    machine.step("p:a", "p:keeper", market(1950), 0)
    share = 1 - float(held(machine, "p:a", PERP)) / 10
    assert 400 * (1 - 0.05 * share) == pytest.approx(1170 * (1 - share), rel=1e-6)


def test_an_insolvent_account_pays_its_taker_from_the_fund() -> None:
    """Equity -100 at 1900: who takes it at the end of the insolvent phase is paid the shortfall, 1,050."""
    machine = setup(catalogue.derive(WATERFALL), USD=900 * E6)
    machine.book.post("world", "p:fund", USD, 400 * E6)
    long(machine, 10, 2000)
    machine.flag("p:a", market(1900), 0)
    step = machine.step("p:a", "p:keeper", market(1900), 3600)
    assert [(p.payer, p.amount) for p in step.payments] == [
        ("p:fund", 400 * E6),
        ("p:deficit", 650 * E6),
    ]
    assert step.stages[-1] is Stage.CLOSED
    assert held(machine, "p:keeper", USD) == 10**9 + 900 + 1050


holdings = st.dictionaries(
    st.sampled_from(["ETH", "PERP", "OPTION", "cash"]), st.integers(-(10**30), 10**30), min_size=1
)


@given(holdings, st.integers(1, WAD), st.integers(0, 10**24), st.integers(0, 10**24), st.integers(0, 10**24))
def test_a_bid_on_an_account_moves_the_share_of_everything_and_conserves(
    balances: dict[str, int], share: int, paid: int, received: int, reserved: int
) -> None:
    book = Ledger()
    for name in ("account", "bidder", "module", "lenders", "world"):
        book.open(Account(name, Kind.ISSUER))
    for asset, units in balances.items():
        giver, taker = ("world", "account") if units > 0 else ("account", "world")
        book.post(giver, taker, asset, abs(units))
    bid = Bid(share, paid, received, received // 3, reserved)
    for p in bid.postings(balances, "cash", "account", "bidder", "module", "lenders"):
        book.post(p.source, p.target, p.asset, p.amount, p.memo)
    book.assert_conserved("bid")
    for asset, units in balances.items():
        if asset != "cash":
            taken = book.balance("bidder", asset)
            assert abs(taken * WAD - units * share) < WAD
            assert abs(taken) * WAD <= abs(units) * share
    assert book.balance("module", "cash") == -(received - received // 3)
    assert book.balance("lenders", "cash") == -(received // 3)
