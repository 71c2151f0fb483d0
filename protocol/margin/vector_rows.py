"""Sums of sparse rows as LLVM vectors: one account's terms times rows of a table, all columns at once.

As in ``vector_code``: eight doubles a vector, added in the order of the terms, nothing fused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numba import types
from numba.core import cgutils

from protocol.margin.vector_code import (
    INT64,
    LANES,
    VECTOR,
    ZEROS,
    accumulators,
    bits_of,
    intrinsic,
    least_lane,
    load_vector,
    pointers_of,
    prefetch,
    spread,
)

AHEAD_TERMS, AHEAD_ROWS = 512, 8
"""Terms read ahead, and terms whose rows of the table are."""


def _row_sums(
    builder: Any, pointers: Sequence[Any], parts: int, single: Any = None, ahead: bool = False
) -> list[Any]:
    """Return start + sum over terms of value * table[panel, row, :] as ``parts`` vectors.

    With ``single``, a further column, its sum is the last of the list, a scalar. ``ahead`` asks for rows of
    the table ``AHEAD_ROWS`` terms early, where it fills the second cache; so many terms must follow.
    """
    start, first, last, rows, values, table, height, panel = pointers[:8]
    width = INT64(LANES * parts)
    table = builder.gep(table, [builder.mul(builder.mul(panel, height), width)])
    for pointer, step in ((rows, 0), (values, 0), (values, LANES)):
        prefetch(builder, pointer, builder.add(first, INT64(AHEAD_TERMS + step)))
    sums, add = accumulators(builder, [spread(builder, start)] * parts)
    alone = cgutils.alloca_once_value(builder, start)
    with cgutils.for_range_slice(builder, first, last, INT64(1), inc=True) as (term, _):
        if ahead:
            later = builder.load(builder.gep(rows, [builder.add(term, INT64(AHEAD_ROWS))]))
            base = builder.mul(builder.zext(later, INT64), width)
            for part in range(parts):
                prefetch(builder, table, builder.add(base, INT64(LANES * part)))
        row = builder.zext(builder.load(builder.gep(rows, [term])), INT64)
        units = builder.load(builder.gep(values, [term]))
        value = spread(builder, units)
        base = builder.mul(row, width)
        for part in range(parts):
            add(
                part, builder.fmul(value, load_vector(builder, table, builder.add(base, INT64(LANES * part))))
            )
        if single is not None:
            product = builder.fmul(units, builder.load(builder.gep(single, [row])))
            builder.store(builder.fadd(builder.load(alone), product), alone)
    return [builder.load(place) for place in (sums if single is None else [*sums, alone])]


def _row_intrinsic(parts: int, result: Any, finish: Callable[..., Any]) -> Any:
    """Return an intrinsic that sums a row's terms in ``parts`` vectors and then ``finish``-es them."""

    @intrinsic
    def row(
        typing: Any, start: Any, first: Any, last: Any, rows: Any, values: Any, table: Any, height: Any,
        panel: Any, out: Any, place: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointers = pointers_of(context, builder, signature, arguments)
            return finish(context, builder, _row_sums(builder, pointers, parts), pointers[8:])

        whole = types.int64
        return result(types.float64, whole, whole, rows, values, table, whole, whole, out, whole), generate

    return row


def _finish_mask(context: Any, builder: Any, sums: list[Any], rest: list[Any]) -> Any:
    return bits_of(builder, [builder.fcmp_ordered("<", total, ZEROS) for total in sums])


def _finish_store(context: Any, builder: Any, sums: list[Any], rest: list[Any]) -> Any:
    for part, total in enumerate(sums):
        place = builder.gep(rest[0], [builder.add(rest[1], INT64(LANES * part))])
        builder.store(total, builder.bitcast(place, VECTOR.as_pointer())).align = 8
    return context.get_dummy_value()


def _finish_least(context: Any, builder: Any, sums: list[Any], rest: list[Any]) -> Any:
    return least_lane(builder, sums)


row_signs_32, row_signs_8 = (_row_intrinsic(parts, types.uint64, _finish_mask) for parts in (4, 1))
row_least_32, row_least_8 = (_row_intrinsic(parts, types.float64, _finish_least) for parts in (4, 1))
row_store_32, row_store_8 = (_row_intrinsic(parts, types.void, _finish_store) for parts in (4, 1))


def _panel_intrinsic(ahead: bool, with_single: bool) -> Any:
    """Return an intrinsic for the least of a table's first panel and perhaps of a single column."""

    @intrinsic
    def row(
        typing: Any, start: Any, first: Any, last: Any, rows: Any, values: Any, table: Any, single: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            *pointers, column = pointers_of(context, builder, signature, arguments)
            parts = [*pointers, INT64(0), INT64(0)]
            sums = _row_sums(builder, parts, 4, column if with_single else None, ahead)
            least = least_lane(builder, sums[:4])
            for alone in sums[4:]:
                least = builder.select(builder.fcmp_ordered("<", alone, least), alone, least)
            return least

        whole = types.int64
        return types.float64(types.float64, whole, whole, rows, values, table, single), generate

    return row


panel_least, panel_least_ahead = (_panel_intrinsic(ahead, with_single=False) for ahead in (False, True))
panel_least_33, panel_least_33_ahead = (_panel_intrinsic(ahead, with_single=True) for ahead in (False, True))
