"""GMX: what a deleveraging may do. Drift: how much may be freed by now, and who bears a bankruptcy."""

from __future__ import annotations

import pytest

from preset_world import E6, E18
from protocol.errors import DeleveragingError, DivisionByZeroError
from protocol.liquidation.presets.drift import Ramp, deposit_index_delta_for_loss, funding_deltas_for_loss
from protocol.liquidation.presets.gmx import PRECISION, AdlSwitch, largest_size, profit_ratio_down


def test_gmx_bounds_of_an_execution() -> None:
    percent = PRECISION // 100
    switch = AdlSwitch(85 * percent, 77 * percent)
    with pytest.raises(DeleveragingError, match="AdlNotEnabled"):
        switch.require_execution(90 * percent, 80 * percent, 1, 1, 0)
    switch = switch.update(90 * percent, 100)
    switch.require_execution(90 * percent, 77 * percent, 1, 1, 100)
    for before, after, size, now, name in (
        (85, 80, 1, 100, "AdlNotRequired"),
        (90, 80, 2, 100, "InvalidSizeDeltaForAdl"),
        (90, 90, 1, 100, "InvalidAdl"),
        (90, 76, 1, 100, "PnlOvercorrected"),
        (90, 80, 1, 99, "OracleTimestamps"),
    ):
        with pytest.raises(DeleveragingError, match=name):
            switch.require_execution(before * percent, after * percent, size, 1, now)
    assert not switch.update(85 * percent, 200).on
    with pytest.raises(DeleveragingError):
        switch.update(0, 99)


def test_gmx_largest_size_is_the_last_that_does_not_overcorrect() -> None:
    """Profit 90 of a pool of 100: closing x of profit leaves (90 - x)/(100 - x) = 0.77, x = 56.5217."""
    percent = PRECISION // 100
    switch = AdlSwitch(85 * percent, 77 * percent)
    size = largest_size(90 * E18, 60 * E18, 60 * E18, 100 * E18, switch)
    assert size / E18 == pytest.approx(13 / 0.23, abs=1e-9)
    assert largest_size(90 * E18, 10 * E18, 10 * E18, 100 * E18, switch) == 10 * E18
    assert largest_size(90, 10, -1, 100, switch) == 0
    assert profit_ratio_down(-1, 3) == -(PRECISION // 3)


def test_drift_ramp_by_hand() -> None:
    """A shortage of 1,000 with 10 % at once and 150 slots: 10 %, then a tenth more every 15 slots."""
    ramp = Ramp(1000, 150)
    assert ramp.share_down(1000 * E6, 0, 0) == 1000
    assert ramp.share_down(1000 * E6, 0, 15) == 2000
    # 100 freed already of 1,000: after 15 slots 200 may be freed in all, 100 of the 900 left.
    assert ramp.share_down(900 * E6, 100 * E6, 15) == 1111
    assert ramp.share_down(900 * E6, 300 * E6, 15) == 0
    assert ramp.share_down(49 * E6, 0, 0) == 10_000
    assert ramp.share_down(1000 * E6, 0, 10**6) == 10_000
    assert Ramp(1000, 0).share_down(1000 * E6, 0, 0) == 10_000


def test_drift_bankruptcy_falls_on_both_sides() -> None:
    """100 dollars over 10 + 10 units: 5 dollars a unit, longs by a rise of their rate, shorts by a fall."""
    long_delta, short_delta = funding_deltas_for_loss(100 * E6, 10 * 10**9, -10 * 10**9)
    assert long_delta == -short_delta == 5 * 10**9
    # A third of a millionth is one millionth of quote, a thousand of the finer units.
    assert funding_deltas_for_loss(1, 3 * 10**9, 0)[0] == 1000
    with pytest.raises(DivisionByZeroError):
        funding_deltas_for_loss(1, 0, 0)
    assert deposit_index_delta_for_loss(25, 100, 10**10) == 25 * 10**8
    assert deposit_index_delta_for_loss(200, 100, 10**10) == 10**10 - 1
