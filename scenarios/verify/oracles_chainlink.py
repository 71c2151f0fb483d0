"""Checks of Chainlink's OCR2 aggregator and proxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from oracles.sources.chainlink import AggregatorProxy, Ocr2Aggregator, RoundData
from protocol.errors import RuleError
from scenarios.verify.oracles_support import cases, expected, integers, items, outcome
from scenarios.verify.tally import Checker, Document, Tally, integer


def _list(call: Callable[[], RoundData]) -> object:
    return outcome(lambda: list(call()))


def _check_proxy(tally: Tally, where: str, aggregator: Ocr2Aggregator, want: Mapping[str, object]) -> None:
    proxy = AggregatorProxy((aggregator,))
    tally.check("proxy.latest", where, expected(want["phase1_latest"]), _list(proxy.latest_round_data))
    for pair in items(want["phase1_rounds"]):
        round_id, data = items(pair)
        number = integer(round_id)
        got = _list(partial(proxy.round_data, number))
        tally.check("proxy.round", where, expected(data), got)
    fresh = Ocr2Aggregator(
        aggregator.oracles, aggregator.faulty, aggregator.minimum, aggregator.maximum, aggregator.decimals
    )
    switched = AggregatorProxy((aggregator, fresh))
    tally.check(
        "proxy.switched", where, expected(want["after_switch_latest"]), _list(switched.latest_round_data)
    )
    old = expected(want["after_switch_old_round"])
    old_id = cast("list[int]", old)[0]
    tally.check("proxy.old_round", where, old, _list(lambda: switched.round_data(old_id)))
    tally.check("proxy.phase", where, integer(want["phaseId"]), switched.phase_id)


def check_ocr2(document: Document) -> Tally:
    """Check ``chainlink_ocr2_aggregator`` files: every transmit and every proxy read."""
    tally = Tally()
    for index, case in enumerate(cases(document)):
        aggregator = Ocr2Aggregator(
            integer(case["n"]),
            integer(case["f"]),
            integer(case["minAnswer"]),
            integer(case["maxAnswer"]),
            integer(case["decimals"]),
        )
        for step, row in enumerate(items(case["transmits"])):
            now, epoch, time, observations, signatures, reason, latest = items(row)
            got = ""
            try:
                aggregator = aggregator.transmit(
                    integer(now),
                    integer(epoch),
                    integer(time),
                    integers(observations),
                    range(integer(signatures)),
                )
            except RuleError as error:
                got = getattr(error, "reason", error.code)
            where = f"cases[{index}].transmits[{step}]"
            tally.check("transmit", where, reason, got)
            tally.check("latest", where, expected(latest), list(aggregator.latest_round_data()))
        proxy = case.get("proxy")
        if isinstance(proxy, Mapping):
            _check_proxy(tally, f"cases[{index}].proxy", aggregator, proxy)
    return tally


CHECKERS: dict[str, Checker] = {"chainlink_ocr2_aggregator": check_ocr2}
