"""Vector registers, written as a compiler's instructions: rows of numbers read, multiplied and written at once.

The instructions are those of LLVM, which numba compiles with.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def shape_of(context: Any, number: Any) -> tuple[int, int]:
    """Rows of a tile, and numbers in a vector register, of the processor that is compiled for.

    The sums of two registers a row, a row of the second factor and a number of the first have to fit the registers: 32
    with AVX-512, 16 with AVX2. (Twice the rows would fit ARM's 32: whether that is faster there was not measured.)
    """
    features = context.codegen().magic_tuple()[2].split(",")
    tall, size = (8, 64) if "+avx512f" in features else (4, 32) if "+avx2" in features else (4, 16)
    return tall, size * 8 // number.bitwidth


@intrinsic
def tile_shape(typing: Any, out: Any) -> Any:
    """Rows of a tile and numbers in a register, known to the compiler."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers = [ir.Constant(cgutils.intp_t, n) for n in shape_of(context, out.dtype)]
        return context.make_tuple(builder, signature.return_type, numbers)

    return types.UniTuple(types.intp, 2)(out), code


class Vectors:
    """Writes the instructions of one row's vectors.

    Args:
        builder: Of the function's code.
        number: Type of a number.
        lanes: Numbers in a vector.
        left: Columns from the tile's first on, if they may not fill the vector; what is beyond them is neither read
            nor written.
    """

    def __init__(self, builder: Any, number: Any, lanes: int, left: Any = None) -> None:
        self.vector, self._builder, self._lanes = ir.VectorType(number, lanes), builder, lanes
        self._mask, self._size = None, 4 if number == ir.FloatType() else 8
        if left is not None:
            places = ir.Constant(ir.VectorType(left.type, lanes), list(range(lanes)))
            self._mask = builder.icmp_signed("<", places, self.repeat(left))

    def load(self, place: Any) -> Any:
        """The vector of the numbers from a place on."""
        place = self._builder.bitcast(place, self.vector.as_pointer())
        if self._mask is not None:
            size, rest = ir.Constant(ir.IntType(32), self._size), ir.Constant(self.vector, None)
            return self._call("masked.load", ".p0", self.vector, place, size, self._mask, rest)
        loaded = self._builder.load(place)
        loaded.align = self._size
        return loaded

    def store(self, value: Any, place: Any) -> None:
        """Write a vector from a place on."""
        place = self._builder.bitcast(place, self.vector.as_pointer())
        if self._mask is not None:
            size = ir.Constant(ir.IntType(32), self._size)
            self._call("masked.store", ".p0", ir.VoidType(), value, place, size, self._mask)
        else:
            self._builder.store(value, place).align = self._size

    def fused(self, x: Any, y: Any, z: Any) -> Any:
        """x·y + z, rounded once."""
        return self._call("fma", "", self.vector, x, y, z)

    def step(self, gradient: Any, rates: Any, weights: Any, speed: Any) -> None:
        """A step of descent at two places."""
        rate, momentum, decay = rates
        W, V = self.load(weights), self.load(speed)
        descent = self.fused(rate, gradient, self._builder.fmul(decay, W))
        moved = self.fused(momentum, V, self._builder.fneg(descent))
        self.store(moved, speed)
        self.store(self._builder.fadd(W, moved), weights)

    def repeat(self, number: Any) -> Any:
        """A vector of one number."""
        none = ir.Constant(ir.VectorType(number.type, self._lanes), ir.Undefined)
        first = self._builder.insert_element(none, number, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self._lanes), None)
        return self._builder.shuffle_vector(first, none, zeros)

    def merge(self, x: Any, y: Any, places: list[int]) -> Any:
        """The numbers at some places of two vectors one after the other."""
        return self._builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(ir.IntType(32), self._lanes), places))

    def _call(self, name: str, suffix: str, answer: Any, *arguments: Any) -> Any:
        """An intrinsic function of LLVM."""
        kind = ir.FunctionType(answer, [argument.type for argument in arguments])
        name = f"llvm.{name}.v{self._lanes}f{8 * self._size}{suffix}"
        return self._builder.call(cgutils.get_or_insert_function(self._builder.module, kind, name), arguments)


class Matrix:
    """Where an array's numbers are, as compiled code knows it."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder, self._data = builder, builder.bitcast(array.data, ir.IntType(8).as_pointer())
        self.shape, self._strides = (cgutils.unpack_tuple(builder, part) for part in (array.shape, array.strides))
        if kind.layout in "CF":  # the compiler makes more of numbers that lie side by side
            self._strides[-1 if kind.layout == "C" else 0] = ir.Constant(cgutils.intp_t, kind.dtype.bitwidth // 8)

    def at(self, *indices: Any) -> Any:
        """The place of a number, or of a row."""
        place = self._data
        for index, stride in zip(indices, self._strides, strict=False):
            place = self._builder.gep(place, [self._builder.mul(index, stride)])
        return place


def places_of(context: Any, builder: Any, picks: tuple[Any, Any], indices: Any) -> Any:
    """Where in a matrix the rows are that are numbered so, by the type and value of an array of places or of None."""
    kind, value = picks
    if isinstance(kind, types.NoneType):
        return indices
    P = Matrix(context, builder, kind, value)
    number = context.get_value_type(kind.dtype).as_pointer()
    return [builder.sext(builder.load(builder.bitcast(P.at(n), number)), cgutils.intp_t) for n in indices]


def keep_rolled(builder: Any, loop: Any) -> None:
    """Have the compiler leave a loop as it is: of two rounds at once the numbers do not fit the registers."""
    module = builder.module
    properties = ir.values.MDValue(module, [], str(len(module.metadata)))
    properties.operands = (properties, module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")]))
    (_, last) = loop.index.incomings[-1]
    last.terminator.set_metadata("llvm.loop", properties)
