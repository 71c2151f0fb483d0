"""The compiled kernels of lists: who may have failed since they were last looked at, and what they held.

As ``kernels``, which hands them out; each stands beside a readable numpy form in ``protocol.margin.book``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from protocol.margin.book.widths import MOST_PARTS, PARTS, WIDTH
from protocol.margin.compiling import ALL, NONE, ONE, PART_BITS, inlined, jit
from protocol.margin.vector_code import (
    block_excess,
    block_rest,
    block_short,
    fetch,
    lowest_bit,
    part_below,
    part_rest,
)

LANES_OF_PART = WIDTH // PARTS


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
