"""Four crashes as shapes, each figure with its source.

Hours are those of the sources, to the precision they print; between two figures the path is log-linear, which
is a simplification: inside an hour the real prices moved more. A shape is for stress, not for replay.
"""

from __future__ import annotations

from scenarios.markets.shocks import Script

_HOUR = 3_600.0
_MINUTE = 60.0


def _knots(start: float, *points: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Return knots of printed (seconds, price) after a starting price."""
    return ((0.0, 1.0), *((seconds, price / start) for seconds, price in points))


BLACK_THURSDAY = Script(
    "black-thursday-2020-03-12",
    {
        # from 01:00 UTC of 12 March 2020
        "ETH": _knots(194.97, (12 * _HOUR, 136.0), (26 * _HOUR, 95.87), (28 * _HOUR, 130.0)),
        "BTC": _knots(7_900.0, (12 * _HOUR, 6_000.0), (26 * _HOUR, 3_800.0)),
    },
    (
        "DeFi Saver, Black Thursday at DeFi Saver (March 2020): ETH 194.97 at 01:00, 136 within 12 hours, "
        "bottom 95.87 some 26 hours later, then 130 (the 2 hours are our choice)",
        "blankvar, 3.12 black swan timeline: BTC about 7,900 the day before, 6,000 at noon, 3,800 next day",
    ),
)

LUNA = Script(
    "luna-2022-05",
    {
        # from 00:00 UTC of 9 May 2022
        "LUNA": _knots(
            60.14,
            (48 * _HOUR, 17.38),
            (71 * _HOUR, 1.0),
            (78 * _HOUR, 0.107),
            (95 * _HOUR, 0.01),
            (119 * _HOUR, 0.0001),
            (143 * _HOUR, 0.00028),
        ),
        "UST": _knots(
            1.0,
            (24 * _HOUR, 0.62),
            (36 * _HOUR, 0.93),
            (56 * _HOUR, 0.2),
            (64 * _HOUR, 0.61),
            (90 * _HOUR, 0.37),
            (110 * _HOUR, 0.037),
            (143 * _HOUR, 0.19),
        ),
    },
    (
        "press of 12-14 May 2022 (newslanes, cryptomaton): LUNA 17.38 early on 11 May, under 1 that day, "
        "0.01 on 12 May, 0.0001 on 13 May, 0.00028 on 14 May; UST 0.2 then 0.61 on 11 May, 0.037 on 13 May, "
        "0.19 on 14 May",
        "How LUNA collapsed by 99.99% in 7 days: LUNA 60.14 three days after 6 May; UST below 0.62 in the "
        "night of 10 May, back at 0.93, 0.37 in the evening of 12 May",
        "Halborn on the Venus and Blizz losses: 0.107 was the last answer of the feed on 12 May",
    ),
)

USDC_DEPEG = Script(
    "usdc-depeg-2023-03",
    {
        # from 00:00 UTC of 11 March 2023
        "USDC": _knots(
            1.0,
            (3 * _HOUR, 0.98),
            (6 * _HOUR, 0.957),
            (7 * _HOUR + 50 * _MINUTE, 0.8748),
            (12 * _HOUR, 0.911),
            (21 * _HOUR, 0.977),
            (33 * _HOUR, 0.953),
            (48 * _HOUR, 0.995),
        ),
    },
    (
        "low of 0.8748 at 07:50 UTC on 11 March and the levels at 06:00, 12:00 and 21:00 that day, 09:00 and "
        "24:00 of the next: ratio of BTC/USDC to BTC/USD on Binance.US by the minute",
        "CoinDesk, 11 March 2023: about 0.98 at 02:54 UTC on Kraken, low of 0.86 to 0.87 elsewhere",
    ),
)

OCTOBER_2025 = Script(
    "october-2025-10-10",
    {
        # from 20:50 UTC of 10 October 2025
        "BTC": _knots(119_000.0, (30 * _MINUTE, 104_700.0), (70 * _MINUTE, 112_500.0)),
        "SOL": _knots(1.0, (30 * _MINUTE, 0.70), (70 * _MINUTE, 0.85)),
        "DOGE": _knots(1.0, (30 * _MINUTE, 0.50), (70 * _MINUTE, 0.72)),
        "USDE": _knots(
            1.0,
            (30 * _MINUTE, 0.97),
            (40 * _MINUTE, 0.9303),
            (50 * _MINUTE, 0.6651),
            (60 * _MINUTE, 0.93),
            (100 * _MINUTE, 0.983),
            (180 * _MINUTE, 0.998),
        ),
    },
    (
        "timelines of 10 October 2025 (nurnibir, cryptonewsinsiders, technoext): macro shock at 20:50 UTC, "
        "BTC 119,000 falling to 104,700 by 21:20, later about 112,500; SOL down over 30 %, DOGE over 50 % "
        "(their recoveries are our choice)",
        "USDe/USDT on Binance by the minute: 0.97 at 21:20, 0.9303 at 21:30, lowest close 0.6651 (placed at "
        "21:40), 0.93 at 21:50, 0.983 at 22:30, 0.998 at 23:50; elsewhere it stayed near 1",
    ),
)

SCRIPTS = {script.name: script for script in (BLACK_THURSDAY, LUNA, USDC_DEPEG, OCTOBER_2025)}
