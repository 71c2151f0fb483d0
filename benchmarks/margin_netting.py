"""What netting by correlation saves and risks, on a family of portfolios and a day with a crash.

Run: ``uv run python benchmarks/margin_netting.py``. ETH against oSQTH (a perpetual on ETH squared) on 17
August 2023. The correlation is estimated on the calm first half of the day and then held against all of it:
the requirement of each portfolio with that correlation, at one, at zero and without netting, beside the
greatest loss that any hour of the day would have brought. The text is ``docs/studies/netting.md``. Ends with
1 where netting asks for more than the plain sum, which it never may.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from protocol.fixed_point import WAD
from protocol.fixed_point.context import EXACT
from protocol.margin.correlation_stress import correlation_stress
from protocol.margin.grid_margin import GridMargin
from protocol.margin.holdings import MarketHolding, PerpHolding, Portfolio
from protocol.margin.judgement import INITIAL
from protocol.margin.presets.grids import correlated, span

DATA = Path(__file__).parents[1] / "docs/studies/data/squeeth_2023-08-17_1m.csv.gz"
NAMES = ("ETH", "oSQTH")
NOTIONAL = 100_000
HEDGES = (-150, -100, -75, -50, -25, 0, 25, 50, 100)
"""Dollars of oSQTH per hundred dollars of long ETH."""
STEP, HORIZON = 15, 60
"""Minutes of a return from which the correlation is estimated, and of a loss held against the requirement."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One portfolio: requirements in dollars, the greatest loss of any hour, and hours that lost more."""

    hedge: int
    plain: float
    given: float
    together: float
    apart: float
    worst_hour: float
    exceeded: int


def history() -> Floats:
    """Return dollar prices by minute: ETH, oSQTH."""
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(DATA.read_bytes()).decode())))
    ether = np.array([float(row["weth_usd"]) for row in rows])
    return np.column_stack((ether, ether * np.array([float(row["osqth_weth"]) for row in rows])))


def correlation(prices: Floats) -> float:
    logs = np.log(prices[::STEP])
    return float(np.corrcoef(np.diff(logs, axis=0).T)[0, 1])


def rule(rho: float, floor: str = "0") -> GridMargin[int]:
    return correlated(span("0.16", "0.04", "0"), {("ETH", "oSQTH"): f"{rho:.6f}"}, floor)


def portfolio(hedge: int, start: Floats) -> Portfolio[int]:
    markets = []
    for name, dollars, price in zip(NAMES, (NOTIONAL, NOTIONAL * hedge / 100), start, strict=True):
        whole = round(price * 10**6) * 10**12
        perp = PerpHolding(round(dollars * 10**6) * 10**12 * WAD // whole, whole, WAD, 0)
        markets.append(MarketHolding(name, whole, WAD, perp, 0, ()))
    return Portfolio(0, WAD, tuple(markets))


def study(floor: str = "0") -> list[Row]:
    prices = history()
    given = rule(correlation(prices[: len(prices) // 2]), floor)
    moves = prices[HORIZON:] / prices[:-HORIZON] - 1.0
    rows = []
    for hedge in HEDGES:
        found = correlation_stress(EXACT, given, portfolio(hedge, prices[0]), INITIAL)
        plain, asked, together, apart = (
            amount / 1e18 for amount in (found.plain, found.given, found.together, found.apart)
        )
        losses = -(moves @ np.array([1.0, hedge / 100])) * NOTIONAL
        worst = float(losses.max())
        rows.append(Row(hedge, plain, asked, together, apart, worst, int((losses > asked).sum())))
    return rows


def main() -> int:
    prices = history()
    calm, whole = correlation(prices[: len(prices) // 2]), correlation(prices)
    hours = [
        correlation(prices[at : at + 4 * HORIZON]) for at in range(0, len(prices) - 4 * HORIZON, HORIZON)
    ]
    print(f"correlation of {STEP}-minute returns: {calm:.3f} to noon, {whole:.3f} all day,")
    print(f"{min(hours):.3f} to {max(hours):.3f} over four hours")
    broken = False
    for floor in ("0", "0.25"):
        print(f"\nfloor {floor}: dollars per {NOTIONAL:,} of long ETH")
        print("  oSQTH    plain   netted   saved   at one  at zero  worst h hours over")
        for row in study(floor):
            saved = 1 - row.given / row.plain
            print(
                f"{row.hedge:>5} % {row.plain:>8,.0f} {row.given:>8,.0f} {saved:>6.0%} {row.together:>9,.0f} "
                f"{row.apart:>8,.0f} {row.worst_hour:>8,.0f} {row.exceeded:>10}"
            )
            broken |= row.given > row.plain + 1e-9
    print(
        "netting asked for more than the plain sum"
        if broken
        else "netting never asks for more than the plain sum"
    )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
