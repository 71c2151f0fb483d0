"""Checks of Synthetix v3's Chainlink average and Uniswap nodes."""

from __future__ import annotations

from functools import partial

from oracles.node import Sample
from oracles.sources.synthetix import chainlink_average
from oracles.sources.synthetix_uniswap import uniswap_price_down
from scenarios.verify.oracles_support import expected, integers, items, outcome, rows
from scenarios.verify.oracles_synthetix import check_output
from scenarios.verify.tally import Checker, Document, Tally, integer


def check_chainlink_uniswap(document: Document) -> Tally:
    """Check ``synthetix_chainlink_uniswap_nodes`` files."""
    tally = Tally()
    for index, (interval, decimals, listed, now, want) in enumerate(rows(document, "chainlink_twap")):
        samples = [
            Sample(time, answer, integer(decimals), number)
            for number, answer, time in map(integers, items(listed))
        ]
        rule = partial(chainlink_average, integer(interval), integer(decimals), samples, integer(now))
        check_output(tally, "chainlink", f"chainlink_twap[{index}]", want, outcome(rule))
    for index, row in enumerate(rows(document, "uniswap")):
        ago, before, after, token_first, token_decimals, stable_decimals, want = row
        price = partial(
            uniswap_price_down,
            integer(before),
            integer(after),
            integer(ago),
            bool(token_first),
            integer(token_decimals),
            integer(stable_decimals),
        )
        tally.check("uniswap", f"uniswap[{index}]", expected(want), outcome(price))
    return tally


CHECKERS: dict[str, Checker] = {"synthetix_chainlink_uniswap_nodes": check_chainlink_uniswap}
