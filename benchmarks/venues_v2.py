"""Uniswap V2 quotes: our exact form beside degenbot's, and the array form beside the exact.

Run: ``uv run --with degenbot python benchmarks/venues_v2.py``. Without degenbot the first comparison is
left out. Every timed answer is checked. Ends with 1 where a target is missed.

Targets: exact no slower than degenbot; the array form at least 100 times the exact form per quote.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from protocol.venues.arrays import OUTPUT_BOUND, constant_product_out
from protocol.venues.uniswap_v2 import amount_out_down

QUOTES = 10_000
ARRAY_QUOTES = 200_000
ROUNDS = 40


def best_of(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def degenbot_rule() -> Callable[[int, int, int], int] | None:
    try:
        module = importlib.import_module("degenbot.uniswap.v2_functions")
    except ImportError:
        return None
    rule, fee = module.constant_product_calc_exact_in, Fraction(3, 1000)
    return lambda amount, reserve_in, reserve_out: rule(amount, reserve_in, reserve_out, fee)


def main() -> int:
    draw = random.Random(20_200_918)
    rows = [
        (int(10 ** draw.uniform(6, 20)), int(10 ** draw.uniform(15, 26)), int(10 ** draw.uniform(15, 26)))
        for _ in range(QUOTES)
    ]
    ours = best_of(lambda: [amount_out_down(*row) for row in rows])
    exact = [amount_out_down(*row) for row in rows]
    print(f"exact           {ours / QUOTES * 1e9:9.1f} ns a quote")
    missed = False

    theirs_rule = degenbot_rule()
    if theirs_rule is None:
        print("degenbot        not installed: run with `uv run --with degenbot`")
    else:
        assert [theirs_rule(*row) for row in rows] == exact
        theirs = best_of(lambda: [theirs_rule(*row) for row in rows])
        print(f"degenbot        {theirs / QUOTES * 1e9:9.1f} ns a quote: {theirs / ours:.2f} times ours")
        missed |= ours > theirs

    columns = [
        np.resize(np.array(column, dtype=np.float64), ARRAY_QUOTES) for column in zip(*rows, strict=True)
    ]
    got = constant_product_out(*columns)[:QUOTES]
    wanted = np.array(exact, dtype=np.float64)
    assert np.all(np.abs(got - wanted) <= 1 + wanted * OUTPUT_BOUND)
    arrays = best_of(lambda: constant_product_out(*columns))
    ratio = (ours / QUOTES) / (arrays / ARRAY_QUOTES)
    print(f"array           {arrays / ARRAY_QUOTES * 1e9:9.1f} ns a quote: {ratio:.0f} times the exact form")
    missed |= ratio < 100
    print("targets missed" if missed else "targets met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
