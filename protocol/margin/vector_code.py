"""Sums as LLVM vectors: the inner loops of the kernels, one instruction sequence for any machine.

The compiler, left alone, keeps accumulators in memory and takes minima one by one. Here they are vectors of
eight doubles, which it keeps in registers (one of 512 bits, two of 256 or four of 128), added in the order
of the terms: no fused multiply-add, no reordering, so the bits do not depend on the machine. Blocks are read
with prefetches: a block is four streams of memory, and the hardware follows them late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.np import arrayobj

from protocol.margin.book.widths import PARTS, WIDTH

intrinsic: Callable[..., Any] = extending.intrinsic
LANES, BLOCK = WIDTH // PARTS, WIDTH
AHEAD_BALANCES, AHEAD_POSITIONS = 1024, 768
"""Elements read ahead of balances and of positions of blocks."""
DOUBLE, BIT, BYTE, INT32, INT64, INT128 = ir.DoubleType(), *(ir.IntType(bits) for bits in (1, 8, 32, 64, 128))
VECTOR = ir.VectorType(DOUBLE, LANES)
ZEROS = ir.Constant(VECTOR, [0.0] * LANES)
_PART_STARTS = [INT64(LANES * part) for part in range(PARTS)]


def pointers_of(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> list[Any]:
    """Return data pointers of array arguments, other arguments as they are."""
    return [
        arrayobj.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, arguments, strict=True)
    ]


def spread(builder: Any, scalar: Any, kind: Any = VECTOR) -> Any:
    """Return a vector of one number."""
    undefined = ir.Constant(kind, ir.Undefined)
    vector = builder.insert_element(undefined, scalar, INT32(0))
    return builder.shuffle_vector(vector, undefined, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES))


def load_vector(builder: Any, pointer: Any, index: Any, kind: Any = VECTOR) -> Any:
    """Return the vector at an index, which need not be aligned."""
    place = builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())
    loaded = builder.load(place)
    loaded.align = 8 if kind.element is DOUBLE else 1
    return loaded


def prefetch(builder: Any, pointer: Any, index: Any) -> None:
    """Ask for the cache line of an element."""
    kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), INT32, INT32, INT32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    place = builder.bitcast(builder.gep(pointer, [index]), BYTE.as_pointer())
    builder.call(function, [place, INT32(0), INT32(3), INT32(1)])


def _gather(builder: Any, table: Any, indices: Any) -> Any:
    whole = ir.VectorType(INT64, LANES)
    addresses = ir.VectorType(DOUBLE.as_pointer(), LANES)
    mask = ir.VectorType(BIT, LANES)
    kind = ir.FunctionType(VECTOR, [addresses, INT32, mask, VECTOR])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.gather.v8f64.v8p0")
    offset = builder.shl(builder.zext(indices, whole), ir.Constant(whole, [3] * LANES))
    place = builder.add(spread(builder, builder.ptrtoint(table, INT64), whole), offset)
    return builder.call(
        function, [builder.inttoptr(place, addresses), INT32(8), ir.Constant(mask, [1] * LANES), ZEROS]
    )


def accumulators(builder: Any, start: Sequence[Any]) -> tuple[list[Any], Callable[[int, Any], None]]:
    """Return places of running sums, and what adds a term to one of them."""
    places = [cgutils.alloca_once(builder, VECTOR) for _ in start]
    for place, value in zip(places, start, strict=True):
        builder.store(value, place)

    def add(part: int, term: Any) -> None:
        builder.store(builder.fadd(builder.load(places[part]), term), places[part])

    return places, add


def _absolute(builder: Any, vector: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", vector, ZEROS), builder.fsub(ZEROS, vector), vector)


def _block_sums(
    builder: Any, pointers: Sequence[Any], moving: bool, part: Any = None
) -> tuple[list[Any], list[Any]]:
    """Return per lane the sum of all terms and, if ``moving``, the sum of absolute terms of moving prices.

    With ``part``, only those of the eight accounts of that number; what follows is not asked for ahead.
    """
    balances, block, assets, starts, rows, sizes, costs, owned, owed, table, *other = pointers
    at = builder.mul(block, INT64(BLOCK))
    costs = builder.gep(costs, [at])
    balances = builder.gep(balances, [builder.mul(at, assets)])
    parts, whole = [builder.mul(part, INT64(LANES))] if part else _PART_STARTS, part is None
    for start in parts:
        prefetch(builder, costs, builder.add(start, INT64(4 * BLOCK if whole else 0)))
    sums, add = accumulators(
        builder, [builder.fsub(ZEROS, load_vector(builder, costs, start)) for start in parts]
    )
    gross, add_gross = accumulators(builder, [ZEROS for _ in parts if moving])
    with cgutils.for_range_slice(builder, INT64(0), assets, INT64(1), inc=True) as (asset, _):
        of_asset = [spread(builder, builder.load(builder.gep(c, [asset]))) for c in (owned, owed, *other[:2])]
        base = builder.mul(asset, INT64(BLOCK))
        for number, start in enumerate(parts):
            place = builder.add(base, start)
            if whole:
                prefetch(builder, balances, builder.add(place, INT64(AHEAD_BALANCES)))
            amount = load_vector(builder, balances, place)
            held = builder.fcmp_ordered(">=", amount, ZEROS)
            add(number, builder.fmul(amount, builder.select(held, of_asset[0], of_asset[1])))
            if moving:
                term = builder.fmul(amount, builder.select(held, of_asset[2], of_asset[3]))
                add_gross(number, _absolute(builder, term))
    ends = [builder.load(builder.gep(starts, [builder.add(block, INT64(step))])) for step in (0, 1)]
    indices = ir.VectorType(rows.type.pointee, LANES)
    with cgutils.for_range_slice(builder, ends[0], ends[1], INT64(1), inc=True) as (slot, _):
        base = builder.mul(slot, INT64(BLOCK))
        if whole:
            prefetch(builder, rows, builder.add(base, INT64(AHEAD_POSITIONS)))
        for number, start in enumerate(parts):
            place = builder.add(base, start)
            if whole:
                prefetch(builder, sizes, builder.add(place, INT64(AHEAD_POSITIONS)))
            row = load_vector(builder, rows, place, indices)
            size = load_vector(builder, sizes, place)
            add(number, builder.fmul(size, _gather(builder, table, row)))
            if moving:
                term = builder.fmul(size, _gather(builder, other[2], row))
                add_gross(number, _absolute(builder, term))
    return [builder.load(place) for place in sums], [builder.load(place) for place in gross]


def bits_of(builder: Any, conditions: Sequence[Any]) -> Any:
    """Return the flags of all lanes as one integer, the first lane in the lowest bit."""
    mask = INT64(0)
    for part, condition in enumerate(conditions):
        bits = builder.zext(builder.bitcast(condition, BYTE), INT64)
        mask = builder.or_(mask, builder.shl(bits, INT64(LANES * part)))
    return mask


def least_lane(builder: Any, vectors: Sequence[Any]) -> Any:
    """Return the least element of vectors."""

    def smaller(a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    vector, lanes = vectors[0], LANES
    for other in vectors[1:]:
        vector = smaller(vector, other)
    while lanes > 1:
        lanes //= 2
        kind = ir.VectorType(INT32, lanes)
        undefined = ir.Constant(vector.type, ir.Undefined)
        lower = builder.shuffle_vector(vector, undefined, ir.Constant(kind, list(range(lanes))))
        upper = builder.shuffle_vector(vector, undefined, ir.Constant(kind, list(range(lanes, 2 * lanes))))
        vector = smaller(lower, upper)
    return builder.extract_element(vector, INT32(0))


@intrinsic
def block_signs(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, doubt: Any,
) -> Any:  # fmt: skip
    """Return bit masks of one block: sum below -doubt, and sum within +-doubt."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointers = pointers_of(context, builder, signature, arguments)
        sums, _ = _block_sums(builder, pointers[:-1], moving=False)
        upper = spread(builder, pointers[-1])
        lower = builder.fsub(ZEROS, upper)
        below = [builder.fcmp_ordered("<", total, lower) for total in sums]
        decided = [builder.fcmp_ordered(">", total, upper) for total in sums]
        unknown = [builder.not_(builder.or_(a, b)) for a, b in zip(below, decided, strict=True)]
        return context.make_tuple(
            builder, signature.return_type, (bits_of(builder, below), bits_of(builder, unknown))
        )

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.UniTuple(types.uint64, 2)(*array, types.float64), generate


@intrinsic
def part_below(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, part: Any,
) -> Any:  # fmt: skip
    """Return the bit mask within its block of the eight accounts of one part whose sum is below zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *pointers, part = pointers_of(context, builder, signature, arguments)
        sums, _ = _block_sums(builder, pointers, moving=False, part=part)
        bits = bits_of(builder, [builder.fcmp_ordered("<", sums[0], ZEROS)])
        return builder.shl(bits, builder.mul(part, INT64(LANES)))

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.uint64(*array, types.int64), generate


def _rest(builder: Any, pointers: Sequence[Any], part: Any = None) -> Any:
    """Store what is left to each eight accounts of a block, or to one such part; return who is below zero."""
    *pointers, share, slack, is_open, left = pointers
    sums, _ = _block_sums(builder, pointers, moving=False, part=part)
    share = builder.gep(share, [builder.mul(pointers[1], INT64(BLOCK))])
    left = builder.gep(left, [builder.mul(pointers[1], INT64(PARTS))])
    slack = spread(builder, slack)
    flags, never = ir.VectorType(BIT, LANES), ir.Constant(VECTOR, [float("inf")] * LANES)
    mask = INT64(0)
    for number, total in enumerate(sums):
        which = INT64(number) if part is None else part
        start = builder.mul(which, INT64(LANES))
        some = builder.bitcast(builder.trunc(builder.lshr(is_open, start), BYTE), flags)
        negative = builder.fcmp_ordered("<", total, ZEROS)
        rest = builder.fmul(builder.fsub(total, slack), load_vector(builder, share, start))
        counts = builder.and_(some, builder.not_(negative))
        counts = builder.and_(counts, builder.fcmp_ordered("<", rest, never))
        least = least_lane(builder, [builder.select(counts, rest, never)])
        builder.store(least, builder.gep(left, [which]))
        mask = builder.or_(mask, builder.shl(bits_of(builder, [builder.and_(some, negative)]), start))
    return mask


@intrinsic
def block_rest(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, share: Any, slack: Any, is_open: Any, left: Any,
) -> Any:  # fmt: skip
    """Return who is open and below zero; store the least (sum - slack) * share of the others by part."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _rest(builder, pointers_of(context, builder, signature, arguments))

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.uint64(*array, share, types.float64, types.uint64, left), generate


@intrinsic
def block_excess(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, excess: Any,
) -> Any:  # fmt: skip
    """Return whose sum is below zero; store the sums as float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *pointers, excess = pointers_of(context, builder, signature, arguments)
        sums, _ = _block_sums(builder, pointers, moving=False)
        short = ir.VectorType(ir.FloatType(), LANES)
        at = builder.mul(pointers[1], INT64(BLOCK))
        for part, total in enumerate(sums):
            place = builder.gep(excess, [builder.add(at, INT64(LANES * part))])
            builder.store(builder.fptrunc(total, short), builder.bitcast(place, short.as_pointer())).align = 4
        return bits_of(builder, [builder.fcmp_ordered("<", total, ZEROS) for total in sums])

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.uint64(*array, excess), generate


@intrinsic
def block_short(typing: Any, excess: Any, block: Any, gross: Any, move: Any, doubt: Any, stretch: Any) -> Any:
    """Return whose float32 excess in one block is not at least (move * gross + doubt) * stretch."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        excess, block, gross, *scalars = pointers_of(context, builder, signature, arguments)
        short = ir.VectorType(ir.FloatType(), LANES)
        move, doubt, stretch = (spread(builder, scalar, short) for scalar in scalars)
        at, flags = builder.mul(block, INT64(BLOCK)), []
        for start in _PART_STARTS:
            place = builder.add(at, start)
            held, most = (load_vector(builder, array, place, short) for array in (excess, gross))
            least = builder.fmul(builder.fadd(builder.fmul(most, move), doubt), stretch)
            flags.append(builder.fcmp_unordered("<", held, least))
        return bits_of(builder, flags)

    scalars = [types.float32] * 3
    return types.uint64(excess, types.int64, gross, *scalars), generate


@intrinsic
def part_rest(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, share: Any, slack: Any, is_open: Any, left: Any, part: Any,
) -> Any:  # fmt: skip
    """Do the same as ``block_rest`` for the eight accounts of one part."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *pointers, part = pointers_of(context, builder, signature, arguments)
        return _rest(builder, pointers, part)

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.uint64(*array, share, types.float64, types.uint64, left, types.int64), generate


@intrinsic
def fetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of an element."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, place = pointers_of(context, builder, signature, arguments)
        prefetch(builder, pointer, place)
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def block_radii(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, owned_moving: Any, owed_moving: Any, table_moving: Any, slack: Any,
    relative: Any, absolute: Any, radii: Any,
) -> Any:  # fmt: skip
    """Store (sum - slack) / sum of absolute moving terms of one block's accounts, finite ones shortened."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointers = pointers_of(context, builder, signature, arguments)
        sums, gross = _block_sums(builder, pointers[:-4], moving=True)
        target = builder.gep(pointers[-1], [builder.mul(pointers[1], INT64(BLOCK))])
        slack, relative, absolute = (spread(builder, scalar) for scalar in pointers[-4:-1])
        for part, (total, exposed) in enumerate(zip(sums, gross, strict=True)):
            place = builder.bitcast(builder.gep(target, [INT64(LANES * part)]), VECTOR.as_pointer())
            radius = builder.fdiv(builder.fsub(total, slack), exposed)
            size = _absolute(builder, radius)
            shorter = builder.fsub(radius, builder.fadd(builder.fmul(size, relative), absolute))
            finite = builder.fcmp_ordered("<", size, ir.Constant(VECTOR, [float("inf")] * LANES))
            builder.store(builder.select(finite, shorter, radius), place).align = 8
        return context.get_dummy_value()

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    scalars = [types.float64] * 3
    return types.void(*array, owned_moving, owed_moving, table_moving, *scalars, radii), generate


@intrinsic
def block_totals(
    typing: Any,
    balances: Any,
    block: Any,
    assets: Any,
    starts: Any,
    rows: Any,
    sizes: Any,
    costs: Any,
    owned: Any,
    owed: Any,
    table: Any,
    totals: Any,
    gross: Any,
) -> Any:
    """Store the sums of terms and of absolute terms (without costs) of one block's accounts."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *pointers, totals, gross = pointers_of(context, builder, signature, arguments)
        sums, absolutes = _block_sums(builder, [*pointers, *pointers[-3:]], moving=True)
        at = builder.mul(pointers[1], INT64(BLOCK))
        for target, vectors in ((totals, sums), (gross, absolutes)):
            for part, vector in enumerate(vectors):
                place = builder.gep(target, [builder.add(at, INT64(LANES * part))])
                builder.store(vector, builder.bitcast(place, VECTOR.as_pointer())).align = 8
        return context.get_dummy_value()

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.void(*array, totals, gross), generate


@intrinsic
def lowest_bit(typing: Any, mask: Any) -> Any:
    """Return the number of the lowest bit that is set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], BIT(0))

    return types.int64(types.uint64), generate


@intrinsic
def multiply_wide(typing: Any, a: Any, b: Any) -> Any:
    """Return the upper and lower half of the product of two unsigned integers of 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.mul(*(builder.zext(argument, INT128) for argument in arguments))
        upper = builder.trunc(builder.lshr(product, INT128(64)), INT64)
        return context.make_tuple(builder, signature.return_type, (upper, builder.trunc(product, INT64)))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), generate
