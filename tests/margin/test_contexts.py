"""One text of each rule in two planes: the array plane stays within 1e-6 dollars + 1e-9 of gross notional."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from margin_samples import sample
from protocol.fixed_point.context import EXACT
from protocol.fixed_point.float64 import FLOAT64
from protocol.margin.holdings import ExpiryHolding, MarketHolding, OptionHolding, PerpHolding, Portfolio
from protocol.margin.judgement import INITIAL, MAINTENANCE, Check, Judgement
from protocol.margin.presets.grids import GRIDS, correlated
from scenarios.verify.margin_derive import (
    collateral_terms,
    portfolio_rule,
    portfolio_rule_2,
    standard_rule,
)
from scenarios.verify.margin_lending import aave_account, comet_collateral
from scenarios.verify.margin_portfolios import single_market_portfolio, standard_portfolio
from scenarios.verify.margin_synthetix import read_account

WAD = 10**18
ABSOLUTE = 1e-6
RELATIVE = 1e-9


def gross(portfolio: Portfolio[int]) -> float:
    """Gross notional of a portfolio in dollars."""
    total = abs(portfolio.cash) * WAD
    for market in portfolio.markets:
        total += abs(market.base) * market.spot
        if market.perp is not None:
            total += abs(market.perp.size) * market.perp.price
        for expiry in market.expiries:
            total += sum(abs(o.amount) * max(expiry.forward, o.strike) for o in expiry.options)
    total += sum(token.amount * token.price for token in portfolio.tokens)
    return total / 1e36


def assert_near(exact: Judgement[int], array: Judgement[Any], size: float) -> None:
    band = ABSOLUTE + RELATIVE * size
    assert abs(exact.equity / 1e18 - float(array.equity)) <= band
    difference = abs(exact.excess / 1e18 - float(array.excess))
    assert difference <= band
    if abs(exact.excess / 1e18) > band:
        assert (exact.excess >= 0) == (float(array.excess) >= 0)


def cases(prefix: str) -> Iterator[tuple[Any, Any]]:
    document = sample(prefix)
    rules: dict[str, Callable[[Any], Any]] = {
        "derive_srm": standard_rule,
        "derive_pmrm": portfolio_rule,
        "derive_pmrm2": lambda p: portfolio_rule_2(p, collateral_terms(document["collateral_params"])),
    }
    built = [rules[prefix](parameters) for parameters in document["param_sets"]]
    read = standard_portfolio if prefix == "derive_srm" else single_market_portfolio
    for case in document["cases"]:
        yield built[case["ps"]], read(case)


@pytest.mark.parametrize("prefix", ["derive_srm", "derive_pmrm", "derive_pmrm2"])
def test_derive_rules(prefix: str) -> None:
    for rule, portfolio in cases(prefix):
        loaded, floats = FLOAT64.load(rule), FLOAT64.load(portfolio)
        for check in (INITIAL, MAINTENANCE):
            exact = rule.judge(EXACT, portfolio, check)
            array = loaded.judge(FLOAT64, floats, check)
            assert_near(exact, array, gross(portfolio))
            for ours, theirs in zip(exact.scenarios, array.scenarios, strict=True):
                assert abs(ours / 1e18 - float(theirs)) <= ABSOLUTE + RELATIVE * gross(portfolio)


def test_synthetix_rule() -> None:
    for case in sample("synthetix_perps")["cases"]:
        account = read_account(case)
        floats = FLOAT64.load(account)
        for check in (INITIAL, MAINTENANCE):
            exact, array = account.judge(EXACT, check), floats.judge(FLOAT64, check)
            figures = account.figures(EXACT)
            # Requirements grow with the square of size, so they may exceed the notional by far.
            size = (figures.open_interest + figures.collateral + figures.initial + abs(figures.gain)) / 1e18
            assert_near(exact, array, size)


def test_aave_rule() -> None:
    for case in sample("aave_v3")["cases"]:
        account = aave_account(case)
        exact, array = account.data(EXACT), FLOAT64.load(account).data(FLOAT64)
        # The contract rounds each balance to a unit of its token, which is dear where there are few decimals.
        units = sum(r.price / r.unit for r in account.reserves if r.collateral or r.debt) / 1e8
        band = ABSOLUTE + units + RELATIVE * (exact.collateral + exact.debt) / 1e8
        assert abs(exact.collateral / 1e8 - float(array.collateral)) <= band
        assert abs(exact.debt / 1e8 - float(array.debt)) <= band
        if min(exact.collateral, exact.debt) / 1e8 > 10**4 * units:
            # Averages are ten-thousandths, rounded down.
            assert -1e-4 <= float(array.threshold) - exact.threshold / 1e4 < 2e-4
            assert abs(exact.health / 1e18 - float(array.health)) <= 1e-3 * max(float(array.health), 1)


def test_compound_rule() -> None:
    from protocol.margin.presets.compound_iii import CometAccount, present_value

    document = sample("compound_iii")
    for case in document["cases"]:
        parameters = document["param_sets"][case["ps"]]
        held = tuple(
            comet_collateral(case, parameters, document["token_decimals"], asset, amount)
            for asset, amount in sorted(case["col"])
        )
        balance = present_value(case["p"], case["si"], case["bi"])
        account = CometAccount(balance, parameters["base_dec"], case["bp"], held)
        for check in (INITIAL, MAINTENANCE):
            exact = account.judge(EXACT, check)
            array = FLOAT64.load(account).judge(FLOAT64, check)
            size = sum(c.value_down(EXACT) for c in held) / 1e8
            if abs(exact.excess) / 1e8 > ABSOLUTE + RELATIVE * size:
                assert abs(exact.excess / 1e8 - float(array.excess)) <= 1e-6 + RELATIVE * size


def portfolio(seed: int, scale: int = 1) -> Portfolio[int]:
    """A portfolio of one structure: three underlyings, a perpetual and two expiries each."""
    random = np.random.default_rng(seed)

    def wad(low: float, high: float) -> int:
        return round(random.uniform(low, high) * 1e9) * 10**9

    markets = []
    for name in ("BTC", "ETH", "SOL"):
        spot = wad(50, 5_000)
        expiries = []
        for days in (10, 60):
            options = tuple(
                OptionHolding(spot * percent // 100, wad(0.3, 1.2), scale * wad(-5, 5), call)
                for percent, call in ((90, False), (100, True), (110, True))
            )
            forward = spot * 1001 // 1000
            expiries.append(ExpiryHolding(days * 86_400, 0, forward, 0, WAD, WAD, WAD, options))
        perp = PerpHolding(scale * wad(-4, 4), spot, WAD, scale * wad(-50, 50))
        markets.append(MarketHolding(name, spot, WAD, perp, scale * wad(0, 3), tuple(expiries)))
    return Portfolio(scale * wad(-5_000, 50_000), WAD, tuple(markets))


CORRELATIONS = {("BTC", "ETH"): "0.8", ("BTC", "SOL"): "0.7", ("ETH", "SOL"): "0.75"}


@pytest.mark.parametrize("name", sorted(GRIDS))
@pytest.mark.parametrize("netted", [False, True])
def test_grid_rules(name: str, netted: bool) -> None:
    rule = correlated(GRIDS[name], CORRELATIONS, "0.2") if netted else GRIDS[name]
    loaded = FLOAT64.load(rule)
    for seed in range(6):
        held = portfolio(seed)
        for check in (INITIAL, MAINTENANCE):
            exact = rule.judge(EXACT, held, check)
            array = loaded.judge(FLOAT64, FLOAT64.load(held), check)
            assert_near(exact, array, gross(held))
            assert exact.worst == int(array.worst) or rule.scenarios[exact.worst].weight != WAD


def test_a_batch_is_the_portfolios_one_by_one() -> None:
    rule = FLOAT64.load(correlated(GRIDS["paradex"], CORRELATIONS, "0.2"))
    held = [portfolio(seed) for seed in range(20)]
    batch = rule.judge(FLOAT64, FLOAT64.load(*held), INITIAL)
    singles = [rule.judge(FLOAT64, FLOAT64.load(one), INITIAL) for one in held]
    assert batch.excess.shape == (20,)
    np.testing.assert_allclose(batch.excess, [float(one.excess) for one in singles], rtol=1e-13)
    assert batch.worst.tolist() == [int(one.worst) for one in singles]


def test_a_batch_needs_one_structure() -> None:
    one, other = portfolio(1), portfolio(2)
    shorter = Portfolio(other.cash, other.stable_price, other.markets[:2])
    with pytest.raises(TypeError, match="different lengths"):
        FLOAT64.load(one, shorter)


@pytest.mark.parametrize("prefix", ["derive_srm", "derive_pmrm", "derive_pmrm2"])
def test_judging_twice_changes_nothing(prefix: str) -> None:
    """Arrays are not changed in place: the second answer equals the first, and so do the inputs."""
    rule, held = next(iter(cases(prefix)))
    loaded, floats = FLOAT64.load(rule), FLOAT64.load(held)
    answers: Sequence[float] = [float(loaded.judge(FLOAT64, floats, INITIAL).excess) for _ in range(2)]
    assert answers[0] == answers[1]
    assert float(FLOAT64.zero) == 0.0
    assert float(FLOAT64.unit) == 1.0
    with pytest.raises(ValueError, match="read-only"):
        floats.cash[...] = 1.0


def test_checks_name_their_scenarios() -> None:
    rule, held = next(iter(cases("derive_pmrm2")))
    trusted = rule.judge(EXACT, held, Check(MAINTENANCE.level, scenarios="basis"))
    assert len(trusted.scenarios) == 3
    assert trusted.excess >= rule.judge(EXACT, held, MAINTENANCE).excess
