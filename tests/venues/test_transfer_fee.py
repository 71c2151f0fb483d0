"""Tokens that charge their transfers: what arrives, what leaves, and how skim and sync bleed a pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InsufficientLiquidityError, InvariantError
from protocol.venues.transfer_fee import TaxedPair, TransferFee
from protocol.venues.uniswap_v2 import UniswapV2Pair, amount_out_down

# Wdoge, BSC block 17248706, as FlashSyn (ICSE 2024) prints it: amounts in 10**24 units, 10**18 here.
UNIT = 10**18
WDOGE = TaxedPair(UniswapV2Pair("WDOGE", "WBNB", 7_102_767 * UNIT, 78 * UNIT), TransferFee(1000, 400))
PAIR = UniswapV2Pair("A", "B", 10**9, 10**9)


@given(bps=st.integers(0, 10_000), held=st.integers(0, 10**24))
def test_what_can_be_sent_is_the_largest_that_is_covered(bps: int, held: int) -> None:
    fee = TransferFee(sender_bps=bps)
    amount = fee.sendable_down(held)
    assert fee.debited(amount) <= held < fee.debited(amount + 1)


def test_without_charges_it_is_the_pair_itself() -> None:
    taxed = TaxedPair(PAIR)
    trade, after = taxed.swap("A", "B", 12_345)
    assert (trade.amount_out, after.pair) == (
        PAIR.quote("A", "B", 12_345),
        PAIR.swap("A", "B", 12_345)[1],
    )


def test_the_pair_prices_what_arrived() -> None:
    taxed = TaxedPair(PAIR, fee0=TransferFee(receiver_bps=1000))
    trade, after = taxed.swap("A", "B", 10_000)
    assert trade.amount_out == amount_out_down(9000, 10**9, 10**9)
    assert after.pair.reserve0 == 10**9 + 9000
    assert trade.fee == 1000
    trade, after = taxed.swap("B", "A", 10_000)
    asked = amount_out_down(10_000, 10**9, 10**9)
    assert trade.amount_out == asked - asked // 10
    assert after.pair.reserve0 == 10**9 - asked


def test_a_charge_on_the_sender_breaks_the_product_at_the_routers_amount() -> None:
    taxed = TaxedPair(PAIR, fee0=TransferFee(sender_bps=400)).send_in({"B": 10**6})
    asked = amount_out_down(10**6, 10**9, 10**9)
    with pytest.raises(InvariantError):
        taxed.swap_out(asked, 0)
    taxed.swap_out(taxed.fee0.sendable_down(asked), 0)


def test_skim_then_sync_bleeds_the_pair_as_in_wdoge() -> None:
    """Buy nearly all, gift so much that handing the gift back costs the pair the rest, sync, sell dear.

    The printed reserves have two digits of WBNB, so the gift is sized from the model's own reserve here; the
    historical profit is 78 WBNB, all that the pair held (FlashSyn, table 3).
    """
    asked = WDOGE.fee0.sendable_down(amount_out_down(2900 * UNIT, 78 * UNIT, 7_102_767 * UNIT))
    bought, _, pair = WDOGE.send_in({"WBNB": 2900 * UNIT}).swap_out(asked, 0)
    assert pair.pair.reserve0 == 7_102_767 * UNIT - WDOGE.fee0.debited(asked)
    assert bought == asked * 9 // 10 + (asked * 9 % 10 > 0)
    too_much = pair.send_in({"WDOGE": pair.pair.reserve0 * 28})
    with pytest.raises(InsufficientLiquidityError):
        too_much.skim()  # a balance below zero is impossible: the transfer fails
    gift = pair.pair.reserve0 * 27
    pair = pair.send_in({"WDOGE": gift})
    back, _, pair = pair.skim()
    arrived = WDOGE.fee0.received(gift)
    lost = pair.pair.reserve0 - pair.pair.balance0
    assert lost == arrived * 4 // 100, "the pair paid the charge for handing the gift back"
    pair = pair.sync()
    left = WDOGE.fee0.sendable_down(bought + back - gift)
    trade, _ = pair.swap("WDOGE", "WBNB", left)
    assert 70 < (trade.amount_out - 2900 * UNIT) / UNIT < 78
