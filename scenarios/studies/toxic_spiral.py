"""Above which loan to value each liquidation makes an account worse: found on jump paths, in integers.

A token that is owed jumps up; the account is liquidated at the first block at which it is short, half of the
debt at a time, until it is safe or empty. Nothing but the protocol's own liquidation decides what happens.

Published: Warmuz, Chaudhary, Pinna, "Toxic Liquidation Spirals" (arXiv 2212.07306): the frontier is
1 / (1 + incentive) and the bad debt above it D - C / (1 + incentive); and the Compound V2 experiment
``testTLTVEqualPriceHardcoded`` of repository Lilyjjo/ToxicLiquidationSpiralExploration.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from scenarios.markets.describe import market_seed
from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps
from scenarios.markets.market import YEAR_SECONDS, paths
from scenarios.studies.lending_files import at_price, lending_file, liquidate_fully, open_game
from scenarios.studies.row import Row, exact_row

COLLATERAL, DEBT, FACTOR = "10000", "6840", "0.855"
BLOCKS, BLOCK = 60, 12.0
INCENTIVES = ("0.05", "0.10", "0.15")


def token_paths(runs: int, master: int = 1) -> list[list[Decimal]]:
    """Return the token's price after each block, by run: a volatile market with jumps upward."""
    jumps = Jumps(YEAR_SECONDS / BLOCK / BLOCKS * 3, [0.22], [0.12])
    market = JumpDiffusion(("TOKEN",), (1.0,), [0.0], [1.5], BLOCK, None, (jumps,), compensated=False)
    drawn = paths(market, market_seed(master, market), range(runs), BLOCKS, fast=False).prices
    return [[Decimal(f"{float(price):.12g}") for price in drawn[:, 0, run]] for run in range(runs)]


def frontier(incentive: str, runs: int) -> Iterator[Row]:
    """Yield the frontier, how often it was wrong, and the bad debt above it."""
    file = lending_file("USDC", "TOKEN", "TOKEN", (COLLATERAL, DEBT), FACTOR, incentive)
    bound, low, high = 1 / (1 + float(incentive)), 0.0, float("inf")
    wrong = landed = 0
    debts: list[tuple[float, float]] = []
    for path in token_paths(runs):
        game = open_game(file)
        step = next((i for i, price in enumerate(path) if at_price(game, {"TOKEN": price}, i)), None)
        if step is None:
            continue
        done, landed = liquidate_fully(game, "USDC", "TOKEN"), landed + 1
        first, second = done.ratios[0], done.ratios[1]
        if second < first:
            low = max(low, first)
        else:
            high = min(high, first)
            price = float(path[step])
            debts.append((done.bad_debt * price, float(DEBT) * price - float(COLLATERAL) * bound))
        wrong += (second < first) != (first < bound)
    name = f"incentive {float(incentive):.0%}"
    note = f"between the highest that healed and the lowest that worsened, {landed} liquidated accounts"
    yield Row(f"{name}: frontier", "loan to value", bound, (low + high) / 2, low, high, runs, 0.005, note)
    yield exact_row(f"{name}: accounts on the wrong side", "accounts", 0.0, wrong, within=0.0)
    total, formula = (sum(pair[part] for pair in debts) for part in (0, 1))
    ratio = total / formula if formula else 1.0
    yield Row(
        f"{name}: bad debt above it", "of the formula", 1.0, ratio, None, None, len(debts), 1e-6,
        f"{total / max(len(debts), 1):,.0f} on average",
    )  # fmt: skip


def experiment() -> Iterator[Row]:
    """Yield the repository's experiment: 1.35 times the factor, tokens bought at 1 before the move."""
    file = lending_file("USDC", "TOKEN", "TOKEN", (COLLATERAL, DEBT), FACTOR, "0.10")
    game, price = open_game(file), Decimal("1.6875")
    short = at_price(game, {"TOKEN": price})
    done = liquidate_fully(game, "USDC", "TOKEN")
    over = done.ratios[0] / float(FACTOR) if short else 0.0
    yield exact_row("experiment: loan to value over the factor", "times", 1.35, over, within=1e-9)
    gain = done.taken - done.repaid
    yield exact_row("experiment: gain of the liquidator", "USD", 4612.79, gain, within=3e-6)


def toxic_spiral(runs: int) -> Iterator[Row]:
    """Yield everything."""
    for incentive in INCENTIVES:
        yield from frontier(incentive, runs)
    yield from experiment()
