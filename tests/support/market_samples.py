"""One of each market, for the tests that all must pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from scenarios.markets.correlation import uniform_correlation
from scenarios.markets.garch import Garch
from scenarios.markets.heston import Heston
from scenarios.markets.historical import BlockBootstrap, Historical
from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps
from scenarios.markets.market import Market
from scenarios.markets.price_files import PriceTable, read_prices
from scenarios.markets.regimes import Regime, RegimeSwitching
from scenarios.markets.scripts import SCRIPTS
from scenarios.markets.shocks import Shocked

HOUR, DAY = 3_600.0, 86_400.0
DATA = Path(__file__).parent.parent / "markets" / "data" / "weth_osqth_2023-08-17_1m.csv.gz"


@cache
def recorded() -> PriceTable:
    return read_prices(DATA)


def brownian() -> JumpDiffusion:
    correlation = ((1.0, 0.8, 0.3), (0.8, 1.0, -0.2), (0.3, -0.2, 1.0))
    return JumpDiffusion(
        ("A", "B", "C"), (100.0, 2_000.0, 1.0), (0.1, -0.2, 0.0), (0.8, 0.6, 0.05), HOUR, correlation
    )


def jumps() -> JumpDiffusion:
    common = Jumps(300.0, (-0.06, -0.03, 0.0), (0.1, 0.05, 0.0))
    own = Jumps(900.0, (0.0, 0.0, -0.1), (0.0, 0.0, 0.2))
    mixed = Jumps(2_000.0, (0.01, -0.01, 0.0), (0.02, 0.03, 0.01), uniform_correlation(3, 0.4))
    base = brownian()
    return JumpDiffusion(
        base.assets, base.spot, base.drift, base.volatility, HOUR, base.correlation, (common, own, mixed)
    )


def wide() -> JumpDiffusion:
    size = 11
    names = tuple(f"asset {i}" for i in range(size))
    vols = [0.2 + 0.1 * i for i in range(size)]
    return JumpDiffusion(
        names,
        (1.0,) * size,
        [0.0] * size,
        vols,
        300.0,
        uniform_correlation(size, 0.6),
        (Jumps(2_000.0, [-0.01] * size, [0.02] * size, uniform_correlation(size, 0.5)),),
    )


def heston() -> Heston:
    return Heston(
        ("A", "B"), (100.0, 50.0), (0.05, 0.0), (0.04, 0.5), (0.04, 0.6), (1.5, 3.0), (0.6, 1.5), (-0.7, 0.4),
        DAY, uniform_correlation(2, 0.5),
    )  # fmt: skip


def regimes() -> RegimeSwitching:
    calm = Regime((0.1, 0.1), (0.4, 0.5), (0.0, 10.0), uniform_correlation(2, 0.5))
    storm = Regime((-1.0, -2.0), (1.5, 2.5), (40.0, 0.0), uniform_correlation(2, 0.95))
    return RegimeSwitching(("A", "B"), (100.0, 1.0), (calm, storm), DAY)


def garch() -> Garch:
    return Garch(
        ("A", "B"), (100.0, 1.0), (0.0, 0.1), (0.6, 0.9), (0.05, 0.1), (0.9, 0.8), DAY, (0.04, 0.0),
        uniform_correlation(2, 0.7),
    )  # fmt: skip


def historical() -> Historical:
    return Historical(recorded())


def windows() -> Historical:
    return Historical(recorded(), horizon=200)


def bootstrap() -> BlockBootstrap:
    return BlockBootstrap(recorded(), mean_block=30.0)


def shocked() -> Shocked:
    return Shocked(jumps(), SCRIPTS["october-2025-10-10"], 2 * HOUR, {"A": "BTC", "C": "USDE"})


MARKETS: dict[str, Callable[[], Market]] = {
    maker.__name__: maker
    for maker in (
        brownian, jumps, wide, heston, regimes, garch, historical, windows, bootstrap, shocked,
    )
}  # fmt: skip
