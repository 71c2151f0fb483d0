"""From the ledger to a judgement: one account under several rules side by side."""

from __future__ import annotations

import pytest

from protocol.errors import MissingPriceError
from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.ledger import Account, Kind, Ledger, quote_of
from protocol.margin.arrange import (
    ExpiryState,
    ListedOption,
    ListedPerpetual,
    ListedToken,
    MarginState,
    UnderlyingState,
    arrange,
)
from protocol.margin.holdings import PerpHolding
from protocol.margin.judgement import INITIAL, MAINTENANCE
from protocol.margin.presets.registry import PRESETS
from protocol.margin.presets.registry import Kind as Instrument
from protocol.pricing.volatility_surface import SviSlice

NOW = 1_750_000_000
EXPIRY = NOW + 30 * 86_400
SPOT = 3_000 * WAD

LISTINGS = {
    "USDC": ListedToken(6, cash=True),
    "ETH": ListedToken(18, underlying="ETH"),
    "WBTC": ListedToken(8),
    "ETH-PERP": ListedPerpetual("ETH", 18, 6),
    "ETH-C-3300": ListedOption("ETH", 3_300 * WAD, True, EXPIRY, 18),
}


def state(**changes: object) -> MarginState:
    # A flat surface of 60 %: total variance 0.36 * 30 / 365 whatever the strike.
    years = 30 * WAD // 365
    surface = SviSlice(36 * years // 100, 0, 0, 0, WAD // 10, SPOT, years)
    underlying = UnderlyingState(SPOT, perp_price=SPOT, expiries={EXPIRY: ExpiryState(SPOT, surface)})
    fields: dict[str, object] = {
        "time": NOW,
        "stable_price": WAD,
        "underlyings": {"ETH": underlying},
        "tokens": {"WBTC": (60_000 * WAD, WAD)},
    }
    return MarginState(**(fields | changes))  # type: ignore[arg-type]


def ledger() -> Ledger:
    book = Ledger()
    for name in ("desk:alice", "desk:bob"):
        book.open(Account(name, Kind.MARGIN, "desk"))
    book.open(Account("world", Kind.ISSUER))
    for instrument in ("ETH-PERP", "ETH-C-3300"):
        book.list_instrument(instrument)
    book.post("world", "desk:alice", "USDC", 50_000 * 10**6)
    book.post("world", "desk:alice", "ETH", 5 * 10**18)
    # Alice sells a call to Bob for 40 dollars and two perpetuals at 3,100.
    book.post("desk:alice", "desk:bob", "ETH-C-3300", 10**18)
    book.post("world", "desk:bob", "USDC", 40 * 10**6)
    book.post("desk:bob", "desk:alice", "USDC", 40 * 10**6)
    book.post("desk:alice", "desk:bob", "ETH-PERP", 2 * 10**18)
    book.post("desk:bob", "desk:alice", quote_of("ETH-PERP"), 6_200 * 10**6)
    return book


def test_holdings_join_balances_with_the_state() -> None:
    held = arrange(ledger().balances("desk:alice"), LISTINGS, state())
    assert held.cash == 50_040 * WAD
    (market,) = held.markets
    assert (market.underlying, market.spot, market.base) == ("ETH", SPOT, 5 * WAD)
    assert market.perp == PerpHolding(-2 * WAD, SPOT, WAD, 200 * WAD)
    (expiry,) = market.expiries
    assert expiry.seconds == 30 * 86_400
    assert expiry.forward == SPOT
    (option,) = expiry.options
    assert (option.amount, option.strike, option.call) == (-WAD, 3_300 * WAD, True)
    assert option.volatility / 1e18 == pytest.approx(0.6)


def test_one_account_under_every_rule() -> None:
    held = arrange(ledger().balances("desk:alice"), LISTINGS, state())
    for preset in PRESETS:
        if not preset.holds >= {Instrument.PERPETUAL, Instrument.OPTION}:
            continue
        initial = preset.rule.judge(EXACT, held, INITIAL)
        maintenance = preset.rule.judge(EXACT, held, MAINTENANCE)
        assert 0 < initial.excess <= maintenance.excess, preset.name
        assert initial.equity == maintenance.equity


def test_settlement_average_fixes_part_of_the_forward() -> None:
    late = state(time=EXPIRY - 900)
    (market,) = arrange(ledger().balances("desk:bob"), LISTINGS, late).markets
    assert market.expiries[0].forward_variable == SPOT // 2
    assert market.expiries[0].seconds == 900
    (expired,) = arrange(ledger().balances("desk:bob"), LISTINGS, state(time=EXPIRY + 1)).markets
    assert expired.expiries[0].seconds == 0


def test_a_token_without_a_price_is_refused() -> None:
    assert arrange({"WBTC": 10**8}, LISTINGS, state()).tokens[0].amount == WAD
    with pytest.raises(MissingPriceError, match="WBTC"):
        arrange({"WBTC": 10**8}, LISTINGS, state(tokens={}))
    with pytest.raises(MissingPriceError, match="ETH"):
        arrange({"ETH-PERP": 1}, LISTINGS, state(underlyings={}))
