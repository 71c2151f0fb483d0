"""Jump diffusions in numba: all steps of a block of paths, nothing stored that is not asked for.

``jump_diffusion._run_reference`` is the readable form. See ``kernels`` for numba's cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from scenarios.markets.kernels import (
    LANES,
    LONG,
    NARROW,
    TABLE,
    WIDE,
    block_at,
    box_muller,
    exponential_of,
    fill_normals,
    fill_products,
    philox,
    room,
    uniform_of,
)
from scenarios.markets.vectors import (
    any_reached,
    element,
    lesser,
    load,
    load_words,
    reached,
    root,
    spread,
    store,
    widest_vectors,
)
from scenarios.seeds import JUMP_STRIDE, Purpose, purpose_word

__all__ = ["TABLE", "jump_diffusion"]

_GAP = 32  # doubles between even and odd normals, lest both lie in the same places of the cache
_PRICE, _JUMP_COUNT, _JUMP_SIZE = (
    np.uint64(purpose_word(purpose)) for purpose in (Purpose.PRICE, Purpose.JUMP_COUNT, Purpose.JUMP_SIZE)
)
_STRIDE = np.uint64(JUMP_STRIDE)


@njit(inline="always")
def _correlate(assets, lanes, half, drift, loading, normal, change):
    """Fill ``change[assets, lanes]`` with drift plus the lower triangle's products, added in their order.

    Four assets at a time, so that a normal is read once for four of them.
    """
    for i in range(0, assets - assets % 4, 4):
        row0, row1, row2, row3 = i * assets, (i + 1) * assets, (i + 2) * assets, (i + 3) * assets
        for at in range(0, lanes, WIDE):
            total0, total1 = spread(element(drift, i), WIDE), spread(element(drift, i + 1), WIDE)
            total2, total3 = spread(element(drift, i + 2), WIDE), spread(element(drift, i + 3), WIDE)
            for j in range(0, i, 2):
                z = load(normal, j // 2 * lanes + at, WIDE)
                total0 = total0 + element(loading, row0 + j) * z
                total1 = total1 + element(loading, row1 + j) * z
                total2 = total2 + element(loading, row2 + j) * z
                total3 = total3 + element(loading, row3 + j) * z
                z = load(normal, half + j // 2 * lanes + at, WIDE)
                total0 = total0 + element(loading, row0 + j + 1) * z
                total1 = total1 + element(loading, row1 + j + 1) * z
                total2 = total2 + element(loading, row2 + j + 1) * z
                total3 = total3 + element(loading, row3 + j + 1) * z
            z = load(normal, i // 2 * lanes + at, WIDE)
            store(change, i * lanes + at, total0 + element(loading, row0 + i) * z)
            total1 = total1 + element(loading, row1 + i) * z
            total2 = total2 + element(loading, row2 + i) * z
            total3 = total3 + element(loading, row3 + i) * z
            z = load(normal, half + i // 2 * lanes + at, WIDE)
            store(change, (i + 1) * lanes + at, total1 + element(loading, row1 + i + 1) * z)
            total2 = total2 + element(loading, row2 + i + 1) * z
            total3 = total3 + element(loading, row3 + i + 1) * z
            z = load(normal, (i // 2 + 1) * lanes + at, WIDE)
            store(change, (i + 2) * lanes + at, total2 + element(loading, row2 + i + 2) * z)
            total3 = total3 + element(loading, row3 + i + 2) * z
            z = load(normal, half + (i // 2 + 1) * lanes + at, WIDE)
            store(change, (i + 3) * lanes + at, total3 + element(loading, row3 + i + 3) * z)
    for i in range(assets - assets % 4, assets):
        for at in range(0, lanes, WIDE):
            total = spread(element(drift, i), WIDE)
            for j in range(i + 1):
                z = load(normal, j // 2 * lanes + j % 2 * half + at, WIDE)
                total = total + element(loading, i * assets + j) * z
            store(change, i * lanes + at, total)


@njit(inline="always")
def _jump(
    table, k0, k1, products, high, step, source, lanes, cumulative, factors, jump_mean, jump_loading, drawn,
    sizes, change,
):  # fmt: skip
    """Add one source's jumps to ``change``, passing over each ``NARROW`` paths of which none jumps."""
    lane = _JUMP_COUNT + np.uint64(source)
    for at in range(0, lanes, WIDE):
        words, _ = philox(step, lane, load_words(products, at, WIDE), high, k0, k1)
        store(drawn, at, uniform_of(words))
    first = _JUMP_SIZE + np.uint64(source) * _STRIDE
    calm, used = cumulative[source, 0], factors[source]
    for at in range(0, lanes, NARROW):
        uniform = load(drawn, at, NARROW)
        if not any_reached(uniform, calm):
            continue
        count = spread(0.0, NARROW)
        for k in range(cumulative.shape[1]):
            count = count + reached(uniform, cumulative[source, k])
        spreading = root(count)
        for pair in range((used + 1) // 2):
            lane = first + np.uint64(pair // 2)
            words, second = philox(step, lane, load_words(products, at, NARROW), high, k0, k1)
            if pair % 2:
                words = second
            one, two = box_muller(table, words)
            store(sizes, 2 * pair * NARROW, one)
            store(sizes, (2 * pair + 1) * NARROW, two)
        for i in range(jump_mean.shape[1]):
            jump = spread(0.0, NARROW)
            for j in range(used):
                jump = jump + jump_loading[source, i, j] * load(sizes, j * NARROW, NARROW)
            place = i * lanes + at
            moved = count * jump_mean[source, i] + spreading * jump
            store(change, place, load(change, place, NARROW) + moved)


@njit(inline="always")
def _enter(logs, lowest, spot, start, width, lanes, x, low, change, start_prices):
    """Take the state of a block; lanes beyond ``width`` repeat the last, what is beyond all lanes stays 0."""
    assets = logs.shape[0]
    for i in range(assets):
        for lane in range(lanes):
            x[i * lanes + lane] = logs[i, start + min(lane, width - 1)]
            low[i * lanes + lane] = lowest[i, start + min(lane, width - 1)]
            start_prices[i * lanes + lane] = spot[i]
    for beyond in range(assets * lanes, x.size):
        x[beyond] = 0.0
        change[beyond] = 0.0
        start_prices[beyond] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def jump_diffusion(
    table, k0, k1, first_run, first_step, steps, drift, loading, cumulative, factors, jump_mean, jump_loading,
    spot, logs, lowest, prices,
):  # fmt: skip
    """Advance log prices of ``logs[assets, runs]`` by ``steps`` and keep the lowest price in ``lowest``.

    Parameters
    ----------
    table
        ``kernels.TABLE``.
    drift, loading
        Per step: ``[assets]`` and the lower triangle ``[assets, assets]``.
    cumulative
        ``[sources, counts]``: probability of at most n jumps in a step.
    factors, jump_mean, jump_loading
        ``[sources]``, ``[sources, assets]`` and ``[sources, assets, assets]``: one log size is the mean
        plus the loading of its first ``factors`` columns times as many normals.
    spot
        ``[assets]``: price where the log price is zero.
    prices
        ``[steps, assets, runs]``, filled; with no steps nothing is stored.
    """
    widest_vectors()
    assets, runs = logs.shape
    quads = (assets + 3) // 4
    half = 2 * quads * LANES + _GAP
    normal, triangle = room(2 * half), loading.reshape(assets * assets)
    cells = (assets * LANES + LONG - 1) // LONG * LONG
    x, low, change, start_prices = room(cells), room(cells), room(cells), room(cells)
    products, drawn, sizes = room(LANES), room(LANES), room((4 * quads + 2) * NARROW)
    start = 0
    while start < runs:
        run, high, width, lanes = block_at(first_run, start, runs)
        fill_products(run, lanes, products)
        _enter(logs, lowest, spot, start, width, lanes, x, low, change, start_prices)
        for t in range(steps):
            step = np.uint64(first_step + t)
            fill_normals(table, k0, k1, products, high, step, _PRICE, quads, lanes, normal, half)
            _correlate(assets, lanes, half, drift, triangle, normal, change)
            for source in range(cumulative.shape[0]):
                _jump(
                    table, k0, k1, products, high, step, source, lanes, cumulative, factors, jump_mean,
                    jump_loading, drawn, sizes, change,
                )  # fmt: skip
            for at in range(0, assets * lanes, LONG):
                moved = load(x, at, LONG) + load(change, at, LONG)
                price = load(start_prices, at, LONG) * exponential_of(table, moved)
                store(x, at, moved)
                store(low, at, lesser(load(low, at, LONG), price))
                store(change, at, price)
            if prices.shape[0] > 0:
                for i in range(assets):
                    for lane in range(width):
                        prices[t, i, start + lane] = change[i * lanes + lane]
        for i in range(assets):
            for lane in range(width):
                logs[i, start + lane] = x[i * lanes + lane]
                lowest[i, start + lane] = low[i * lanes + lane]
        start += width
