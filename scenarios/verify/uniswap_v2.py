"""Uniswap V2: cumulative prices of the pair, and the 24-hour example oracle above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from protocol.errors import RuleError
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.uniswap_v2_oracle import SimpleOracle
from scenarios.verify.tally import Checker, Document, Tally, integer

TOKENS = ("token0", "token1")
EMPTY = UniswapV2Pair(*TOKENS, 0, 0)


def _rows(document: Document, key: str) -> Sequence[object]:
    return cast("Sequence[object]", document[key])


def _synced(pair: UniswapV2Pair, time: int, balance0: int, balance1: int) -> UniswapV2Pair:
    """Give the pair these balances, as the harness writes them into storage, and sync."""
    held = {**pair.to_state(), "balance0": balance0, "balance1": balance1}
    return UniswapV2Pair.from_state(held).sync(time=time)


def check_cumulative(document: Document) -> Tally:
    """Replay every ``sync`` and compare time and both sums after each block.

    Columns of a step: time, number of syncs in the block, balance 0, balance 1, expected time, expected
    price0Cumulative, expected price1Cumulative.
    """
    tally = Tally()
    for number, case in enumerate(_rows(document, "cases")):
        given = cast("dict[str, Sequence[object]]", case)
        first0, first1 = map(integer, given["init"])
        pair = UniswapV2Pair(*TOKENS, 0, 0, price0_cumulative=first0, price1_cumulative=first1)
        for at, row in enumerate(given["steps"]):
            time, syncs, balance0, balance1, *expected = map(integer, cast("Sequence[object]", row))
            where = f"cases[{number}].steps[{at}]"
            for _ in range(syncs):
                pair = _synced(pair, time, balance0, balance1)
            got = (pair.time_last, pair.price0_cumulative, pair.price1_cumulative)
            names = ("blockTimestampLast", "price0CumulativeLast", "price1CumulativeLast")
            for name, want, have in zip(names, expected, got, strict=True):
                tally.check(name, where, want, have)
    return tally


def check_simple_oracle(document: Document) -> Tally:
    """Replay syncs, deployments and updates; compare averages, refusals and every consulted amount."""
    tally = Tally()
    for number, case in enumerate(_rows(document, "cases")):
        pair = EMPTY
        oracle: SimpleOracle | None = None
        for at, event in enumerate(cast("Sequence[Sequence[object]]", case)):
            where = f"cases[{number}][{at}]"
            if event[0] == "sync":
                pair = _synced(pair, *map(integer, event[1:4]))
            elif event[0] == "deploy":
                oracle = SimpleOracle.deploy(pair)
            elif event[0] == "update" and oracle is not None:
                oracle = _check_update(tally, where, oracle, pair, event)
            else:
                raise ValueError(f"{where}: event {event[0]!r} is not known, or comes before deploy")
    return tally


def _check_update(
    tally: Tally, where: str, oracle: SimpleOracle, pair: UniswapV2Pair, event: Sequence[object]
) -> SimpleOracle:
    _, time, accepted, average0, average1, consulted = event
    try:
        oracle, got = oracle.update(pair, integer(time)), True
    except RuleError:
        got = False
    tally.check("accepted", where, accepted, got)
    tally.check("price0Average", where, integer(average0), oracle.price0_average)
    tally.check("price1Average", where, integer(average1), oracle.price1_average)
    for row, consult in enumerate(cast("Sequence[Sequence[object]]", consulted)):
        side, amount_in, amount_out = map(integer, consult)
        got_out = oracle.consult_down(TOKENS[side], amount_in)
        tally.check("consult", f"{where}.consult[{row}]", amount_out, got_out)
    return oracle


CHECKERS: dict[str, Checker] = {
    "uniswap_v2_cumulative": check_cumulative,
    "uniswap_v2_simple_oracle": check_simple_oracle,
}
