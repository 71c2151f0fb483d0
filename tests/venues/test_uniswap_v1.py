"""Uniswap V1: the refusals and the first deposit, against the contract's text."""

from __future__ import annotations

import pytest

from protocol.errors import DivisionByZeroError, SlippageError, UnknownAssetError, ZeroAmountError
from protocol.venues.uniswap_v1 import UniswapV1Exchange

EXCHANGE = UniswapV1Exchange("T", 10**10, 10**6, total_supply=10**10)


def test_an_output_of_nothing_is_refused() -> None:
    assert EXCHANGE.quote("ETH", "T", 1) == 0
    with pytest.raises(ZeroAmountError):
        EXCHANGE.swap("ETH", "T", 1)


def test_the_first_deposit_mints_the_whole_balance() -> None:
    forced = UniswapV1Exchange("T", 7, 0)
    minted, tokens, after = forced.add_liquidity(10**9, 500)
    assert (minted, tokens, after.total_supply, after.ether_reserve) == (10**9 + 7, 500, 10**9 + 7, 10**9 + 7)
    with pytest.raises(SlippageError):
        forced.add_liquidity(10**9 - 1, 500)
    with pytest.raises(ZeroAmountError):
        forced.add_liquidity(10**9, 0)


def test_deposits_and_withdrawals_of_nothing_are_refused() -> None:
    thin = UniswapV1Exchange("T", 10**10, 10**6, total_supply=10**3)
    with pytest.raises(ZeroAmountError):
        thin.add_liquidity(10**6, 10**6)
    with pytest.raises(ZeroAmountError):
        EXCHANGE.remove_liquidity(9999)
    assert EXCHANGE.remove_liquidity(10_000)[:2] == (10_000, 1)
    with pytest.raises(DivisionByZeroError):
        UniswapV1Exchange("T", 0, 5, total_supply=5).add_liquidity(10, 10)


def test_a_gift_moves_the_price_at_once() -> None:
    assert EXCHANGE.donate({"T": 10**6}).quote("ETH", "T", 10**9) > EXCHANGE.quote("ETH", "T", 10**9)
    with pytest.raises(UnknownAssetError):
        EXCHANGE.donate({"U": 1})
