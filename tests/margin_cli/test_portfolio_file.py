"""The portfolio file: three formats, one meaning; every mistake with its place; holdings by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import jsonschema
import pytest
import yaml

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.fit import fit
from protocol.margin.judgement import MAINTENANCE, Check, Judgement
from protocol.margin.moves import moved
from protocol.margin.presets.registry import Kind, Preset, preset
from scenarios.files.document import parse_document
from scenarios.files.errors import FileError, Problem
from scenarios.files.portfolio import PortfolioFile
from scenarios.files.portfolio_checks import SHIPPED, list_examples, load_portfolio, read_portfolio
from scenarios.files.schema import portfolio_schema
from scenarios.margin import number
from scenarios.margin_build import Account, TradeOrder, build, traded
from scenarios.margin_rules import rules_of

SMALL = """
title: small
collateral: {USDC: {amount: 1000, cash: true}}
underlyings: {ETH: {index: 3000, mark: 3010, expiries: {e: {days: 30, volatility: 0.5}}}}
positions:
  - {type: perpetual, underlying: ETH, size: 2, entry: 2900, funding: -5}
"""


def judge(rule: Preset, account: Account, check: Check) -> Judgement[int]:
    return rule.rule.judge(EXACT, fit(rule, account.portfolio, account.kinds).portfolio, check)


def read(text: str) -> PortfolioFile:
    return read_portfolio(parse_document(text.encode(), "p.yaml"))


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FileError) as caught:
        read(text)
    return caught.value.problems


def swapped(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


@pytest.mark.parametrize("name", list_examples())
def test_examples_fit_the_schema(name: str) -> None:
    text = SHIPPED.read(name).decode()
    jsonschema.validate(yaml.safe_load(text), portfolio_schema())
    assert load_portfolio(name) == read(text)


def test_a_wrong_file_does_not_fit_the_schema() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"title": "x", "positions": [{"type": "swap"}]}, portfolio_schema())


def test_three_formats_are_one_portfolio() -> None:
    from_yaml = read(SMALL)
    plain = json.dumps(yaml.safe_load(SMALL)).encode()
    assert read_portfolio(parse_document(plain, "p.json")) == from_yaml
    toml = b"""
title = "small"
collateral = {USDC = {amount = 1000, cash = true}}
[underlyings.ETH]
index = 3000
mark = 3010
expiries = {e = {days = 30, volatility = 0.5}}
[[positions]]
type = "perpetual"
underlying = "ETH"
size = 2
entry = 2900
funding = -5
"""
    assert read_portfolio(parse_document(toml, "p.toml")) == from_yaml


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("underlying: ETH, size", "underlying: EHT, size", 6, "did you mean ETH?"),
        ("entry: 2900", "entyr: 2900", 6, "did you mean entry?"),
        ("type: perpetual", "type: perpetaul", 6, "did you mean perpetual?"),
        ("index: 3000", "index: -3000", 4, "more than zero"),
        ("amount: 1000", "amount: a lot", 3, "not a number"),
        ("cash: true", "price: 1, cash: true", 3, "its price stands elsewhere"),
        ("mark: 3010", "mrak: 3010", 4, "did you mean mark?"),
        ("volatility: 0.5", "volatlity: 0.5", 4, "did you mean volatility?"),
        ("mark: 3010", "bid: 3011, ask: 3009", 4, "the bid is above the ask"),
        ("USDC: {amount: 1000, cash: true}", "DOGE: {amount: 1}", 3, "has no price"),
        ("USDC: {amount: 1000, cash: true}", "DOGE: {amount: -1, price: 1}", 3, "that is owed"),
        ("title: small", "title: small\nrules: {r: {grid: spam}}", 3, "did you mean span?"),
        ("title: small", "title: small\nrules: {span: {grid: span}}", 3, "is a preset"),
        ("title: small", "title: small\ndirection: {ETC: 1}", 3, "did you mean ETH?"),
        ("title: small", "title: small\nrules: {r: {grid: span, ranges: {ETC: {}}}}", 3, "did you mean ETH?"),
        ("title: small", "title: small\nrules: {r: {grid: span, calendar: {cary: 1}}}", 3, "mean carry?"),
        (
            "title: small",
            "title: small\nrules: {r: {grid: span, credits: [{pair: ETH, rate: 1}]}}",
            3,
            "this is no pair",
        ),
        (
            "title: small",
            "title: small\nrules: {r: {grid: span, credits: [{pair: ETH/BTC, rate: 1}]}}",
            3,
            "no underlying 'BTC'",
        ),
        ("mark: 3010", "mark: 3010, open_interest: {long: 3, shirt: 2}", 4, "did you mean short?"),
        (
            "title: small",
            "title: small\nrules: {r: {grid: span, haircuts: {X: 0.1}}}",
            3,
            "no collateral token",
        ),
        (
            "title: small",
            "title: small\nrules: {r: {grid: span, correlations: {ETH: 1}}}",
            3,
            "this is no pair",
        ),
    ],
)
def test_mistakes_have_a_place(old: str, new: str, line: int, words: str) -> None:
    found = problems(swapped(old, new))
    assert any(problem.line == line and words in str(problem) for problem in found), found


def test_impossible_correlations_are_refused() -> None:
    text = """
title: t
underlyings: {A: {index: 1}, B: {index: 1}, C: {index: 1}}
rules: {r: {grid: span, correlations: {A/B: 0.9, B/C: 0.9, A/C: -0.9}}}
"""
    (found,) = problems(text)
    assert found.code == "correlation"
    assert read(text.replace("-0.9", "0.9")).rules["r"].correlations["A/C"] == Decimal("0.9")
    assert problems(text.replace("-0.9", "1.1"))[0].code == "correlation"


def test_a_perpetual_by_hand() -> None:
    portfolio = build(read(SMALL)).portfolio
    perp = portfolio.markets[0].perp
    assert perp is not None
    assert (perp.size, perp.price, perp.unsettled) == (2 * WAD, 3010 * WAD, 215 * WAD)
    assert (portfolio.cash, portfolio.markets[0].spot) == (1000 * WAD, 3000 * WAD)


@pytest.mark.parametrize(
    ("view", "long", "short"),
    [("index", 3000, 3000), ("mark", 3010, 3010), ("conservative", 2990, 3010), ("bid-ask", 3008, 3012),
     ("widened", 3003, 3017)],
)  # fmt: skip
def test_price_views_read_by_side(view: str, long: int, short: int) -> None:
    text = swapped("mark: 3010", "mark: 3010, slow: 2990, bid: 3008, ask: 3012, uncertainty: 7")
    text += f"price_view: {view}\n"
    for sized, price in ((text, long), (text.replace("size: 2", "size: -2"), short)):
        perp = build(read(sized)).portfolio.markets[0].perp
        assert perp is not None
        assert perp.price == price * WAD


def test_an_inverse_perpetual_is_worth_its_coin_at_every_price() -> None:
    """Contracts (1 / entry - 1 / price) coins at price: N price / entry - N dollars."""
    text = """
title: t
underlyings: {BTC: {index: 50000}}
positions: [{type: inverse-perpetual, underlying: BTC, contracts: 100000, entry: 40000}]
"""
    account = build(read(text))
    assert account.kinds == {Kind.INVERSE, Kind.BASE}
    for factor in (Decimal("0.5"), Decimal(1), Decimal("1.7")):
        price = 50_000 * factor
        there = moved(account.portfolio, {"BTC": int(factor * WAD)})
        equity = judge(preset("plain"), replace(account, portfolio=there), MAINTENANCE).equity
        assert float(number(equity)) == pytest.approx(float(100_000 * price / 40_000 - 100_000), abs=1e-6)


def test_a_future_moves_by_its_own_dollars() -> None:
    text = """
title: t
underlyings: {BTC: {index: 50000, expiries: {q: {days: 90, forward: 52000}}}}
positions: [{type: future, underlying: BTC, expiry: q, size: 3, entry: 51000}]
"""
    account = build(read(text))
    rule = preset("plain")
    before, after = (
        judge(rule, replace(account, portfolio=moved(account.portfolio, {"BTC": factor})), MAINTENANCE).equity
        for factor in (WAD, WAD * 11 // 10)
    )
    assert float(number(before)) == pytest.approx(3_000)
    assert float(number(after - before)) == pytest.approx(3 * 5_200)


def test_a_quanto_is_first_order() -> None:
    text = """
title: t
underlyings: {BTC: {index: 60000}, ETH: {index: 3000}}
positions: [{type: quanto, underlying: ETH, settlement: BTC, rate: 0.00001, size: 100, entry: 2900}]
"""
    account = build(read(text))
    base = {market.underlying: market.base for market in account.portfolio.markets}
    assert base["BTC"] == WAD // 10  # 100 * 100 * 0.00001
    perp = next(m.perp for m in account.portfolio.markets if m.underlying == "ETH")
    assert perp is not None
    assert perp.size == 60 * WAD  # 100 * 0.00001 * 60,000


def test_options_of_one_strike_are_one_row_and_follow_the_surface() -> None:
    text = SMALL + "  - {type: call, underlying: ETH, expiry: e, strike: 3000, size: 2}\n" * 2
    (row,) = build(read(text)).portfolio.markets[0].expiries[0].options
    assert (row.amount, row.volatility, row.call) == (4 * WAD, WAD // 2, True)
    flat = text.replace("volatility: 0.5", "svi: {a: 0.02, b: 0, rho: 0, m: 0, sigma: 0.1}")
    (row,) = build(read(flat)).portfolio.markets[0].expiries[0].options
    assert row.volatility / 1e18 == pytest.approx((0.02 / (30 / 365)) ** 0.5)


def test_a_trade_at_mark_is_worth_nothing_at_first() -> None:
    text = SMALL + "  - {name: c, type: call, underlying: ETH, expiry: e, strike: 3000, size: 2}\n"
    model = read(text)
    rule = preset("plain")
    equity = judge(rule, build(model), MAINTENANCE).equity
    for order in (TradeOrder("ETH", Decimal(3)), TradeOrder("c", Decimal(-5))):
        then = judge(rule, build(*traded(model, [order])), MAINTENANCE).equity
        assert abs(then - equity) < 10
    paid = judge(rule, build(*traded(model, [TradeOrder("c", Decimal(1), Decimal(10_000))])), MAINTENANCE)
    assert paid.equity < equity - 9_000 * WAD


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{}", "a rule of no method"),
        ("{grid: span, quadratic: {volatilities: {ETH: 1}}}", "a rule of grid and quadratic"),
        ("{statistics: {confidence: 0.99}}", "needs past moves or volatilities"),
        ("{statistics: {confidence: 1, volatilities: {ETH: 1}}}", "no confidence"),
        ("{statistics: {confidence: 0.9, moves: {ETH: [0.1], BTC: [0.1, 0.2]}}}", "different lengths"),
        ("{quadratic: {volatilities: {ETH: 1}}, ranges: {ETH: {spot: 2}}}", "ranges belongs to a grid"),
        ("{grid: span, dynamic: {ETC: {volatility: 1, reference: 1, stressed: 2}}}", "did you mean ETH?"),
        ("{okx_portfolio: {volatility_up: 0.3}}", "volatility_down"),
        ("{unified: {markets: {ETH: {initial: [], maintenance: []}}}}", "initial"),
        ("{grid: span, credit: {treshold: 1}}", "did you mean threshold?"),
    ],
)
def test_rules_of_one_s_own_are_checked(rule: str, words: str) -> None:
    found = problems(SMALL + f"rules: {{r: {rule}}}\n")
    assert any(words in str(problem) for problem in found), found
    assert all(problem.line == 7 for problem in found)


def test_volatility_that_doubles_is_followed_by_less() -> None:
    """1.25 of the model in calm times, no more than the stressed multiple, never below the floor."""
    for volatility, multiple in ((0.5, 1.25), (0.7, 1.6), (0.9, 1.8), (0.2, 1.0)):
        terms = f"{{volatility: {volatility}, reference: 0.5, stressed: 1.6}}"
        model = read(SMALL + f"rules: {{r: {{grid: plain, dynamic: {{ETH: {terms}}}}}}}\n")
        (rule,) = rules_of(model, ["r"])
        plain, followed = (
            judge(one, build(model), MAINTENANCE).requirement for one in (preset("plain"), rule)
        )
        assert followed / plain == pytest.approx(multiple)


# What balances and contracts are worth beyond amount times price


def equity_of(text: str) -> float:
    return float(number(judge(preset("plain"), build(read(text)), MAINTENANCE).equity))


def test_a_vault_share_is_worth_what_it_stands_for() -> None:
    assert equity_of(swapped("{USDC:", "{sETH: {amount: 2, rate: 1.25, follows: ETH}, USDC:")) == (
        1_215 + 2 * 1.25 * 3_000
    )


def test_a_pool_share_is_worth_its_reserves_at_balance() -> None:
    """2 sqrt(x y p q) / supply: 100 ether and 300,000 dollars, however the pool stands."""
    lp = "{LP: {amount: 10, pool: {assets: [ETH, USDC], reserves: [%s], supply: 1000}}, USDC:"
    for reserves in ("100, 300000", "50, 600000", "200, 150000"):
        worth = equity_of(swapped("{USDC:", lp % reserves))
        assert worth == pytest.approx(1_215 + 10 * 600_000 / 1_000, rel=1e-12)


def test_a_debt_grows_with_its_index() -> None:
    assert equity_of(swapped("{USDC:", "{ETH: {amount: -1, growth: 1.02}, USDC:")) == 1_215 - 1.02 * 3_000


def test_funding_by_clamped_premium() -> None:
    """The mark stands a third of a per cent above: 0.01 % pulls by 0.05 % at most; three periods."""
    text = swapped("funding: -5", "premium: {periods: 3, interest: 0.0001, clamp: 0.0005, cap: 0.04}")
    rate = 10 / 3_000 - 0.0005
    assert equity_of(text) == pytest.approx(1_220 - 2 * 3_000 * rate * 3, rel=1e-12)
    capped = text.replace("cap: 0.04", "cap: 0.001")
    assert equity_of(capped) == pytest.approx(1_220 - 2 * 3_000 * 0.001 * 3, rel=1e-12)


def test_funding_by_the_velocity_of_the_skew() -> None:
    """Skew 100 of 1,000 at 9 a day: the rate rises by 0.9 a day; two days at the mean of 0.1 and 1.9."""
    text = swapped("mark: 3010", "mark: 3010, open_interest: {long: 300, short: 200}, skew_scale: 1000")
    text = text.replace("funding: -5", "velocity: {rate: 0.1, greatest: 9, days: 2}")
    assert equity_of(text) == pytest.approx(1_220 - 2 * 3_000 * (0.1 + 1.9) / 2 * 2, rel=1e-12)


def test_a_liquidity_premium_is_what_selling_loses() -> None:
    """Half a per mille of 6,020 dollars, and an impact of 2 / (2 * 100)."""
    text = swapped("mark: 3010", "mark: 3010, half_spread: 0.0005, depth: 100")
    assert equity_of(text) == pytest.approx(1_215 - 6_020 * (0.0005 + 0.01), rel=1e-12)
    assert equity_of(text.replace(", depth: 100", "")) == pytest.approx(1_215 - 6_020 * 0.0005, rel=1e-12)


def test_options_are_priced_on_the_averaged_settlement() -> None:
    """Fifteen of thirty minutes are averaged at 3,100: half of the forward no longer moves."""
    text = SMALL.replace(
        "days: 30, volatility: 0.5", "days: 0.010416666666666667, volatility: 0.5, average: 3100"
    )
    text += "  - {type: call, underlying: ETH, expiry: e, strike: 3000, size: 1}\n"
    (expiry,) = build(read(text)).portfolio.markets[0].expiries
    assert (expiry.forward_fixed, expiry.forward_variable) == (1_550 * WAD, 1_500 * WAD)
    plain = equity_of(text)
    assert plain - 1_215 == pytest.approx(50, abs=0.5)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("{amount: 1, rate: 1.2}", "follows, the underlying"),
        ("{amount: 1, rate: 1.2, price: 3, follows: ETH}", "a rate beside a price"),
        ("{amount: 1, pool: {assets: [ETH, UDSC], reserves: [1, 1], supply: 1}}", "did you mean USDC?"),
        ("{amount: 1, pool: {assets: [ETH, USDC], reserves: [1, 1], suply: 1}}", "did you mean supply?"),
    ],
)
def test_tokens_without_a_clear_price_are_refused(token: str, words: str) -> None:
    found = problems(swapped("{USDC:", f"{{T: {token}, USDC:"))
    assert any(words in str(problem) and problem.line == 3 for problem in found), found
