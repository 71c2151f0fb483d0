"""Checks of Solana programs: Drift's averages and validity, Mango's stable price bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from oracles.sources.drift import (
    FIVE_MINUTES,
    GuardRails,
    OracleSample,
    TwapState,
    new_twap,
    normalise,
    sanitise_to_zero,
    validity,
    weighted_average,
)
from oracles.sources.mango import StablePrice
from protocol.errors import DivisionByZeroError, OracleError, OverflowedError
from scenarios.verify.oracles_support import cases, expected, integers, items, outcome, rows
from scenarios.verify.tally import Checker, Document, Tally, integer


def _sanitise(price: int, twap: int, clamp: int) -> int:
    return sanitise_to_zero(price, twap, None if clamp == -1 else clamp)


def _oracle_twap(*row: int) -> int:
    mark, mark_time, funding, oracle, oracle_time, now, price, five = row
    period = FIVE_MINUTES if five else funding
    return TwapState(mark, mark_time, oracle, oracle_time, period).oracle_twap_at(now, price)


def _validity(row: list[int]) -> str:
    amm, margin, limit, ratio, twap, price, confidence, delay, enough, multiplier, stable, now, low = row
    sample = OracleSample(price, confidence, delay, bool(enough), multiplier, bool(stable), now, low)
    try:
        return str(validity(sample, twap, GuardRails(amm, margin, limit, ratio)))
    except (DivisionByZeroError, OverflowedError):
        return "Err(MathError)"
    except OracleError as error:
        return f"Err({error.reason})"


DRIFT_RULES: dict[str, Callable[..., object]] = {
    "weighted_average": weighted_average,
    "new_twap": new_twap,
    "sanitize": _sanitise,
    "oracle_twap": _oracle_twap,
    "normalise": normalise,
}


def check_drift(document: Document) -> Tally:
    """Check ``drift_oracle`` files: all six functions."""
    tally = Tally()
    for name, rule in DRIFT_RULES.items():
        for index, row in enumerate(rows(document, name)):
            got = outcome(partial(rule, *integers(row[:-1])))
            tally.check(name, f"{name}[{index}]", expected(row[-1]), got)
    for index, row in enumerate(rows(document, "validity")):
        tally.check("validity", f"validity[{index}]", row[-1], _validity(integers(row[:-1])))
    return tally


def check_mango(document: Document) -> Tally:
    """Check ``mango_stable_price`` files: prices bit for bit."""
    tally = Tally()
    for index, case in enumerate(cases(document)):
        price, start = items(case["reset"])
        assert isinstance(price, int | float)
        model = StablePrice.reset(float(price), integer(start))
        for step, row in enumerate(items(case["rows"])):
            now, oracle, stable, delayed, interval = items(row)
            assert isinstance(oracle, int | float)
            model = model.update(integer(now), float(oracle))
            where = f"cases[{index}].rows[{step}]"
            tally.check("stable_price", where, stable, model.price)
            tally.check("delay_price", where, delayed, model.delay_price)
            tally.check("interval", where, integer(interval), model.interval)
    return tally


CHECKERS: dict[str, Checker] = {"drift_oracle": check_drift, "mango_stable_price": check_mango}
