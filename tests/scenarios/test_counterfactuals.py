"""The same attacks against other readers: answers known by hand, and that each is computed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import sqrt
from pathlib import Path

import pytest

from scenarios.errors import StepError
from scenarios.files.library import list_incidents, load_incident
from scenarios.incidents.counterfactuals import replay_with_counterfactuals
from scenarios.incidents.mango import MangoReplayer
from scenarios.result import Counterfactual

FACTS = Path(__file__).parents[2] / "scenarios/incidents/facts"


def table(name: str) -> dict[str, Counterfactual]:
    return {row.name: row for row in replay_with_counterfactuals(load_incident(name)).counterfactuals}


def row(name: str, start: str) -> Counterfactual:
    (found,) = [one for one in table(name).values() if one.name.startswith(start)]
    return found


def changed(tmp_path: Path, name: str, old: str, new: str) -> str:
    text = (FACTS / f"{name}.yaml").read_text()
    assert text.count(old) == 1
    path = tmp_path / f"{name}.yaml"
    path.write_text(text.replace(old, new))
    return str(path)


NOT_ABOUT_A_READER = {
    "drift-2026-04-01",
    "dydx-yfi-2023-11-17",
    "hyperliquid-adl-2025-10-10",
    "hyperliquid-jelly-2025-03-26",
    "hyperliquid-popcat-2025-11-12",
    "maker-black-thursday-2020-03-12",
}
"""Incidents replayed as liquidation and who pays: no reader is modelled in them, so none is exchanged."""


@pytest.mark.parametrize("name", sorted(set(list_incidents()) - NOT_ABOUT_A_READER))
def test_every_incident_about_a_reader_has_a_table(name: str) -> None:
    replay = replay_with_counterfactuals(load_incident(name))
    first, *others = replay.counterfactuals
    assert first.name == "as deployed"
    assert first.verdict in {"pays", "not-known"}
    assert first.profit is not None or len(first.basis) > 20
    assert len(others) >= 2
    names = [one.name for one in replay.counterfactuals]
    assert len(names) == len(set(names))
    for one in others:
        assert (one.refused_at is None) == (one.reason == "")
        if one.refused_at is not None:
            assert one.profit is None
            assert one.refused_at in {step.n for step in replay.steps}
    # A table in which nothing helps, or in which every row is the same, would be a broken mechanism.
    assert any(one.refused_at is not None or one.multiple != first.multiple for one in others)


@pytest.mark.parametrize("name", list_incidents())
def test_the_same_table_every_time(name: str) -> None:
    assert table(name) == table(name)


def test_the_replay_beside_the_table_is_the_replay_alone() -> None:
    from scenarios.incidents.registry import replayer_of

    incident = load_incident("warp-2020-12-17")
    alone, beside = replayer_of(incident).run(), replay_with_counterfactuals(incident)
    assert alone.counterfactuals == ()
    assert alone.outcomes == beside.outcomes
    assert alone.transactions == beside.transactions


def test_an_attack_that_does_not_go_through_as_deployed_is_an_error(tmp_path: Path) -> None:
    path = changed(
        tmp_path, "warp-2020-12-17", "asset: DAI, amount: 3862646}", "asset: DAI, amount: 5000000}"
    )
    with pytest.raises(StepError, match="step 6"):
        table(path)


# YieldBlox: two of four samples poisoned


def test_a_lower_median_kills_yieldblox() -> None:
    rows = table("yieldblox-2026-02-22")
    deployed = rows["as deployed"]
    lower = rows["median of the four samples, lower"]
    assert deployed.profit is not None
    assert deployed.profit > 10_000_000
    assert lower.refused_at == 1
    assert lower.multiple is not None
    assert abs(lower.multiple - Decimal(105742642288368) / Decimal(105742379403813)) < Decimal("1e-12")
    # 12,881.7245870 USTRY at 1.0574264 is all that may be owed.
    assert f"{Decimal('12881.7245870') * Decimal('1.05742642288368'):,.2f}" in lower.reason


def test_the_even_rule_decides_what_half_of_the_samples_can_do() -> None:
    rows = table("yieldblox-2026-02-22")
    assert rows["median of the four samples, mean-down"].refused_at == 1
    assert rows["median of the four samples, upper"].profit == rows["as deployed"].profit
    assert rows["the sample of 300 s ago"].profit == rows["as deployed"].profit
    assert rows["the sample of 600 s ago"].refused_at == 1


# Inverse, April 2022


def test_a_true_window_kills_inverse_of_april() -> None:
    found = row("inverse-inv-2022-04-02", "the same average over a true window of 1800 s")
    before = Fraction(46, 432)
    inv = 432 - Fraction(300 * 997 * 432, 46 * 1000 + 300 * 997)
    after = Fraction(346) / inv
    by_hand = (1800 * before + 13 * after) / 1813 / before
    assert found.multiple is not None
    assert abs(float(found.multiple) - float(by_hand)) < 1e-9
    assert 1.39 < by_hand < 1.40
    assert found.refused_at == 5
    # 1,746.4 INV at that price, at a factor of one, against 1,588 WETH.
    assert f"{float(Fraction('1746.4') * by_hand * before):,.2f}" in found.reason


def test_a_loan_that_the_true_window_backs_goes_through(tmp_path: Path) -> None:
    for amount, refused in (("259", None), ("260", 5)):
        path = changed(tmp_path, "inverse-inv-2022-04-02", "WETH: 1588", f"WETH: {amount}")
        assert row(path, "the same average over a true window").refused_at == refused


# LP tokens


def test_the_fair_price_kills_warp() -> None:
    found = row("warp-2020-12-17", "2 sqrt(k p0 p1)")
    assert found.refused_at == 5
    # Liquidity added in proportion, then a swap that raises k by its fee alone.
    dai, weth, supply = 58010988.5, 90409.0124, 1887324.5
    share = 2900030 / dai
    dai, weth, minted = dai * (1 + share), weth * (1 + share), supply * share
    out = 341217 * 0.997 * dai / (weth + 341217 * 0.997)
    k = (weth + 341217) * (dai - out)
    limit = 2 / 3 * 94349 / (supply + minted) * 2 * sqrt(k * 585.68 * 1.0028)
    permitted = float(found.reason.rsplit(", ", 1)[1].split(" ")[0].replace(",", ""))
    assert abs(permitted / limit - 1) < 1e-5
    assert limit < 3917983


def test_what_warp_may_borrow_moves_with_the_fraction_of_the_file(tmp_path: Path) -> None:
    path = changed(tmp_path, "warp-2020-12-17", "2/3 of collateral value", "9/10 of collateral value")
    assert row(path, "2 sqrt(k p0 p1)").refused_at == 6


def test_the_fair_price_with_an_average_kills_cheese_bank() -> None:
    found = row("cheesebank-2020-11-06", "2 sqrt(k p0 p1)")
    assert found.refused_at == 7
    assert found.multiple is not None
    assert 1 < found.multiple < Decimal("1.01")


def test_the_invariant_kills_inverse_of_june() -> None:
    found = row("inverse-yvcrv-2022-06-16", "3 x virtual price")
    assert found.refused_at == 6
    assert found.multiple is not None
    assert 1 < found.multiple < Decimal("1.01")


@pytest.mark.parametrize("name", ["harvest-fusdc-2020-10-26", "harvest-fusdt-2020-10-26"])
def test_harvests_own_guard_was_too_wide(name: str) -> None:
    rows = table(name)
    assert rows["refused beyond 3 % of the answer 3600 s ago"].profit == rows["as deployed"].profit
    assert rows["refused beyond 1 % of the answer 3600 s ago"].refused_at == 2
    fair = rows["LP tokens at the pool's virtual price"]
    assert fair.verdict == "no-profit"
    assert fair.loss is not None
    assert 0 <= fair.loss < 1000


# Feeds


def test_a_breaker_or_an_age_limit_kills_venus_and_blizz() -> None:
    rows = table("venus-blizz-luna-2022-05-12")
    assert rows["as deployed"].profit == Decimal("0.107") / Decimal("0.01") - 1
    assert rows["refused once older than a heartbeat of 86400 s"].refused_at == 3
    assert rows["refused within 10 % of the lowest answer"].refused_at == 3
    assert rows["the same, 3600 s late"].profit == rows["as deployed"].profit
    assert rows["the market price"].profit == 0


def test_a_feed_that_can_follow_is_not_sold_to(tmp_path: Path) -> None:
    path = changed(tmp_path, "venus-blizz-luna-2022-05-12", "lower_bound_usd: 0.10", "lower_bound_usd: 0.01")
    deployed = row(path, "as deployed")
    assert deployed.profit == 0
    assert deployed.verdict == "no-profit"


def test_bonq_reads_a_report_of_its_own_second() -> None:
    rows = table("bonq-2023-02-01")
    assert rows["as deployed"].profit == 100_000_000
    assert rows["a report at least 0 s old"].refused_at == 2
    assert rows["a report at least 1200 s old"].refused_at == 2


def test_bonq_stakes_what_tellor_asks(tmp_path: Path) -> None:
    path = changed(
        tmp_path, "bonq-2023-02-01", "reporter_stake_required_trb: 10", "reporter_stake_required_trb: 11"
    )
    with pytest.raises(StepError, match="step 1"):
        table(path)


def test_ploutus_is_refused_by_every_check_of_a_stablecoin() -> None:
    first, *others = table("ploutus-2026-02").values()
    assert first.profit == Decimal("187.37") - Decimal("0.004")
    assert [one.refused_at for one in others] == [4] * len(others)


def test_kiloex_by_hand() -> None:
    rows = table("kiloex-2025-04-14")
    assert rows["as deployed"].profit == 99
    capped = rows["held within 10 % of the last honest post"].profit
    assert capped is not None
    assert abs(capped - Decimal("0.21")) < Decimal("1e-15")  # 1.1 x 1.1 - 1
    assert rows["refused beyond 10 % of a second source"].refused_at == 2
    assert rows["median of the post and two sources"].profit == 0


def test_moonwell_leaves_the_ordinary_bonus() -> None:
    found = row("moonwell-cbeth-2026-02-15", "ratio x ETH/USD")
    # Seized value per dollar repaid at 1.12, on 259.63 USD, taken at 1.12 x 1998.62 and worth 2209.26.
    repaid = Decimal("0.129906284941311087") * Decimal("1998.62")
    multiple = Decimal("242.681146382025215739") * Decimal("1.12") / repaid
    worth = repaid * multiple / (Decimal("1.12") * Decimal("1998.62")) * Decimal("2209.26")
    assert found.profit is not None
    assert abs(found.profit - (worth - repaid)) < Decimal("1e-9")
    assert 0 < found.profit < 20


def test_compound_overstated_every_debt_by_what_its_reader_took() -> None:
    rows = table("compound-dai-2020-11-26")
    assert rows["as deployed"].multiple == Decimal("1.3")
    assert rows["the anchor alone"].multiple == Decimal("1.04")  # (1 - 0.2) x 1.30
    assert rows["held at 1.05 USD"].multiple == Decimal("1.05")
    assert rows["the same with a band of 0.05"].refused_at == 2


def test_uwus_minority_moves_the_median_by_the_spread_of_the_rest() -> None:
    rows = table("uwu-2024-06-10")
    deployed = rows["as deployed"].multiple
    assert deployed is not None
    assert abs(deployed - Decimal("1.03") / Decimal("0.99")) < Decimal("1e-12")
    assert rows["the pools' moving averages (price_oracle) in place of get_p"].multiple == 1
    assert rows["median without the five pools"].multiple == 1


def test_denaria_pays_the_fee_where_the_price_stands_still() -> None:
    rows = table("denaria-2026-04")
    assert rows["as deployed"].profit == 165_647 - 30
    assert rows["the external price"].refused_at == 7
    assert rows["the external price"].reason == "needs 60,030 USDC, has 60,000 USDC"


# Gifts


def test_own_books_kill_cream_and_resupply() -> None:
    assert row("cream-yusd-2021-10-27", "price per share by the vault's own books").refused_at == 12
    rows = table("resupply-2025-06-26")
    assert rows["the vault's own books"].refused_at == 5
    assert rows["refused at a rate of zero"].refused_at == 5
    assert rows["the rate rounded up: never below 1 raw"].refused_at == 5


def test_own_books_keep_venus_within_the_cap() -> None:
    rows = table("venus-the-2026-03-15")
    own = rows["price per share by the market's own books"]
    assert own.multiple == 1
    assert own.loss == Decimal("12200000") * Decimal("0.263")
    assert rows["supply cap that counts gifts"].refused_at == 1
    deployed = rows["as deployed"].loss
    assert deployed is not None
    by_hand = (Decimal("12200000") + Decimal("36096716.105623166") + Decimal("4628903.900747323")) * Decimal(
        "0.263"
    )
    assert abs(deployed / by_hand - 1) < Decimal("1e-9")


# bZx: the check that was skipped


def test_the_skipped_check_helps_only_at_a_price_that_did_not_move() -> None:
    rows = table("bzx1-2020-02-15")
    assert rows["the pool's own price, check reached"].profit == rows["as deployed"].profit
    assert rows["the market price, check reached"].refused_at == 4


def test_the_smaller_of_two_moved_quotes_pays_more() -> None:
    rows = table("bzx2-2020-02-18")
    smaller, used = rows["the smaller of the two quotes"].profit, rows["as deployed"].profit
    assert smaller is not None
    assert used is not None
    assert smaller > used > 0
    assert rows["the market price"].refused_at == 7


# Mango


def test_a_position_limit_on_mango() -> None:
    rows = table("mango-2022-10-11")
    # Both deposits and the purchases, less A's own deposit, over what one MNGO lets out at the peak.
    size = (Decimal("4999998.95") + 397_500) / (Decimal("0.75") * Decimal("0.91") - Decimal("0.0382"))
    limit = f"{int(size):,} MNGO"
    assert rows[f"order beyond {limit} refused"].refused_at == 3
    cut = rows[f"order cut to {limit}"]
    assert cut.verdict == "no-profit"
    assert cut.profit is not None
    assert -1 < cut.profit <= 0


def test_twice_the_break_even_limit_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = MangoReplayer.break_even
    monkeypatch.setattr(MangoReplayer, "break_even", lambda self: 2 * limit(self))
    cut = row("mango-2022-10-11", "order cut to")
    assert cut.profit is not None
    # The second half of the limit is all profit: (0.75 x 0.91 - 0.0382) each.
    assert abs(cut.profit / Decimal("5397498.95") - 1) < Decimal("1e-6")


def test_mango_v4s_stable_price_had_three_minutes() -> None:
    found = row("mango-2022-10-11", "the lower of the oracle and Mango v4's stable price")
    # 321 slots of (22:29:27 - 22:23:40) / (154863886 - 154863297) s, in steps of 10 s at 0.03 % a second.
    seconds = 321 * Fraction(347, 589)
    assert found.multiple is not None
    assert 1 < float(found.multiple) <= 1.003 ** (float(seconds) // 10)
    assert found.refused_at == 7
