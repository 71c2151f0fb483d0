"""Pull oracles: whoever submits may pick any signed price of a window, which is a lookback option."""

from __future__ import annotations

from math import pi, sqrt

YEAR_SECONDS = 365 * 86_400


def one_leg_advantage(volatility: float, window_seconds: float) -> float:
    """Return E[max - last] of a Brownian path, as a part of the price: sigma * sqrt(2 W / pi).

    Parameters
    ----------
    volatility
        Per year, 0.8 for 80 %.
    """
    return volatility * sqrt(2 * window_seconds / YEAR_SECONDS / pi)


def round_trip_advantage(volatility: float, window_seconds: float) -> float:
    """Return E[max - min], the gain of one who picks both legs: sigma * sqrt(8 W / pi)."""
    return 2 * one_leg_advantage(volatility, window_seconds)
