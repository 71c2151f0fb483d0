"""Cost of moving a time-weighted average of a pool.

The window has N blocks. With arbitrage after every block the attacker pays the loss in each of m attacked
blocks; with k+1 proposer slots in a row nobody trades in between and only fees are lost. Sources: Mackinga et
al. 2022, Bentley 2021, Adams et al. 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from oracles.corruption.pools.concentrated import TICK_BASE, ticks_of
from oracles.corruption.pools.curve import PoolCurve, capital, loss_if_arbitraged, loss_if_unwound

Mean = Literal["arithmetic", "geometric"]


@dataclass(frozen=True, slots=True)
class TwapAttack:
    """One way to move an average.

    Parameters
    ----------
    attacked_blocks
        Blocks that end at the distorted price.
    spot_factor
        How far the pool itself is pushed.
    loss, capital
        In quote units. With arbitrage the inventory of a block is sold at the fair price before the next one,
        so the capital is one push plus the losses of the blocks before it.
    """

    attacked_blocks: int
    spot_factor: float
    loss: float
    capital: float


def spot_factor_needed(mean: Mean, window: int, attacked: int, factor: float) -> float:
    """Return the pool's price factor in ``attacked`` of ``window`` blocks that moves the mean by ``factor``.

    Arithmetic: 1 + N (r - 1) / m, not above zero if the fall is out of reach. Geometric: r ** (N / m),
    infinite where a float cannot hold it.
    """
    if mean == "arithmetic":
        return 1 + window * (factor - 1) / attacked
    try:
        return float(factor ** (window / attacked))
    except OverflowError:
        return inf


def attack_with_arbitrage(
    curve: PoolCurve, mean: Mean, window: int, attacked: int, factor: float
) -> TwapAttack | None:
    """Return the attack in which others trade the pool back after each block; None if out of reach."""
    spot = spot_factor_needed(mean, window, attacked, factor)
    if not 0 < spot < inf:
        return None
    loss = loss_if_arbitraged(curve, spot)
    return TwapAttack(attacked, spot, attacked * loss, capital(curve, spot) + (attacked - 1) * loss)


def attack_by_proposer(
    curve: PoolCurve, mean: Mean, window: int, attacked: int, factor: float
) -> TwapAttack | None:
    """Return the attack of one who proposes ``attacked`` + 1 blocks in a row and unwinds in the last."""
    spot = spot_factor_needed(mean, window, attacked, factor)
    if not 0 < spot < inf:
        return None
    return TwapAttack(attacked, spot, loss_if_unwound(curve, spot), capital(curve, spot))


def cheapest_with_arbitrage(
    curve: PoolCurve,
    mean: Mean,
    window: int,
    factor: float,
    *,
    clip_ticks: float = inf,
    most: int | None = None,
    by: Literal["loss", "capital"] = "loss",
) -> TwapAttack | None:
    """Return the attack with the best number of attacked blocks, tried one by one.

    Parameters
    ----------
    clip_ticks
        The most by which one observation may differ from the honest price, in ticks.
    most
        Attacked blocks available; the window if None.
    by
        Which measure is made least.
    """
    best: TwapAttack | None = None
    for attacked in range(1, min(most or window, window) + 1):
        attack = attack_with_arbitrage(curve, mean, window, attacked, factor)
        if attack is None or abs(ticks_of(attack.spot_factor)) > clip_ticks:
            continue
        if best is None or getattr(attack, by) < getattr(best, by):
            best = attack
    return best


def ticks_needed(window: int, attacked: int, factor: float) -> float:
    """Return tau = N ln(r) / (k ln 1.0001), ticks from the mean in each of k blocks (Adams, eq. 1)."""
    return window * ticks_of(factor) / attacked


def clipped_blocks(window: int, factor: float, clip_ticks: float) -> float:
    """Return how many attacked blocks a clip of each observation forces, as a real number."""
    return abs(ticks_needed(window, 1, factor)) / clip_ticks


def bentley_spot(target: float, spot: float, window: int, attacked: int) -> float:
    """Return q = (T**n / p**(n - m)) ** (1/m), the spot price that m of n blocks need (Bentley 2021)."""
    return float(spot * (target / spot) ** (window / attacked))


def ticks_to_factor(ticks: float) -> float:
    """Return 1.0001 ** ticks."""
    return float(TICK_BASE**ticks)
