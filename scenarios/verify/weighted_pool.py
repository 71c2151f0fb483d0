"""Balancer V2 weighted pools: swaps, joins and exits in sequence, on two generations of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from protocol.errors import RuleError
from protocol.venues.weighted_pool import WeightedPool
from scenarios.verify.tally import Checker, Document, Tally, integer

Row = Sequence[object]


def check_weighted_pool(document: Document) -> Tally:
    """Replay every operation; where the contract reverted the model must refuse, and nothing moves."""
    tally = Tally()
    for number, case in enumerate(cast("Sequence[Mapping[str, Row]]", document["cases"])):
        decimals = _integers(case["decimals"])
        pool = WeightedPool(
            tokens=tuple(f"token{i}" for i in range(len(decimals))),
            weights=_integers(case["weights"]),
            balances=(0,) * len(decimals),
            decimals=decimals,
            fee=integer(case["fee"]),
            shortcuts=integer(case["version"]) > 1,
        )
        _, pool = pool.initialise(_integers(case["initial"]))
        tally.check("initialise", f"cases[{number}]", integer(case["supply"]), pool.total_supply)
        for at, (kind, arguments, expected) in enumerate(cast("Sequence[Row]", case["ops"])):
            where = f"cases[{number}].ops[{at}]"
            try:
                after, got = _run(pool, str(kind), cast("Row", arguments))
            except RuleError:
                after, got = pool, "revert"
            want = expected if expected == "revert" else _normal(expected)
            tally.check(str(kind), where, want, got)
            pool = after
    return tally


def _run(pool: WeightedPool, kind: str, given: Row) -> tuple[WeightedPool, object]:
    if kind in {"in", "out"}:
        i, j, amount = _integers(given)
        call = pool.swap if kind == "in" else pool.swap_exact_out
        trade, after = call(pool.tokens[i], pool.tokens[j], amount)
        return after, trade.amount_out if kind == "in" else trade.amount_in
    if kind in {"join_exact", "exit_exact"}:
        amounts = dict(zip(pool.tokens, _integers(cast("Row", given[0])), strict=True))
        after = (pool.join_exact if kind == "join_exact" else pool.exit_exact)(amounts)[1]
    elif kind in {"join_single", "exit_single"}:
        i, shares = _integers(given)
        call_single = pool.join_single if kind == "join_single" else pool.exit_single
        after = call_single(pool.tokens[i], shares)[1]
    elif kind in {"join_all", "exit_all"}:
        after = (pool.join_proportional if kind == "join_all" else pool.exit_proportional)(integer(given[0]))[
            1
        ]
    else:
        raise ValueError(f"operation {kind!r} is not known")
    moved = tuple(abs(b - a) for a, b in zip(pool.balances, after.balances, strict=True))
    return after, (moved, after.total_supply - pool.total_supply)


def _normal(expected: object) -> object:
    if isinstance(expected, list):
        moved, shares = expected
        return _integers(moved), integer(shares)
    return integer(expected)


def _integers(values: object) -> tuple[int, ...]:
    return tuple(map(integer, cast("Row", values)))


CHECKERS: dict[str, Checker] = {"balancer-weighted-pool/1": check_weighted_pool}
