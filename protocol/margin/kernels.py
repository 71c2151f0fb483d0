"""The compiled kernels of the whole-book engine: loops over arrays that numpy would run many times slower.

Importing this module imports numba (extra ``fast``); only ``protocol.margin.book.engine`` does, when asked.
Every kernel stands beside a readable numpy form in ``protocol.margin.book`` that it equals bit for bit: terms
are added in the same order, nothing is fused or reordered, and no library function is called. Kernels work on
a range [first, last) and release the interpreter's lock, so threads take ranges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from protocol.margin.book.polynomials import LANES
from protocol.margin.compiling import NONE, ONE, inlined, jit
from protocol.margin.list_kernels import (
    decide_excess,
    decide_parts,
    furthest_move,
    look,
    near_parts,
    reach,
    sum_by_instrument,
    sum_by_place,
)
from protocol.margin.vector_code import (
    block_radii,
    block_signs,
    block_totals,
    lowest_bit,
    multiply_wide,
)
from protocol.margin.vector_options import option_lanes
from protocol.margin.vector_rows import (
    AHEAD_ROWS,
    panel_least,
    panel_least_33,
    panel_least_33_ahead,
    panel_least_ahead,
    row_least_8,
    row_least_32,
    row_signs_8,
    row_signs_32,
    row_store_8,
    row_store_32,
)

__all__ = [
    "columns",
    "decide",
    "decide_excess",
    "decide_parts",
    "exact_excess",
    "first_negative",
    "furthest_move",
    "least",
    "least_of_panel",
    "look",
    "members",
    "near_parts",
    "option_values",
    "radii",
    "reach",
    "sum_by_instrument",
    "sum_by_place",
    "totals",
]


@jit
def decide(
    balances: Any, starts: Any, rows: Any, sizes: Any, costs: Any, owned: Any, owed: Any, table: Any,
    doubt: Any, negative: Any, unknown: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write per block the masks of accounts certainly below zero and of those nobody can tell."""
    assets = balances.shape[1]
    for block in range(first, last):
        negative[block], unknown[block] = block_signs(
            balances, block, assets, starts, rows, sizes, costs, owned, owed, table, doubt[block]
        )


@jit
def radii(
    balances: Any, starts: Any, rows: Any, sizes: Any, costs: Any, owned: Any, owed: Any, table: Any,
    owned_moving: Any, owed_moving: Any, table_moving: Any, slack: Any, relative: float, absolute: float,
    out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write per account (excess - slack) over gross moving exposure, shortened where finite."""
    assets = balances.shape[1]
    for block in range(first, last):
        block_radii(
            balances, block, assets, starts, rows, sizes, costs, owned, owed, table,
            owned_moving, owed_moving, table_moving, slack[block], relative, absolute, out,
        )  # fmt: skip


@inlined
def write_members(mask: Any, first: int, order: Any, found: Any, count: int) -> int:
    """Write the accounts of one block's bits from place ``count`` on; return the place after them."""
    while mask != NONE:
        account = order[first + lowest_bit(mask)]
        mask &= mask - ONE
        if account >= 0:
            found[count] = account
            count += 1
    return count


@jit
def members(masks: Any, order: Any, found: Any) -> int:
    """Write the accounts whose bits are set, padding left out; return how many."""
    count = 0
    for block in range(masks.shape[0]):
        count = write_members(masks[block], 64 * block, order, found, count)
    return count


@jit
def totals(
    balances: Any, starts: Any, rows: Any, sizes: Any, costs: Any, owned: Any, owed: Any, table: Any,
    sums: Any, gross: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write per account the sum of terms and of absolute terms, the latter without costs."""
    assets = balances.shape[1]
    for block in range(first, last):
        block_totals(balances, block, assets, starts, rows, sizes, costs, owned, owed, table, sums, gross)


@jit
def first_negative(
    starts: Any, rows: Any, values: Any, constants: Any, order: Any, wide: Any, narrow: Any,
    bounds: Any, out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write per account the first column whose sum is below zero, else -1."""
    height, panels = wide.shape[1], wide.shape[0]
    for i in range(first, last):
        found, begin, end = -1, starts[i], starts[i + 1]
        for panel in range(panels + narrow.shape[0]):
            if panel % 8 == 0:
                open_panels = np.uint64(255)
                if bounds.shape[0]:
                    open_panels = row_signs_8(
                        constants[i], begin, end, rows, values, bounds, height, panel // 8, out, 0
                    )
            if not (open_panels >> np.uint64(panel % 8)) & ONE:
                continue
            if panel < panels:
                mask = row_signs_32(constants[i], begin, end, rows, values, wide, height, panel, out, 0)
                column = 32 * panel
            else:
                part = panel - panels
                mask = row_signs_8(constants[i], begin, end, rows, values, narrow, height, part, out, 0)
                column = 32 * panels + 8 * part
            if mask != 0:
                found = column + lowest_bit(mask)
                break
        out[order[i]] = found


@inlined
def least_start(start: float, with_start: bool, most: float) -> float:
    """Return what the least is taken from: ``most`` and, if it counts, what the account starts from."""
    return min(start, most) if with_start else most


@jit
def least(
    starts: Any, rows: Any, values: Any, constants: Any, order: Any, wide: Any, narrow: Any,
    with_start: bool, most: float, out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write per account the least of all columns, ``most`` and, if it counts, what it starts from."""
    height, panels = wide.shape[1], wide.shape[0]
    for i in range(first, last):
        worst, begin, end = least_start(constants[i], with_start, most), starts[i], starts[i + 1]
        for panel in range(panels):
            value = row_least_32(constants[i], begin, end, rows, values, wide, height, panel, out, 0)
            worst = min(worst, value)
        for panel in range(narrow.shape[0]):
            value = row_least_8(constants[i], begin, end, rows, values, narrow, height, panel, out, 0)
            worst = min(worst, value)
        out[order[i]] = worst


@jit
def least_of_panel(
    starts: Any, rows: Any, values: Any, constants: Any, order: Any, wide: Any, single: Any,
    with_start: bool, most: float, out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write the same as ``least`` for one panel of 32 columns and perhaps a single one."""
    near_end = last
    while near_end > first and starts[near_end] + AHEAD_ROWS > rows.size:
        near_end -= 1
    for i in range(first, near_end):
        begin, end = starts[i], starts[i + 1]
        if single.size:
            worst = panel_least_33_ahead(constants[i], begin, end, rows, values, wide, single)
        else:
            worst = panel_least_ahead(constants[i], begin, end, rows, values, wide, single)
        out[order[i]] = min(worst, least_start(constants[i], with_start, most))
    for i in range(near_end, last):
        begin, end = starts[i], starts[i + 1]
        if single.size:
            worst = panel_least_33(constants[i], begin, end, rows, values, wide, single)
        else:
            worst = panel_least(constants[i], begin, end, rows, values, wide, single)
        out[order[i]] = min(worst, least_start(constants[i], with_start, most))


@jit
def columns(
    starts: Any, rows: Any, values: Any, constants: Any, order: Any, wide: Any, narrow: Any,
    out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write the sums of every account in every column (padded columns included)."""
    height, width = wide.shape[1], out.shape[1]
    for i in range(first, last):
        base = order[i] * width
        for panel in range(wide.shape[0]):
            row_store_32(
                constants[i], starts[i], starts[i + 1], rows, values, wide, height, panel, out,
                base + 32 * panel,
            )  # fmt: skip
        for panel in range(narrow.shape[0]):
            row_store_8(
                constants[i], starts[i], starts[i + 1], rows, values, narrow, height, panel, out,
                base + 32 * wide.shape[0] + 8 * panel,
            )  # fmt: skip


@jit
def option_values(
    forward: Any, strike: Any, logarithm: Any, volatility: Any, side: Any, out: Any, first: int, last: int
) -> None:
    """Write Black-76 values of flat arrays that are padded to whole steps of lanes."""
    for place in range(first, last - LANES + 1, LANES):
        option_lanes(forward, strike, logarithm, volatility, side, out, place)


WAD_SHIFTED = np.uint64(10**18 << 4)
RECIPROCAL = np.uint64(((1 << 128) - 1) // (10**18 << 4) - (1 << 64))
FOUR, SIXTY = np.uint64(4), np.uint64(60)


@inlined
def _divide(upper: Any, lower: Any) -> Any:
    """Return quotient and remainder of (upper : lower) by the shifted 10**18; ``upper`` is below it.

    A plain division of 128 bits would call a routine that compiled code does not find and end the process.
    Source: Moeller and Granlund, Improved division by invariant integers, IEEE Trans. Computers 60(2), 2011.
    """
    quotient, fraction = multiply_wide(RECIPROCAL, upper)
    fraction += lower
    quotient += upper + ONE + (ONE if fraction < lower else NONE)
    remainder = lower - quotient * WAD_SHIFTED
    high = remainder > fraction
    quotient -= ONE if high else NONE
    remainder += WAD_SHIFTED if high else NONE
    more = remainder >= WAD_SHIFTED
    return quotient + (ONE if more else NONE), remainder - (WAD_SHIFTED if more else NONE)


@inlined
def _divide_three(p2: Any, p1: Any, p0: Any) -> Any:
    """Return floor((p2 : p1 : p0) / 10**18) in two halves, for numbers below 2**188."""
    upper, rest = _divide((p2 << FOUR) | (p1 >> SIXTY), (p1 << FOUR) | (p0 >> SIXTY))
    lower, _ = _divide(rest, p0 << FOUR)
    return upper, lower


@jit
def exact_excess(
    starts: Any, rows: Any, upper: Any, lower: Any, cost_upper: Any, cost_lower: Any, price_upper: Any,
    price_lower: Any, rates: Any, value_sign: Any, part_sign: Any, out_upper: Any, out_lower: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Write the exact excess of every account in two halves; the caller has bounded every value."""
    for i in range(first, last):
        high, low = NONE - cost_upper[i], NONE - cost_lower[i]
        high -= ONE if cost_lower[i] != NONE else NONE
        for q in range(starts[i], starts[i + 1]):
            row = rows[q]
            p1, p0 = multiply_wide(lower[q], price_lower[row])
            c1, c0 = multiply_wide(upper[q], price_lower[row])
            d1, d0 = multiply_wide(lower[q], price_upper[row])
            p2, e1 = c1 + d1, upper[q] * price_upper[row]
            p1 += c0
            p2 += ONE if p1 < c0 else NONE
            p1 += d0
            p2 += ONE if p1 < d0 else NONE
            p2 += e1
            value_high, value_low = _divide_three(p2, p1, p0)
            p1, p0 = multiply_wide(value_low, rates[row])
            c1, c0 = multiply_wide(value_high, rates[row])
            p1 += c0
            p2 = c1 + (ONE if p1 < c0 else NONE)
            part_high, part_low = _divide_three(p2, p1, p0)
            # add value and part with their signs: xor with all ones and subtracting them negates
            sign = part_sign[row]
            added = (part_low ^ sign) - sign
            low += added
            high += (part_high ^ sign) + (ONE if low < added else NONE)
            high += ONE if (sign != NONE) & (part_low == NONE) else NONE
            sign, counts = value_sign[row, 0], value_sign[row, 1]
            value_low, value_high = value_low & counts, value_high & counts
            added = (value_low ^ sign) - sign
            low += added
            high += (value_high ^ sign) + (ONE if low < added else NONE)
            high += ONE if (sign != NONE) & (value_low == NONE) else NONE
        out_upper[i], out_lower[i] = high, low
