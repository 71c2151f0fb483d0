"""The compiled kernels of the whole-book engine: loops over arrays that numpy would run many times slower.

Importing this module imports numba (extra ``fast``); only ``protocol.margin.book.engine`` does, when asked.
Every kernel stands beside a readable numpy form in ``protocol.margin.book`` that it equals bit for bit: terms
are added in the same order, nothing is fused or reordered, and no library function is called. Kernels work on
a range [first, last) and release the interpreter's lock, so threads take ranges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from protocol.margin.book.polynomials import LANES
from protocol.margin.book.widths import MOST_PARTS, PARTS
from protocol.margin.vector_code import (
    block_excess,
    block_radii,
    block_rest,
    block_short,
    block_signs,
    block_totals,
    fetch,
    lowest_bit,
    multiply_wide,
    part_below,
    part_rest,
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

LANES_OF_PART = 64 // PARTS
ONE, NONE, ALL, PART_BITS = np.uint64(1), np.uint64(0), np.uint64(2**64 - 1), np.uint64(255)
jit: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")
inlined: Callable[..., Any] = njit(inline="always", error_model="numpy")


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
def decide_excess(
    balances: Any, starts: Any, rows: Any, sizes: Any, costs: Any, owned: Any, owed: Any, table: Any,
    negative: Any, excess: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Write per block the mask of accounts below zero, and the sum of every account as float32."""
    assets = balances.shape[1]
    for block in range(first, last):
        negative[block] = block_excess(
            balances, block, assets, starts, rows, sizes, costs, owned, owed, table, excess
        )


@jit
def near_parts(
    excess: Any, gross: Any, doubt: Any, move: Any, stretch: Any, is_open: Any, chosen: Any
) -> int:
    """Write a bit per part with an open account whose excess may be gone; return how many parts."""
    count = 0
    for block in range(chosen.shape[0]):
        near = block_short(excess, block, gross, move, doubt[block], stretch) & is_open[block]
        bits = NONE
        if near != NONE:
            for part in range(PARTS):
                if (near >> np.uint64(8 * part)) & PART_BITS:
                    bits |= ONE << np.uint64(part)
                    count += 1
        chosen[block] = bits
    return count


@jit
def decide_parts(
    balances: Any, starts: Any, rows: Any, sizes: Any, costs: Any, owned: Any, owed: Any, table: Any,
    is_open: Any, chosen: Any, negative: Any,
) -> None:  # fmt: skip
    """Write per block the mask of open accounts below zero in chosen parts, a bit each."""
    assets = balances.shape[1]
    for block in range(chosen.shape[0]):
        below, parts = NONE, np.uint64(chosen[block])
        while parts != NONE:
            part = lowest_bit(parts)
            parts &= parts - ONE
            below |= part_below(balances, block, assets, starts, rows, sizes, costs, owned, owed, table, part)
        negative[block] = below & is_open[block]


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


@jit
def furthest_move(base: Any, now: Any, still: Any) -> float:
    """Return the largest relative move, or -1 where ``largest_move`` has more to say about the prices."""
    most = 0.0
    for price in range(now.size):
        after, before = now[price], base[price]
        if not 0 <= after < np.inf or (still[price] and after != before):
            return -1.0
        if before == 0:
            if after != before:
                return -1.0
        else:
            most = max(most, abs(after / before - 1.0))
    return most


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


@inlined
def write_keys(mask: Any, first: int, order: Any, keys: Any, count: int) -> int:
    """Write account * 2**32 + place of one block's bits from place ``count`` on; return the place after."""
    while mask != NONE:
        place = first + lowest_bit(mask)
        keys[count] = (order[place] << 32) + place
        mask &= mask - ONE
        count += 1
    return count


@inlined
def spent_by_price(reach: Any, block: int, moves: Any, last: int) -> float:
    """Return the sum over prices of reach times move, in four sums so that one need not wait for another."""
    a = b = c = d = 0.0
    for price in range(0, moves.shape[1], 4):
        a += reach[block, price] * moves[last, price]
        b += reach[block, price + 1] * moves[last, price + 1]
        c += reach[block, price + 2] * moves[last, price + 2]
        d += reach[block, price + 3] * moves[last, price + 3]
    return (a + b) + (c + d)


@inlined
def spent_by_part(reach: Any, block: int, moves: Any, last: int, out: Any) -> None:
    """Write per part the sum over prices of reach times move; prices that have not moved are not read."""
    for part in range(PARTS):
        out[part] = 0.0
    for price in range(reach.shape[1]):
        move = moves[last, price]
        if move > 0:
            for part in range(PARTS):
                out[part] += np.float64(reach[block, price, part]) * move


@jit
def look(
    balances: Any, starts: Any, rows: Any, sizes: Any, costs: Any, owned: Any, owed: Any, table: Any,
    prices: Any, seen: Any, per_price: Any, stretch: Any, reach: Any, widest: Any, part_reach: Any,
    part_widest: Any, share: Any, slack: Any, is_open: Any, failed: Any, failed_first: Any, left: Any,
    nearest: Any, when: Any, turn: int, negative: Any, order: Any, keys: Any,
) -> tuple[int, int]:  # fmt: skip
    """Look at parts of blocks that may have failed, write who has; return how many parts and accounts."""
    looked, count, assets = 0, 0, balances.shape[1]
    own, by_part = np.empty(PARTS), np.empty(PARTS)
    moves, furthest = np.zeros((seen.shape[0], reach.shape[1])), np.zeros(seen.shape[0])
    for time in range(seen.shape[0]):
        for price in range(seen.shape[1]):
            move = abs(prices[price] - seen[time, price]) * per_price[price]
            if move > 0:
                moves[time, price] = move * stretch[0] + stretch[1]
                furthest[time] = max(furthest[time], moves[time, price])
    for block in range(when.shape[0]):
        if when[block] == turn:
            when[block], nearest[block], failed[block] = 0, 1.0, failed_first[block]
            left[block] = 1.0
    for block in range(negative.shape[0]):
        negative[block] = NONE
        last, again = when[block], failed[block] & is_open[block]
        spent = widest[block] * furthest[last]
        if again == NONE and spent < nearest[block]:
            continue
        spent = min(spent, spent_by_price(reach, block, moves, last))
        if again == NONE and spent < nearest[block]:
            continue
        parts, some, sure = 0, NONE, True
        for part in range(PARTS):
            own[part] = min(spent, part_widest[block, part] * furthest[last])
            sure &= own[part] < left[block, part]
        if not sure:
            spent_by_part(part_reach, block, moves, last, by_part)
        for part in range(PARTS):
            if not own[part] < left[block, part]:
                own[part] = min(own[part], by_part[part])
            part_again = (again >> np.uint64(8 * part)) & PART_BITS
            if part_again != NONE or not own[part] < left[block, part]:
                parts += 1
                some |= PART_BITS << np.uint64(8 * part)
            else:
                left[block, part] = left[block, part] * stretch[2] - own[part]
        if parts > MOST_PARTS:
            parts, some = PARTS, ALL
            below = block_rest(
                balances, block, assets, starts, rows, sizes, costs, owned, owed, table,
                share, slack[block], is_open[block], left,
            )  # fmt: skip
        else:
            below = NONE
            for part in range(PARTS):
                if (some >> np.uint64(8 * part)) & ONE:
                    below |= part_rest(
                        balances, block, assets, starts, rows, sizes, costs, owned, owed, table,
                        share, slack[block], is_open[block], left, part,
                    )  # fmt: skip
        nearest[block], when[block] = left[block].min(), turn
        negative[block], failed[block] = below, (failed[block] & ~some) | below
        looked += parts
        count = write_keys(below, 64 * block, order, keys, count)
    return looked, count


@jit
def members(masks: Any, order: Any, found: Any) -> int:
    """Write the accounts whose bits are set, padding left out; return how many."""
    count = 0
    for block in range(masks.shape[0]):
        count = write_members(masks[block], 64 * block, order, found, count)
    return count


@jit
def reach(
    balances: Any, starts: Any, rows: Any, sizes: Any, owned: Any, owed: Any, table: Any, share: Any, out: Any
) -> None:
    """Write per block, price and part the largest absolute term times the account's share, in ``out``."""
    assets, instruments = balances.shape[1], table.shape[0] // 2
    for block in range(out.shape[0]):
        for asset in range(assets):
            for place in range(64):
                amount, part = balances[block, asset, place], place // LANES_OF_PART
                term = abs(amount * (owned[asset] if amount >= 0 else owed[asset])) * share[block, place]
                out[block, asset, part] = max(out[block, asset, part], term)
        for slot in range(starts[block], starts[block + 1]):
            for place in range(64):
                row, part = np.int64(rows[slot, place]), place // LANES_OF_PART
                term = abs(sizes[slot, place] * table[row]) * share[block, place]
                column = assets + (row - instruments if row >= instruments else row)
                out[block, column, part] = max(out[block, column, part], term)


@jit
def sum_by_place(starts: Any, rows: Any, sizes: Any, places: Any, out: Any) -> None:
    """Add the signed units of the positions at these places of blocks to ``out`` by instrument."""
    for place in places:
        block, lane = place >> 6, place & 63
        for slot in range(starts[block], starts[block + 1]):
            row = np.int64(rows[slot, lane])
            out[row - out.size if row >= out.size else row] += sizes[slot, lane]


@jit
def sum_by_instrument(starts: Any, held: Any, sizes: Any, accounts: Any, out: Any) -> None:
    """Add the signed units of these accounts' positions to ``out`` by instrument."""
    # Accounts lie apart: the two reads of each are asked for before they are needed.
    for place in range(-64, len(accounts)):
        if place + 64 < len(accounts):
            fetch(starts, accounts[place + 64])
        if -32 <= place < len(accounts) - 32:
            account = accounts[place + 32]
            fetch(held, starts[account])
            fetch(sizes, starts[account])
            fetch(sizes, starts[account + 1] - 1)
        if place < 0:
            continue
        for position in range(starts[accounts[place]], starts[accounts[place] + 1]):
            out[held[position]] += sizes[position]


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
