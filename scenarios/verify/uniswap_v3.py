"""Vectors of Uniswap V3: the oracle library, the periphery's library and the real pool.

Every figure of the data lists is compared; ``source``, ``seed``, ``note``, ``ops``, ``events`` and the
``*_columns`` describe the data and hold nothing to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias, cast

from protocol.errors import (
    DivisionByZeroError,
    NotEnoughObservationsError,
    ObservationTooOldError,
    RuleError,
    UninitialisedPoolError,
    UnsafeValueError,
)
from protocol.venues.uniswap_v3.observations import ObservationRing
from protocol.venues.uniswap_v3.oracle_library import (
    block_starting_tick_and_liquidity,
    chained_tick,
    consult,
    consult_cumulatives,
    oldest_observation_seconds_ago,
    quote_at_tick_down,
    weighted_mean_tick_down,
)
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.tick_math import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from scenarios.verify.tally import Checker, Document, Tally, integer

Row: TypeAlias = Sequence[object]

# The contract's reason and the class that stands for it; other reasons only have to be refusals.
REASONS: dict[str, type[RuleError]] = {
    "OLD": ObservationTooOldError,
    "I": UninitialisedPoolError,
    "NI": UninitialisedPoolError,
    "BP": UnsafeValueError,
    "DL": UnsafeValueError,
    "T": UnsafeValueError,
    "R": UnsafeValueError,
    "NEO": NotEnoughObservationsError,
    "ONI": NotEnoughObservationsError,
    "EVM error InvalidFEOpcode": DivisionByZeroError,
    "Panic(0x12)": DivisionByZeroError,
}


def _rows(value: object) -> Sequence[Row]:
    if not isinstance(value, list):
        raise TypeError(f"a list of rows expected, got {value!r}")
    return cast(Sequence[Row], value)


def _is_reason(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        integer(value)
    except ValueError:
        return True
    return False


def _compare(
    tally: Tally,
    group: str,
    where: str,
    expected: object,
    call: Callable[[], int | tuple[int, ...]],
) -> None:
    """Compare a figure, a row of figures or a refusal; each figure is one check."""
    got: object
    try:
        got = call()
    except RuleError as error:
        got = error
    if _is_reason(expected):
        wanted = REASONS.get(str(expected), RuleError)
        tally.check(group, where, expected, expected if isinstance(got, wanted) else _shown(got))
        return
    wanted_figures = _rows(expected) if isinstance(expected, list) else [expected]
    figures: Sequence[object] = got if isinstance(got, tuple) else [got] * len(wanted_figures)
    for place, figure in enumerate(wanted_figures):
        name = f"{where}[{place}]" if isinstance(expected, list) else where
        tally.check(group, name, integer(figure), _shown(figures[place]))


def _shown(got: object) -> object:
    return f"revert ({got.code})" if isinstance(got, RuleError) else got


def check_oracle_library(document: Document) -> Tally:
    """Check ``Oracle.sol``: every observation queried and the ring's figures after the last operation."""
    tally = Tally()
    for number, case in enumerate(_rows(document["cases"])):
        _check_ring(tally, f"cases[{number}]", cast(Mapping[str, object], case))
    return tally


def _check_ring(tally: Tally, where: str, case: Mapping[str, object]) -> None:
    time, tick, liquidity = (integer(figure) for figure in cast(Row, case["init"]))
    ring = ObservationRing.initialised(time)
    for step, (kind, *arguments) in enumerate(_rows(case["ops"])):
        if kind == "g":
            ring = ring.grow(integer(arguments[0]))
        elif kind == "a":
            time = (time + integer(arguments[0])) % (1 << 32)
        elif kind == "u":
            elapsed, new_tick, new_liquidity = (integer(figure) for figure in arguments)
            time = (time + elapsed) % (1 << 32)
            ring = ring.write(time, tick, liquidity)
            tick, liquidity = new_tick, new_liquidity
        elif kind == "o":
            for place, (ago, *expected) in enumerate(_rows(arguments[0])):
                _compare(
                    tally,
                    "observe",
                    f"{where}.ops[{step}][{place}]",
                    expected[0] if _is_reason(expected[0]) else expected,
                    partial(ring.observe, time, integer(ago), tick, liquidity),
                )
        else:
            raise ValueError(f"{where}.ops[{step}]: unknown operation {kind!r}")
    end = (ring.index, ring.cardinality, ring.cardinality_next, time)
    _compare(tally, "end", f"{where}.end", case["end"], partial(tuple, end))


def check_oracle_periphery(document: Document) -> Tally:
    """Check ``OracleLibrary.sol`` and ``TickMath.sol``: all six lists."""
    tally = Tally()
    for number, row in enumerate(_rows(document["consult"])):
        ago, tick_before, tick_now, seconds_before, seconds_now = (integer(figure) for figure in row[:5])
        before, now = (tick_before, seconds_before), (tick_now, seconds_now)
        expected = row[5] if _is_reason(row[5]) else list(row[5:7])
        _compare(
            tally,
            "consult",
            f"consult[{number}]",
            expected,
            partial(consult_cumulatives, ago, before, now),
        )
    for number, (tick, amount, base_first, expected) in enumerate(_rows(document["quote_at_tick"])):
        _compare(
            tally,
            "quote_at_tick",
            f"quote_at_tick[{number}]",
            expected,
            partial(quote_at_tick_down, integer(tick), integer(amount), bool(base_first)),
        )
    _check_ticks(tally, document)
    for number, (pairs, expected) in enumerate(_rows(document["weighted_mean_tick"])):
        weighted = [(integer(tick), integer(weight)) for tick, weight in _rows(pairs)]
        _compare(
            tally,
            "weighted_mean_tick",
            f"weighted_mean_tick[{number}]",
            expected,
            partial(weighted_mean_tick_down, weighted),
        )
    for number, (tokens, ticks, expected) in enumerate(_rows(document["chained_price"])):
        path = [integer(token) for token in cast(Row, tokens)]
        hops = [integer(tick) for tick in cast(Row, ticks)]
        _compare(
            tally,
            "chained_price",
            f"chained_price[{number}]",
            expected,
            partial(chained_tick, path, hops),
        )
    return tally


def _check_ticks(tally: Tally, document: Document) -> None:
    functions: dict[str, Callable[[int], int]] = {
        "sqrt_ratio_at_tick": sqrt_ratio_at_tick,
        "tick_at_sqrt_ratio": tick_at_sqrt_ratio,
    }
    for name, function in functions.items():
        for number, (argument, expected) in enumerate(_rows(document[name])):
            _compare(
                tally,
                name,
                f"{name}[{number}]",
                expected,
                partial(function, integer(argument)),
            )


def check_pool_oracle(document: Document) -> Tally:
    """Check the real pool: its state after every event, and every reading of its oracle."""
    tally = Tally()
    for number, case in enumerate(_rows(document["cases"])):
        _check_pool(tally, f"cases[{number}]", cast(Mapping[str, object], case))
    return tally


def _check_pool(tally: Tally, where: str, case: Mapping[str, object]) -> None:
    pool = UniswapV3Pool.create("token0", "token1", integer(case["fee"]), integer(case["tickSpacing"]))
    for step, event in enumerate(_rows(case["events"])):
        at = f"{where}.events[{step}]"
        kind = event[0]
        if kind == "query":
            _check_readings(tally, at, pool, event)
            continue
        time, state = integer(event[1]), list(event[-5:])
        if kind == "init":
            pool = pool.initialise(integer(event[2]), time=time)
        else:
            try:
                pool = _act(pool, str(kind), time, [integer(figure) for figure in event[3:-5]])
                done = True
            except RuleError:
                done = False
            tally.check(
                "ok", at, integer(int(event[2]) if isinstance(event[2], bool) else event[2]), int(done)
            )
        slot0 = pool.slot0
        shown = (
            slot0.tick,
            pool.liquidity,
            slot0.observation_index,
            slot0.observation_cardinality,
            slot0.observation_cardinality_next,
        )
        _compare(tally, "state", at, state, partial(tuple, shown))


def _act(pool: UniswapV3Pool, kind: str, time: int, figures: list[int]) -> UniswapV3Pool:
    if kind == "mint":
        return pool.mint("owner", *figures, time=time)[2]
    if kind == "swap":
        token_in, amount, limit = figures
        return pool.swap_to_limit(token_in == 0, amount, limit, time=time)[2]
    if kind == "grow":
        return pool.increase_observation_cardinality_next(*figures)
    if kind == "idle":
        return pool
    raise ValueError(f"unknown event {kind!r}")


def _check_readings(tally: Tally, at: str, pool: UniswapV3Pool, event: Row) -> None:
    for place, (time, ago, observed, consulted) in enumerate(_rows(event[1])):
        now, window = integer(time), integer(ago)
        _compare(
            tally,
            "observe",
            f"{at}[{place}]",
            observed,
            partial(pool.observations.observe, now, window, pool.tick, pool.liquidity),
        )
        _compare(
            tally,
            "consult",
            f"{at}[{place}]",
            consulted,
            partial(consult, pool, window, time=now),
        )
    (time, oldest), (start_time, starting) = _rows(list(event[2:4]))
    _compare(
        tally,
        "oldest",
        at,
        oldest,
        partial(oldest_observation_seconds_ago, pool, time=integer(time)),
    )
    _compare(
        tally,
        "block_start",
        at,
        starting,
        partial(block_starting_tick_and_liquidity, pool, time=integer(start_time)),
    )


CHECKERS: dict[str, Checker] = {
    "uniswap_v3_oracle_library": check_oracle_library,
    "uniswap_v3_oracle_periphery": check_oracle_periphery,
    "uniswap_v3_pool_oracle": check_pool_oracle,
}
