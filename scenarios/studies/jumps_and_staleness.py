"""Bad debt after a jump, and after a further fall while nobody executes: an Aave account, liquidated exactly.

Published: Gatto, "Liquidation Without Loss" (SSRN 7157638), leverage 12 at threshold 0.95 and bonus 1 %:
eligible from a fall of 3.51 %, loss from 7.42 %, bad debt of 0.58 and 4.54 million after 8 % and 12 %. A
later fall l multiplies the collateral by 1 - l; if falls are lognormal, the mean is that of a put on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import erf, log, sqrt

from scenarios.markets.describe import market_seed
from scenarios.markets.jump_diffusion import JumpDiffusion
from scenarios.markets.market import YEAR_SECONDS, paths
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import run_path
from scenarios.studies.lending_files import at_price, lending_file, liquidate_fully, open_game
from scenarios.studies.row import Row, exact_row, row_of

COLLATERAL, DEBT, THRESHOLD, BONUS = "100000000", "91666666.666666666666666667", "0.95", "0.01"
MILLION = 1e6
VOLATILITY = 0.8
JUMPS = (("0.08", 0.58), ("0.12", 4.54))
DELAYS = (60, 600, 3600)


def bad_debt(drop: float) -> tuple[bool, float]:
    """Return whether the account is short after a fall, and the bad debt of its liquidation at once."""
    file = lending_file("STAKED", "USDC", "STAKED", (COLLATERAL, DEBT), THRESHOLD, BONUS)
    game = open_game(file)
    short = at_price(game, {"STAKED": Decimal(f"{1 - drop:.15f}")})
    return short, liquidate_fully(game, "STAKED", "USDC").bad_debt if short else 0.0


def threshold_of(what: int, low: float = 0.0, high: float = 0.3) -> float:
    """Return the fall from which ``bad_debt`` answers yes, by bisection over runs: 0 short, 1 with a loss."""
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if bad_debt(middle)[what] > 0 else (middle, high)
    return high


def at_once() -> Iterator[Row]:
    """Yield the frontier and the jumps that are executed at once."""
    yield exact_row("fall from which it is eligible", "of the price", 0.0351, threshold_of(0), within=2e-3)
    yield exact_row("fall from which there is a loss", "of the price", 0.0742, threshold_of(1), within=1e-3)
    for drop, published in JUMPS:
        found = bad_debt(float(drop))[1] / MILLION
        yield exact_row(
            f"jump of {float(drop):.0%}: bad debt", "million USD", published, found, within=5e-3,
            note="printed to two digits",
        )  # fmt: skip


def put(value: float, debt: float, deviation: float) -> float:
    """Return E[max(0, debt - value e**x)] for a normal x of that deviation and E[e**x] = 1."""
    d = log(value / debt) / deviation + deviation / 2

    def phi(x: float) -> float:
        return 0.5 * (1 + erf(x / sqrt(2)))

    return debt * phi(deviation - d) - value * phi(-d)


def executed_late(runs: int) -> Iterator[Row]:
    """Yield jumps that are executed after a delay in which the price goes on at random."""
    for drop, _ in JUMPS:
        for delay in DELAYS:
            market = JumpDiffusion(("STAKED",), (1 - float(drop),), [0.0], [VOLATILITY], float(delay))
            drawn = paths(market, market_seed(1, market), range(runs), 1, fast=False).prices[0, 0]
            found = [bad_debt(1 - float(price))[1] / MILLION for price in drawn]
            deviation = VOLATILITY * sqrt(delay / YEAR_SECONDS)
            value = float(COLLATERAL) * (1 - float(drop)) / (1 + float(BONUS))
            formula = put(value, float(DEBT), deviation) / MILLION
            name = f"jump of {float(drop):.0%}, executed {delay} s later"
            yield row_of(f"{name}: bad debt", "million USD", formula, found, within=0.02, note="closed form")


def stale_feed(runs: int) -> Iterator[Row]:
    """Yield what a feed that is late costs on jump paths: keepers act on what the protocol believes."""
    for delay in (0, *DELAYS):
        node: dict[str, object] = {"type": "delayed", "feed": "price", "asset": "STAKED", "delay": delay}
        oracle = {
            "nodes": {"fed": node, "still": {"type": "constant", "price": 1}},
            "prices": {"STAKED": "fed", "USDC": "still"},
        }
        agents = {
            "feed": {"type": "publisher", "feed": "price", "asset": "STAKED"},
            "keeper": {"type": "keeper", "funds": {"USDC": 10**9}, "most_steps": 400},
        }
        jumps = [{"intensity": 8000, "mean": {"STAKED": "-0.05"}, "deviation": {"STAKED": "0.04"}}]
        market = {"volatility": {"STAKED": "0.8"}, "jumps": jumps}
        length = {"steps": 120, "step_seconds": 60, "seed": 3}
        file = lending_file(
            "STAKED", "USDC", "STAKED", (COLLATERAL, DEBT), THRESHOLD, BONUS,
            oracle=oracle, agents=agents, market=market, run=length,
        )  # fmt: skip
        lost = [
            float(run_path(file, seed_of(file), run, keep_series=False).metrics.bad_debt) / MILLION
            for run in range(runs)
        ]
        yield row_of(f"feed {delay} s late: bad debt", "million USD", None, lost, note="two hours of jumps")


def jumps_and_staleness(runs: int) -> Iterator[Row]:
    """Yield everything; paths through whole simulations are a tenth as many."""
    yield from at_once()
    yield from executed_late(runs)
    yield from stale_feed(max(runs // 10, 2))
