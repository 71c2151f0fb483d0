"""The value of choosing among signed prices: whoever submits takes the best one of the window.

Published: formula sheet of pull oracles, E[max - last] = sigma sqrt(2 W / pi) of a Brownian path for one leg
and E[max - min] for both: 8.8 and 17.6 basis points for 60 s at 80 % volatility, 2.0 and 3.9 for 3 s. A
window of finitely many prices is worth less; with n of them about 0.58 sigma sqrt(W / n) an extreme (Broadie,
Glasserman, Kou, "A continuity correction for discrete barrier options", Mathematical Finance 7, 1997).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from oracles.choice import pyth_window_choice
from oracles.sources.pyth import PythPrice
from scenarios.markets.describe import market_seed
from scenarios.markets.elementary import Floats
from scenarios.markets.jump_diffusion import JumpDiffusion
from scenarios.markets.market import blocks
from scenarios.studies.row import Row, row_of

VOLATILITY = 0.8
FINE = 4_096
"""Prices in a window that stands for a continuous one."""
SLOT = 0.4
"""Seconds between two prices of a fast publisher."""
EXPONENT = -8


def extremes(window: float, prices: int, runs: int, master: int = 1) -> tuple[Floats, Floats, Floats]:
    """Return the highest, lowest and last price of each run's window, the first one being 1."""
    market = JumpDiffusion(("BASE",), (1.0,), [0.0], [VOLATILITY], window / prices)
    high, low, last = np.ones(runs), np.ones(runs), np.ones(runs)
    for block in blocks(market, market_seed(master, market), range(runs), prices, 64):
        drawn = block.prices[:, 0]
        high, low = np.maximum(high, drawn.max(axis=0)), np.minimum(low, drawn.min(axis=0))
        last = drawn[-1]
    return high, low, last


def by_the_contract(window: int, runs: int, master: int = 1) -> tuple[Floats, Floats, Floats]:
    """Return what a sender may pick by the contract's window rule, and the last price, in basis points."""
    count = int(window / SLOT)
    market = JumpDiffusion(("BASE",), (2_000.0,), [0.0], [VOLATILITY], SLOT)
    one, both, bound = np.empty((3, runs))
    (block,) = blocks(market, market_seed(master, market), range(runs), count, count)
    for run in range(runs):
        signed = [
            PythPrice(round(float(price) * 10**-EXPONENT), 0, EXPONENT, int((step + 1) * SLOT))
            for step, price in enumerate(block.prices[:, 0, run])
        ]
        choice = pyth_window_choice(signed, 0, window)
        first = pyth_window_choice(signed[-1:], 0, window)
        assert choice is not None
        assert first is not None
        last = signed[-1].price
        one[run], both[run] = choice.highest / last - 1.0, choice.highest / choice.lowest - 1.0
        bound[run] = first.highest / last - 1.0
    return one * 1e4, both * 1e4, bound * 1e4


def latency_choice(runs: int) -> Iterator[Row]:
    """Yield the four published values, and what a window of real slots and a bound order leave of them."""
    note = f"{FINE} prices a window; a continuous one is worth 1.1 % more; published to one digit"
    for window, one_leg, round_trip in ((60.0, 8.8, 17.6), (3.0, 2.0, 3.9)):
        high, low, last = extremes(window, FINE, runs)
        one, both = (high - last) * 1e4, (high - low) * 1e4
        name = f"window of {window:.0f} s"
        yield row_of(f"{name}: one leg", "bp", one_leg, one.tolist(), within=0.025, note=note)
        yield row_of(f"{name}: both legs", "bp", round_trip, both.tolist(), within=0.025, note=note)
    some = max(runs // 20, 2)
    one, both, bound = by_the_contract(60, some)
    slots = f"{int(60 / SLOT)} prices of {SLOT} s by the contract's window rule"
    yield row_of("window of 60 s, a price a slot: one leg", "bp", None, one.tolist(), note=slots)
    yield row_of("window of 60 s, a price a slot: both legs", "bp", None, both.tolist(), note=slots)
    yield row_of("bound to one price: one leg", "bp", None, bound.tolist(), note="the remedy")
