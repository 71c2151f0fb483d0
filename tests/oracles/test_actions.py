"""The state and action matrix, Drift's published table row by row."""

from __future__ import annotations

import pytest

from oracles.actions import ACTIONS, DRIFT, LIQUIDATE_WHEN_STALE, REVERTING, ActionTable, state_of
from oracles.reading import Reading, Reason, refuse
from oracles.sources.drift import GuardRails, OracleSample, validity
from protocol.errors import UnknownNameError

# is_oracle_valid_for_action: what goes ahead, one letter per state from NonPositive to Valid (x = blocked).
PUBLISHED = {
    "FillOrderAmm": "xxxxxx.",
    "UpdateFunding": "xxx....",
    "OracleOrderPrice": "xxxx...",
    "MarginCalc": "xxxx...",
    "TriggerOrder": "xx.....",
    "SettlePnl": "xxx....",
    "FillOrderMatch": "xxx....",
    "Liquidate": "xx.....",
    "UpdateTwap": "x......",
    "UpdateAMMCurve": "x......",
}


@pytest.mark.parametrize("action", sorted(PUBLISHED))
def test_drift_table(action: str) -> None:
    got = "".join("." if DRIFT.permits(state, action) else "x" for state in DRIFT.states)
    assert got == PUBLISHED[action]


def test_drift_actions_are_complete() -> None:
    assert set(DRIFT.actions) == set(PUBLISHED)


def test_a_drift_state_comes_from_its_own_rule() -> None:
    """A price three times the average is stale for margin, but may still be liquidated on."""
    state = validity(OracleSample(3_000_000, 0, 121), 1_000_000, GuardRails())
    assert state.name == "StaleForMargin"
    assert DRIFT.permits(state.name, "Liquidate")
    assert not DRIFT.permits(state.name, "MarginCalc")


def test_a_reverting_reader_blocks_liquidation_when_stale() -> None:
    stale = refuse("n", Reason.STALE, "old")
    assert state_of(Reading("n", 1)) == "ok"
    assert not REVERTING.permits(state_of(stale), "liquidate")
    assert LIQUIDATE_WHEN_STALE.permits(state_of(stale), "liquidate")
    for table in (REVERTING, LIQUIDATE_WHEN_STALE):
        assert table.actions_in("ok") == ACTIONS
        assert set(table.actions_in("stale")) >= {"deposit", "repay"}
        assert not table.permits(state_of(stale), "withdraw")
        assert not table.permits(Reason.DEVIATED.value, "liquidate")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError):
        DRIFT.permits("Sleepy", "Liquidate")
    with pytest.raises(UnknownNameError):
        DRIFT.permits("Valid", "Dance")
    with pytest.raises(UnknownNameError):
        ActionTable.of("t", ("a",), {"act": ("b",)})
