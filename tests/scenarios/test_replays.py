"""Every bundled incident, its outcomes beside the published figures of the file."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from protocol.errors import BackstopError, RuleError
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.errors import NoStepError, StepError, UnbackedError, UnusableFactsError
from scenarios.files.document import load_document
from scenarios.files.errors import FileError
from scenarios.files.library import list_incidents, load_incident
from scenarios.incidents.counterfactuals import replay_with_counterfactuals
from scenarios.incidents.registry import REPLAYERS, replayer_of
from scenarios.incidents.replayer import OracleRefusedError
from scenarios.result import Replay
from scenarios.world import World

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "scenarios/incidents/facts"

NOT_REPLAYED = {
    ("mango-2022-10-11", "mngo_price_after"),
    ("mango-2022-10-11", "returned_after_vote"),
    ("cream-yusd-2021-10-27", "protocol_loss"),
    ("inverse-inv-2022-04-02", "borrowed_total"),
    ("harvest-fusdc-2020-10-26", "total_loss_all_cycles_both_vaults"),
    ("valuedefi-2020-11-14", "attacker_profit_first_vector"),
    ("bonq-2023-02-01", "walbt_seized"),
    ("bonq-2023-02-01", "nominal_loss"),
    ("moonwell-cbeth-2026-02-15", "cbeth_seized_total"),
    ("moonwell-cbeth-2026-02-15", "bad_debt_total"),
    ("moonwell-cbeth-2026-02-15", "bad_debt_by_asset"),
    ("moonwell-cbeth-2026-02-15", "borrower_net_loss"),
    ("venus-blizz-luna-2022-05-12", "venus_shortfall"),
    ("venus-blizz-luna-2022-05-12", "blizz_loss"),
    ("compound-dai-2020-11-26", "liquidated"),
    ("compound-dai-2020-11-26", "dai_debt_liquidated"),
    ("compound-dai-2020-11-26", "largest_account_repaid"),
    ("compound-dai-2020-11-26", "largest_liquidator_gain"),
    ("kiloex-2025-04-14", "gain_of_one_trade_on_base"),
    ("kiloex-2025-04-14", "loss_total"),
    ("kiloex-2025-04-14", "recovered_share"),
    ("uwu-2024-06-10", "loss"),
    ("denaria-2026-04", "first_realised_gain"),
    ("denaria-2026-04", "second_withdrawal"),
    ("venus-the-2026-03-15", "price_peak"),
    ("venus-the-2026-03-15", "borrowed_gross"),
    ("venus-the-2026-03-15", "bad_debt"),
    ("venus-the-2026-03-15", "liquidation_transactions"),
    ("venus-the-2026-03-15", "liquidator_bots"),
    ("venus-the-2026-03-15", "attacker_result_on_chain"),
    ("drift-2026-04-01", "loss"),
    ("drift-2026-04-01", "first_transfer_jlp"),
    ("dydx-yfi-2023-11-17", "liquidated"),
    ("dydx-yfi-2023-11-17", "insurance_fund_paid"),
    ("dydx-yfi-2023-11-17", "insurance_fund_left"),
    ("hyperliquid-adl-2025-10-10", "adl_events"),
    ("hyperliquid-adl-2025-10-10", "adl_notional"),
    ("hyperliquid-adl-2025-10-10", "adl_realised_gain_of_deleveraged"),
    ("hyperliquid-adl-2025-10-10", "tickers"),
    ("hyperliquid-adl-2025-10-10", "share_of_adl_positions_in_profit"),
    ("hyperliquid-adl-2025-10-10", "median_leverage_of_deleveraged"),
    ("hyperliquid-adl-2025-10-10", "top_tickers_notional_musd"),
    ("hyperliquid-adl-2025-10-10", "binance_compensation"),
    ("hyperliquid-adl-2025-10-10", "market_wide_liquidations"),
    ("hyperliquid-jelly-2025-03-26", "compensation_price_for_longs"),
    ("hyperliquid-popcat-2025-11-12", "vault_loss"),
    ("hyperliquid-popcat-2025-11-12", "long_liquidations_all_users"),
    ("hyperliquid-popcat-2025-11-12", "price_low"),
    ("maker-black-thursday-2020-03-12", "eth_won_for_zero"),
    ("maker-black-thursday-2020-03-12", "value_of_zero_bid_collateral"),
    ("maker-black-thursday-2020-03-12", "protocol_deficit"),
    ("maker-black-thursday-2020-03-12", "mkr_minted"),
}
"""Figures that the facts do not pin; each row must say which fact is missing."""


def replay(name: str) -> Replay:
    return replayer_of(load_incident(name)).run()


@pytest.mark.parametrize("name", list_incidents())
def test_every_listed_outcome_is_within_its_tolerance_or_says_why_not(name: str) -> None:
    result = replay(name)
    incident = load_incident(name)
    names = [*(outcome.name for outcome in incident.outcomes), *incident.predict]
    assert list(dict.fromkeys(re.sub(r"\.[A-Za-z]\w*$", "", row.name) for row in result.outcomes)) == names
    for row in result.outcomes:
        if (name, re.sub(r"\.[A-Za-z]\w*$", "", row.name)) in NOT_REPLAYED:
            assert row.verdict == "not-replayed"
            assert len(row.reason) > 20
        else:
            assert row.verdict == ("within" if row.published is not None else "predicted"), row
            assert row.replayed is not None
            assert row.replayed.is_finite()


@pytest.mark.parametrize("name", list_incidents())
def test_a_verdict_is_computed_and_not_assumed(name: str, tmp_path: Path) -> None:
    """Shift each published figure beyond its tolerance: the row must fall outside."""
    data = dict(load_document(FACTS / f"{name}.yaml").data)
    outcomes = data.get("outcomes")
    if not isinstance(outcomes, list):
        return
    for outcome in outcomes:
        value = outcome["value"]
        parts = value if isinstance(value, dict) else {"": value}
        shifted = {part: float(figure) * 1.5 + 10 for part, figure in parts.items()}
        outcome["value"] = shifted if isinstance(value, dict) else shifted[""]
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(data, default=float))
    for row in replay(str(path)).outcomes:
        assert row.verdict in {"outside", "not-replayed"}, row


@pytest.mark.parametrize("name", list_incidents())
def test_the_same_bytes_every_time(name: str) -> None:
    assert replay(name) == replay(name)


@pytest.mark.parametrize("name", list_incidents())
def test_every_transaction_is_balanced(name: str) -> None:
    replayer = replayer_of(load_incident(name))
    result = replayer.run()
    replayer.world.state.ledger.assert_conserved("the end")
    assert result.transactions
    assert all(posting.amount > 0 for record in result.transactions for posting in record.postings)


def test_every_replayer_has_its_incident() -> None:
    assert set(REPLAYERS) == set(list_incidents())


def test_mango_least_price_by_hand() -> None:
    # 5 M deposited, 50 M out, 488,302,109 long from 0.0382 with asset weight 3/4:
    # (45 M + 488,302,109 * 0.0382) / (488,302,109 * 0.75) = 0.173808...
    least = {finding.name: finding.value for finding in replay("mango-2022-10-11").findings}
    by_hand = (Decimal(45_000_000) + 488302109 * Decimal("0.0382")) / (488302109 * Decimal("0.75"))
    value = Decimal(least["least oracle price that permits the withdrawal of step 7"])
    assert abs(value - by_hand) < Decimal("1e-9")


def test_mango_is_refused_below_the_least_price(tmp_path: Path) -> None:
    text = (FACTS / "mango-2022-10-11.yaml").read_text()
    path = tmp_path / "mango-2022-10-11.yaml"
    path.write_text(text.replace("spot_peak: 0.91", "spot_peak: 0.17"))
    with pytest.raises(StepError) as caught:
        replay(str(path))
    assert caught.value.details["step"] == 7
    assert caught.value.details["cause"] == "borrow-refused"
    assert f"{path}:" in caught.value.message


def test_a_position_limit_stops_mango_at_the_order(tmp_path: Path) -> None:
    text = (FACTS / "mango-2022-10-11.yaml").read_text()
    path = tmp_path / "mango-2022-10-11.yaml"
    path.write_text(text.replace("size: 515717245", "size: 530000000"))
    with pytest.raises(StepError) as caught:
        replay(str(path))
    assert caught.value.details["step"] == 3


def test_a_failed_step_undoes_its_whole_transaction(tmp_path: Path) -> None:
    text = (FACTS / "warp-2020-12-17.yaml").read_text()
    path = tmp_path / "warp-2020-12-17.yaml"
    path.write_text(
        text.replace(
            "{n: 6, actor: attacker, action: borrow, asset: DAI, amount: 3862646}",
            "{n: 6, actor: attacker, action: borrow, asset: DAI, amount: 5000000}",
        )
    )
    replayer = replayer_of(load_incident(str(path)))
    with pytest.raises(StepError, match="step 6"):
        replayer.run()
    ledger = replayer.world.state.ledger
    assert dict(ledger.balances("attacker")) == {}
    assert ledger.cash("Warp Finance", "USDC") == 3917983 * 10**6


def test_a_flash_loan_that_cannot_be_repaid_is_an_error(tmp_path: Path) -> None:
    text = (FACTS / "bzx1-2020-02-15.yaml").read_text()
    path = tmp_path / "bzx1-2020-02-15.yaml"
    path.write_text(text.replace("sell: WBTC, amount: 112}", "sell: WBTC, amount: 1}"))
    with pytest.raises(StepError, match="step 6"):
        replay(str(path))


def test_a_venue_that_believes_in_what_it_does_not_hold_is_caught() -> None:
    world = World({"A": 18, "B": 18})
    with world.transaction("before"):
        world.add_venue("pool", UniswapV2Pair("A", "B", 10**20, 10**20))
    with pytest.raises(UnbackedError), world.transaction("tampered"):
        world.state.values["pool"] = UniswapV2Pair("A", "B", 10**20 + 1, 10**20)
    assert world.pair("pool").reserve0 == 10**20


GENERIC = """
id: my-own-test
title: A user's own incident
date_utc: 2024-01-01
chain: ethereum
protocol: nobody
venues: [pool]
mechanism_class: [spot-amm-oracle]
replay_level: amm-exact
closure: {status: closes}
actors: {attacker: me}
assets: {DAI: 18, WETH: 18, LP: 18}
state_before:
  pool: {type: constant-product, DAI: 1000000, WETH: 1000, LP_supply: 30000, fee: 0.003}
steps:
  - {n: 1, actor: attacker, action: flash_loan, asset: WETH, amount: 10}
  - {n: 2, actor: attacker, action: swap, venue: pool, sell: WETH, amount: 10}
  - {n: 3, actor: attacker, action: swap, venue: pool, sell: DAI, amount: all from step 2}
outcomes:
  - {name: dai_from_step_2, value: 9871.580343970612988504,
     unit: DAI, tolerance_abs: 1.0e-18, source: derived}
references: {}
"""


def test_a_users_own_incident_runs_on_the_generic_actions(tmp_path: Path) -> None:
    path = tmp_path / "my-own-test.yaml"
    path.write_text(GENERIC)
    with pytest.raises(StepError, match="flash loan of WETH"):
        replay(str(path))
    path.write_text(
        GENERIC.replace(
            "  - {n: 3",
            "  - {n: 3, actor: attacker, action: swap, venue: pool, sell: DAI, amount: 0}\n  - {n: 4",
        )
    )
    with pytest.raises(StepError, match="amount in is zero"):
        replay(str(path))


def test_a_users_own_incident_with_own_money_closes(tmp_path: Path) -> None:
    path = tmp_path / "my-own-test.yaml"
    lines = [line for line in GENERIC.splitlines() if "flash_loan" not in line]
    text = "\n".join(lines).replace("steps:", "  attacker: {WETH: 10}\nsteps:")
    path.write_text(text)
    result = replay(str(path))
    # floor(10 * 0.997 * 1e6 / (1000 + 9.97)) in wei, by hand.
    wei = 10 * 997 * 10**36 * 10**6 // (1000 * 1000 * 10**18 + 10 * 997 * 10**18)
    (row,) = result.outcomes
    assert row.replayed == Decimal(wei).scaleb(-18)
    assert row.verdict == "within"
    assert [posting.amount for posting in result.transactions[0].postings] == [10**19, wei]


def changed(name: str, old: str, new: str, tmp_path: Path) -> Replay:
    text = (FACTS / f"{name}.yaml").read_text()
    assert old in text
    path = tmp_path / f"{name}.yaml"
    path.write_text(text.replace(old, new, 1))
    return replay(str(path))


@pytest.mark.parametrize("name", list_incidents())
def test_a_file_with_an_id_of_its_own_runs_under_the_rules_of_its_protocol(name: str, tmp_path: Path) -> None:
    path = tmp_path / "my-variant.yaml"
    path.write_text((FACTS / f"{name}.yaml").read_text().replace(f"id: {name}", "id: my-variant", 1))
    mine = replay(str(path))
    assert mine.id == "my-variant"
    assert mine.outcomes == replay(name).outcomes


def test_a_figure_for_which_the_file_lacks_the_facts_is_a_row_and_no_error(tmp_path: Path) -> None:
    lines = (FACTS / "hyperliquid-adl-2025-10-10.yaml").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(("  wave", "    - [", "parameters:")))
    path = tmp_path / "hyperliquid-adl-2025-10-10.yaml"
    path.write_text(text)
    rows = {row.name: row for row in replay(str(path)).outcomes}
    assert rows["wave_deficit_total"].replayed is None
    assert "not in the file" in rows["wave_deficit_total"].reason
    assert rows["seconds_from_first_liquidation_to_first_adl"].verdict == "within"


IMPOSSIBLE = {
    "an asset renamed where it is declared": ("dydx-yfi-2023-11-17", "YFI:", "YFIx:", "no asset 'YFI'"),
    "lists of different length": (
        "mango-2022-10-11",
        "trades_usdc_in: [",
        "trades_usdc_in: [1, ",
        "no result",
    ),
}


@pytest.mark.parametrize("case", sorted(IMPOSSIBLE))
def test_facts_that_do_not_fit_each_other_are_one_clear_error(case: str, tmp_path: Path) -> None:
    name, old, new, says = IMPOSSIBLE[case]
    with pytest.raises(BackstopError, match=re.escape(says)) as refused:
        changed(name, old, new, tmp_path)
    assert refused.value.exit_code == 2


@pytest.mark.long
@pytest.mark.parametrize("name", list_incidents())
def test_no_single_step_left_out_is_an_internal_error(name: str, tmp_path: Path) -> None:
    document = load_document(FACTS / f"{name}.yaml")
    steps = document.data["steps"]
    assert isinstance(steps, list)
    for index in range(len(steps)):
        data = dict(document.data) | {"steps": [*steps[:index], *steps[index + 1 :]]}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(data, default=str))
        # An outcome may be missing or out of tolerance; what may not happen is any other exception.
        with suppress(StepError, NoStepError, UnusableFactsError, RuleError, FileError, OracleRefusedError):
            replay_with_counterfactuals(load_incident(str(path)))
