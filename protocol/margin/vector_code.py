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

intrinsic: Callable[..., Any] = extending.intrinsic
LANES, BLOCK = 8, 64
PARTS = BLOCK // LANES
AHEAD_BALANCES, AHEAD_POSITIONS, AHEAD_TERMS = 1024, 768, 512
"""Elements read ahead of balances, positions of blocks and terms of rows."""
DOUBLE, BIT, BYTE, INT32, INT64, INT128 = ir.DoubleType(), *(ir.IntType(bits) for bits in (1, 8, 32, 64, 128))
VECTOR = ir.VectorType(DOUBLE, LANES)
ZEROS = ir.Constant(VECTOR, [0.0] * LANES)


def pointers_of(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> list[Any]:
    """Return data pointers of array arguments, other arguments as they are."""
    return [
        arrayobj.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, arguments, strict=True)
    ]


def _spread(builder: Any, scalar: Any, kind: Any = VECTOR) -> Any:
    undefined = ir.Constant(kind, ir.Undefined)
    vector = builder.insert_element(undefined, scalar, INT32(0))
    return builder.shuffle_vector(vector, undefined, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES))


def load_vector(builder: Any, pointer: Any, index: Any, kind: Any = VECTOR) -> Any:
    """Return the vector at an index, which need not be aligned."""
    place = builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())
    loaded = builder.load(place)
    loaded.align = 8 if kind.element is DOUBLE else 1
    return loaded


def _prefetch(builder: Any, pointer: Any, index: Any) -> None:
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
    place = builder.add(_spread(builder, builder.ptrtoint(table, INT64), whole), offset)
    return builder.call(
        function, [builder.inttoptr(place, addresses), INT32(8), ir.Constant(mask, [1] * LANES), ZEROS]
    )


def _accumulators(builder: Any, start: Sequence[Any]) -> tuple[list[Any], Callable[[int, Any], None]]:
    places = [cgutils.alloca_once(builder, VECTOR) for _ in start]
    for place, value in zip(places, start, strict=True):
        builder.store(value, place)

    def add(part: int, term: Any) -> None:
        builder.store(builder.fadd(builder.load(places[part]), term), places[part])

    return places, add


def _absolute(builder: Any, vector: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", vector, ZEROS), builder.fsub(ZEROS, vector), vector)


def _block_sums(builder: Any, pointers: Sequence[Any], moving: bool) -> tuple[list[Any], list[Any]]:
    """Return per lane the sum of all terms and, if ``moving``, the sum of absolute terms of moving prices."""
    balances, block, assets, starts, rows, sizes, costs, owned, owed, table, *other = pointers
    at = builder.mul(block, INT64(BLOCK))
    costs = builder.gep(costs, [at])
    balances = builder.gep(balances, [builder.mul(at, assets)])
    parts = [INT64(LANES * part) for part in range(PARTS)]
    for part in parts:
        _prefetch(builder, costs, builder.add(part, INT64(4 * BLOCK)))
    sums, add = _accumulators(
        builder, [builder.fsub(ZEROS, load_vector(builder, costs, part)) for part in parts]
    )
    gross, add_gross = _accumulators(builder, [ZEROS for _ in parts if moving])
    with cgutils.for_range_slice(builder, INT64(0), assets, INT64(1), inc=True) as (asset, _):
        of_asset = [
            _spread(builder, builder.load(builder.gep(c, [asset]))) for c in (owned, owed, *other[:2])
        ]
        base = builder.mul(asset, INT64(BLOCK))
        for number, part in enumerate(parts):
            place = builder.add(base, part)
            _prefetch(builder, balances, builder.add(place, INT64(AHEAD_BALANCES)))
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
        _prefetch(builder, rows, builder.add(base, INT64(AHEAD_POSITIONS)))
        for number, part in enumerate(parts):
            place = builder.add(base, part)
            _prefetch(builder, sizes, builder.add(place, INT64(AHEAD_POSITIONS)))
            row = load_vector(builder, rows, place, indices)
            size = load_vector(builder, sizes, place)
            add(number, builder.fmul(size, _gather(builder, table, row)))
            if moving:
                term = builder.fmul(size, _gather(builder, other[2], row))
                add_gross(number, _absolute(builder, term))
    return [builder.load(place) for place in sums], [builder.load(place) for place in gross]


def _mask(builder: Any, conditions: Sequence[Any]) -> Any:
    """Return the flags of all lanes as one integer, the first lane in the lowest bit."""
    mask = INT64(0)
    for part, condition in enumerate(conditions):
        bits = builder.zext(builder.bitcast(condition, BYTE), INT64)
        mask = builder.or_(mask, builder.shl(bits, INT64(LANES * part)))
    return mask


@intrinsic
def block_signs(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, doubt: Any,
) -> Any:  # fmt: skip
    """Return bit masks of one block: sum below -doubt, and sum within +-doubt."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointers = pointers_of(context, builder, signature, arguments)
        sums, _ = _block_sums(builder, pointers[:-1], moving=False)
        upper = _spread(builder, pointers[-1])
        lower = builder.fsub(ZEROS, upper)
        below = [builder.fcmp_ordered("<", total, lower) for total in sums]
        decided = [builder.fcmp_ordered(">", total, upper) for total in sums]
        unknown = [builder.not_(builder.or_(a, b)) for a, b in zip(below, decided, strict=True)]
        return context.make_tuple(
            builder, signature.return_type, (_mask(builder, below), _mask(builder, unknown))
        )

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    return types.UniTuple(types.uint64, 2)(*array, types.float64), generate


@intrinsic
def block_rest(
    typing: Any, balances: Any, block: Any, assets: Any, starts: Any, rows: Any, sizes: Any, costs: Any,
    owned: Any, owed: Any, table: Any, share: Any, slack: Any, is_open: Any,
) -> Any:  # fmt: skip
    """Return the mask of open accounts below zero and the least (sum - slack) * share of the others."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *pointers, share, slack, is_open = pointers_of(context, builder, signature, arguments)
        sums, _ = _block_sums(builder, pointers, moving=False)
        share = builder.gep(share, [builder.mul(pointers[1], INT64(BLOCK))])
        slack = _spread(builder, slack)
        flags, never = ir.VectorType(BIT, LANES), ir.Constant(VECTOR, [float("inf")] * LANES)
        below, least = [], never
        for part, total in enumerate(sums):
            bits = builder.trunc(builder.lshr(is_open, INT64(LANES * part)), BYTE)
            some = builder.bitcast(bits, flags)
            negative = builder.fcmp_ordered("<", total, ZEROS)
            below.append(builder.and_(some, negative))
            rest = builder.fmul(builder.fsub(total, slack), load_vector(builder, share, INT64(LANES * part)))
            counts = builder.and_(some, builder.not_(negative))
            counts = builder.and_(counts, builder.fcmp_ordered("<", rest, least))
            least = builder.select(counts, rest, least)
        least = _finish_least(context, builder, [least], [])
        return context.make_tuple(builder, signature.return_type, (_mask(builder, below), least))

    array = (balances, types.int64, types.int64, starts, rows, sizes, costs, owned, owed, table)
    result = types.Tuple((types.uint64, types.float64))
    return result(*array, share, types.float64, types.uint64), generate


@intrinsic
def fetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of an element."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, place = pointers_of(context, builder, signature, arguments)
        _prefetch(builder, pointer, place)
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
        slack, relative, absolute = (_spread(builder, scalar) for scalar in pointers[-4:-1])
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


def _row_sums(builder: Any, pointers: Sequence[Any], parts: int, single: Any = None) -> list[Any]:
    """Return start + sum over terms of value * table[panel, row, :] as ``parts`` vectors.

    With ``single``, a further column, its sum is the last of the list, a scalar.
    """
    start, first, last, rows, values, table, height, panel = pointers[:8]
    width = INT64(LANES * parts)
    table = builder.gep(table, [builder.mul(builder.mul(panel, height), width)])
    for pointer, step in ((rows, 0), (values, 0), (values, LANES)):
        _prefetch(builder, pointer, builder.add(first, INT64(AHEAD_TERMS + step)))
    sums, add = _accumulators(builder, [_spread(builder, start)] * parts)
    alone = cgutils.alloca_once_value(builder, start)
    with cgutils.for_range_slice(builder, first, last, INT64(1), inc=True) as (term, _):
        row = builder.zext(builder.load(builder.gep(rows, [term])), INT64)
        units = builder.load(builder.gep(values, [term]))
        value = _spread(builder, units)
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
    return _mask(builder, [builder.fcmp_ordered("<", total, ZEROS) for total in sums])


def _finish_store(context: Any, builder: Any, sums: list[Any], rest: list[Any]) -> Any:
    for part, total in enumerate(sums):
        place = builder.gep(rest[0], [builder.add(rest[1], INT64(LANES * part))])
        builder.store(total, builder.bitcast(place, VECTOR.as_pointer())).align = 8
    return context.get_dummy_value()


def _finish_least(context: Any, builder: Any, sums: list[Any], rest: list[Any]) -> Any:
    def smaller(a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    vector, lanes = sums[0], LANES
    for total in sums[1:]:
        vector = smaller(vector, total)
    while lanes > 1:
        lanes //= 2
        kind = ir.VectorType(INT32, lanes)
        undefined = ir.Constant(vector.type, ir.Undefined)
        lower = builder.shuffle_vector(vector, undefined, ir.Constant(kind, list(range(lanes))))
        upper = builder.shuffle_vector(vector, undefined, ir.Constant(kind, list(range(lanes, 2 * lanes))))
        vector = smaller(lower, upper)
    return builder.extract_element(vector, INT32(0))


row_signs_32, row_signs_8 = (_row_intrinsic(parts, types.uint64, _finish_mask) for parts in (4, 1))
row_least_32, row_least_8 = (_row_intrinsic(parts, types.float64, _finish_least) for parts in (4, 1))
row_store_32, row_store_8 = (_row_intrinsic(parts, types.void, _finish_store) for parts in (4, 1))


@intrinsic
def row_least_33(
    typing: Any,
    start: Any,
    first: Any,
    last: Any,
    rows: Any,
    values: Any,
    table: Any,
    height: Any,
    panel: Any,
    single: Any,
) -> Any:
    """Return the least of a panel's 32 sums and of the single column's."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointers = pointers_of(context, builder, signature, arguments)
        *sums, alone = _row_sums(builder, pointers, 4, pointers[8])
        least = _finish_least(context, builder, sums, [])
        return builder.select(builder.fcmp_ordered("<", alone, least), alone, least)

    whole = types.int64
    return types.float64(types.float64, whole, whole, rows, values, table, whole, whole, single), generate


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
