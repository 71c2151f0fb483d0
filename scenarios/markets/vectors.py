"""Vectors of doubles and of 64-bit words as values of numba: kernels read like formulas and are vector code.

The compiler, left alone, turns a loop into vectors where it can prove that arrays do not overlap, and puts
one vector's chain of dependent operations behind another's. A value here is several registers (sixteen
doubles are two of 512 bits, four of 256 or eight of 128), so every operation of a formula is followed by
its independent twins. No operation is fused or reordered: the bits do not depend on the machine.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import extending, types
from numba.core import cgutils, config
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

# What they return is called without the typing context.
intrinsic: Callable[..., Any] = extending.intrinsic
sized_intrinsic: Callable[..., Any] = extending.intrinsic(prefer_literal=True)

_INT32, _INT64, _DOUBLE = ir.IntType(32), ir.IntType(64), ir.DoubleType()


class Floats(types.Type):
    """Some doubles."""

    element: Any = _DOUBLE
    scalar: Any = types.float64

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(f"{type(self).__name__}({lanes})")

    @property
    def code(self) -> Any:
        """LLVM's type."""
        return ir.VectorType(self.element, self.lanes)


class Words(Floats):
    """Some unsigned integers of 64 bits."""

    element = _INT64
    scalar = types.uint64


@extending.register_model(Floats)
@extending.register_model(Words)
class _Model(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.code)


def _spread(builder: Any, kind: Floats, value: Any) -> Any:
    """Return a scalar in every lane; a vector as it is."""
    if value.type == kind.code:
        return value
    undefined = ir.Constant(kind.code, ir.Undefined)
    places = ir.Constant(ir.VectorType(_INT32, kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(builder.insert_element(undefined, value, _INT32(0)), undefined, places)


def _constant(kind: Floats, values: list[Any]) -> Any:
    return ir.Constant(kind.code, [ir.Constant(kind.element, value) for value in values])


def _operator(function: Any, names: dict[type[Floats], str]) -> None:
    """Give an operator its meaning on two vectors, or on a vector and a number of its kind."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            vectors = [kind for kind in args if type(kind) in names]
            if vectors and all(kind in (vectors[0], vectors[0].scalar) for kind in args):
                return signature(vectors[0], *args)
            return None

    infer_global(function)(Template)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.return_type
        values = [_spread(builder, kind, argument) for argument in arguments]
        return getattr(builder, names[type(kind)])(*values)

    for kind in names:
        for operands in ((kind, kind), (kind, kind.scalar), (kind.scalar, kind)):
            extending.lower_builtin(function, *operands)(generate)


_operator(operator.add, {Floats: "fadd", Words: "add"})
_operator(operator.sub, {Floats: "fsub"})
_operator(operator.mul, {Floats: "fmul", Words: "mul"})
_operator(operator.truediv, {Floats: "fdiv"})
_operator(operator.and_, {Words: "and_"})
_operator(operator.or_, {Words: "or_"})
_operator(operator.xor, {Words: "xor"})
_operator(operator.lshift, {Words: "shl"})
_operator(operator.rshift, {Words: "lshr"})


@intrinsic
def root(typing: Any, x: Any) -> Any:
    """Return the square root of each lane."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        name = f"llvm.sqrt.v{x.lanes}f64"
        kind = ir.FunctionType(x.code, [x.code])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

    return x(x), generate


@intrinsic
def bits(typing: Any, x: Any) -> Any:
    """Return the bits of doubles."""
    kind = Words(x.lanes)
    return kind(x), lambda context, builder, signature, arguments: builder.bitcast(arguments[0], kind.code)


@intrinsic
def floats(typing: Any, x: Any) -> Any:
    """Return the doubles of which these are the bits."""
    kind = Floats(x.lanes)
    return kind(x), lambda context, builder, signature, arguments: builder.bitcast(arguments[0], kind.code)


@intrinsic
def lesser(typing: Any, a: Any, b: Any) -> Any:
    """Return the lesser of each two lanes; the second where they are equal."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", *arguments), *arguments)

    return a(a, b), generate


@intrinsic
def reached(typing: Any, a: Any, bound: Any) -> Any:
    """Return 1.0 in each lane that is at least a number, else 0.0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flags = builder.fcmp_ordered(">=", arguments[0], _spread(builder, a, arguments[1]))
        return builder.select(flags, *(_constant(a, [value] * a.lanes) for value in (1.0, 0.0)))

    return a(a, types.float64), generate


@intrinsic
def any_reached(typing: Any, a: Any, bound: Any) -> Any:
    """Tell whether some lane is at least a number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flags = builder.fcmp_ordered(">=", arguments[0], _spread(builder, a, arguments[1]))
        mask = builder.bitcast(flags, ir.IntType(a.lanes))
        return builder.icmp_unsigned("!=", mask, ir.Constant(mask.type, 0))

    return types.boolean(a, types.float64), generate


def _place(context: Any, builder: Any, array: Any, value: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array)(context, builder, value).data, [index])


def _load(array: Any, index: Any, kind: Floats) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(_place(context, builder, array, *arguments[:2]), kind.code.as_pointer())
        return builder.load(place, align=8)

    return generate


@sized_intrinsic
def load(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Return the vector that begins at an index of a flat array of doubles."""
    kind = Floats(lanes.literal_value)
    return kind(array, types.int64, lanes), _load(array, index, kind)


@sized_intrinsic
def load_words(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Return the words whose bits ``store`` left in a flat array of doubles."""
    kind = Words(lanes.literal_value)
    return kind(array, types.int64, lanes), _load(array, index, kind)


@intrinsic
def store(typing: Any, array: Any, index: Any, x: Any) -> Any:
    """Write a vector at an index of a flat array of doubles, words as their bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.bitcast(_place(context, builder, array, *arguments[:2]), x.code.as_pointer())
        builder.store(arguments[2], place, align=8)
        return context.get_dummy_value()

    return types.void(array, types.int64, x), generate


@sized_intrinsic
def spread(typing: Any, x: Any, lanes: Any) -> Any:
    """Return a double in every lane."""
    kind = Floats(lanes.literal_value)
    return kind(types.float64, lanes), lambda context, builder, signature, arguments: _spread(
        builder, kind, arguments[0]
    )


@intrinsic
def element(typing: Any, array: Any, index: Any) -> Any:
    """Return an element of a flat array, without the test whether the index counts from the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_place(context, builder, array, *arguments))

    return types.float64(array, types.int64), generate


@sized_intrinsic
def count_from(typing: Any, x: Any, lanes: Any) -> Any:
    """Return x, x + 1, x + 2, ..."""
    kind = Words(lanes.literal_value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.add(_spread(builder, kind, arguments[0]), _constant(kind, list(range(kind.lanes))))

    return kind(types.uint64, lanes), generate


@intrinsic
def widest_vectors(typing: Any) -> Any:
    """Ask for vectors as wide as the processor has: the compiler's own choice on some is half of that."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


def has_registers_of_512_bits() -> bool:
    """Tell whether numba compiles for a processor with such registers; any answer gives the same bytes."""
    name, features = (getattr(config, setting, None) for setting in ("CPU_NAME", "CPU_FEATURES"))
    if name or features:
        return "+avx512f" in (features or "")
    try:
        return bool(binding.get_host_cpu_features().get("avx512f", False))
    except RuntimeError:  # the system does not say
        return False
