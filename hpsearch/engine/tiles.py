"""Tiles: the few rows of a product that stay in vector registers, written as a compiler's instructions.

The instructions are those of LLVM, which numba compiles with; each vector is a row of a tile, or half of one.
"""

from __future__ import annotations

import contextlib
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _shape(context: Any, number: Any) -> tuple[int, int]:
    """Rows of a tile, and numbers in a vector register, of the processor that is compiled for.

    The sums of two registers a row, a row of the second factor and a number of the first have to fit the registers: 32
    with AVX-512 and on ARM, 16 with AVX2.
    """
    features = context.codegen().magic_tuple()[2].split(",")
    tall, size = (8, 64) if "+avx512f" in features else (4, 32) if "+avx2" in features else (4, 16)
    return tall, size * 8 // number.bitwidth


@intrinsic
def tile_shape(typing: Any, out: Any) -> Any:
    """Rows of a tile and numbers in a register, known to the compiler."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers = [ir.Constant(cgutils.intp_t, n) for n in _shape(context, out.dtype)]
        return context.make_tuple(builder, signature.return_type, numbers)

    return types.UniTuple(types.intp, 2)(out), code


class _Vectors:
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
        place = self._builder.bitcast(place, self.vector.as_pointer())
        if self._mask is not None:
            size, rest = ir.Constant(ir.IntType(32), self._size), ir.Constant(self.vector, None)
            return self._call("masked.load", ".p0", self.vector, place, size, self._mask, rest)
        loaded = self._builder.load(place)
        loaded.align = self._size
        return loaded

    def store(self, value: Any, place: Any) -> None:
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


class _Matrix:
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


def _places(context: Any, builder: Any, kind: Any, value: Any, indices: Any) -> Any:
    """Where in a matrix the rows are that are numbered so."""
    if isinstance(kind, types.NoneType):
        return indices
    P = _Matrix(context, builder, kind, value)
    number = context.get_value_type(kind.dtype).as_pointer()
    return [builder.sext(builder.load(builder.bitcast(P.at(n), number)), cgutils.intp_t) for n in indices]


def _keep_rolled(builder: Any, loop: Any) -> None:
    """Have the compiler leave a loop as it is: of two rounds at once the numbers do not fit the registers."""
    module = builder.module
    properties = ir.values.MDValue(module, [], str(len(module.metadata)))
    properties.operands = (properties, module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")]))
    (_, last) = loop.index.incomings[-1]
    last.terminator.set_metadata("llvm.loop", properties)


def _tile(registers: int, *, low: bool, last: bool) -> Any:
    """An intrinsic function: the tile of a product from row ``i`` and column ``j`` on.

    Args:
        registers: A row is as wide as so many.
        low: It has half as many rows as other tiles, or fewer. Rows beyond the last are the last row once more, as it
            is the same numbers that are written again.
        last: It may have fewer columns than that, and fewer rows.
    """

    @intrinsic
    def tile(
        typing: Any, a: Any, b: Any, start: Any, out: Any, picks: Any, terms: Any, V: Any, rates: Any, i: Any, j: Any
    ) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            tall, lanes = _shape(context, out.dtype)
            tall = tall // 2 if low else tall
            A, B, C = (_Matrix(context, builder, k, arguments[n]) for k, n in ((a, 0), (b, 1), (out, 3)))
            row, column = arguments[8:]
            left = builder.sub(C.shape[1], column) if last else None
            vectors = _Vectors(builder, context.get_value_type(out.dtype), lanes, left)
            columns = [builder.add(column, ir.Constant(column.type, n * lanes)) for n in range(registers)]
            end = builder.sub(C.shape[0], ir.Constant(row.type, 1))
            rows = [builder.add(row, ir.Constant(row.type, r)) for r in range(tall)]
            if low or last:
                rows = [builder.select(builder.icmp_signed("<", r, end), r, end) for r in rows]
            number = vectors.vector.element.as_pointer()
            first = [[ir.Constant(vectors.vector, None)] * registers for _ in rows]
            if not isinstance(start, types.NoneType):
                S = _Matrix(context, builder, start, arguments[2])
                if start.ndim == 1:
                    first = [[vectors.load(S.at(n)) for n in columns]] * tall
                else:
                    first = [[vectors.repeat(builder.load(builder.bitcast(S.at(r), number)))] * registers for r in rows]
            sums = [[cgutils.alloca_once_value(builder, value) for value in own] for own in first]
            places = _places(context, builder, picks, arguments[4], rows)
            with cgutils.for_range(builder, B.shape[0]) as loop:
                (term,) = _places(context, builder, terms, arguments[5], [loop.index])
                others = [vectors.load(B.at(loop.index, n)) for n in columns]
                for place, own in zip(places, sums, strict=True):
                    factor = vectors.repeat(builder.load(builder.bitcast(A.at(place, term), number)))
                    for total, other in zip(own, others, strict=True):
                        builder.store(vectors.fused(factor, other, builder.load(total)), total)
            _keep_rolled(builder, loop)
            if isinstance(V, types.NoneType):
                for r, own in zip(rows, sums, strict=True):
                    for n, total in zip(columns, own, strict=True):
                        vectors.store(builder.load(total), C.at(r, n))
            else:
                speed = _Matrix(context, builder, V, arguments[6])
                steps = [vectors.repeat(rate) for rate in cgutils.unpack_tuple(builder, arguments[7], 3)]
                for n, (r, own) in enumerate(zip(rows, sums, strict=True)):
                    there = builder.icmp_signed("<", builder.add(row, ir.Constant(row.type, n)), C.shape[0])
                    with builder.if_then(there) if low or last else contextlib.nullcontext():
                        for column, total in zip(columns, own, strict=True):
                            vectors.step(builder.load(total), steps, C.at(r, column), speed.at(r, column))
            return context.get_dummy_value()

        return types.void(a, b, start, out, picks, terms, V, rates, types.intp, types.intp), code

    return tile


wide_tile, last_tile = _tile(2, low=False, last=False), _tile(1, low=False, last=True)
low_tile = _tile(2, low=True, last=False)


def _turned_block(*, last: bool) -> Any:
    """An intrinsic function: turn the square block from row ``i`` and column ``j`` on, as wide as a register.

    In each step rows whose numbers differ in one binary digit exchange the numbers in whose columns that digit differs.

    Args:
        last: It may have fewer rows or columns than that.
    """

    @intrinsic
    def turned(typing: Any, a: Any, out: Any, picks: Any, i: Any, j: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            lanes = _shape(context, out.dtype)[1]
            A, C = _Matrix(context, builder, a, arguments[0]), _Matrix(context, builder, out, arguments[1])
            row, column = arguments[3:]
            number = context.get_value_type(out.dtype)
            right, below = (builder.sub(n, m) for n, m in zip(C.shape, (column, row), strict=True))
            source, target = (_Vectors(builder, number, lanes, n if last else None) for n in (right, below))
            rows, columns = ([builder.add(n, ir.Constant(n.type, r)) for r in range(lanes)] for n in (row, column))
            if last:
                end = builder.sub(C.shape[1], ir.Constant(row.type, 1))
                rows = [builder.select(builder.icmp_signed("<", r, end), r, end) for r in rows]
            own = [source.load(A.at(p, column)) for p in _places(context, builder, picks, arguments[2], rows)]
            digit = 1
            while digit < lanes:
                for r in range(lanes):
                    if not r & digit:
                        pair = own[r], own[r + digit]
                        own[r] = source.merge(*pair, [n if not n & digit else lanes + n - digit for n in range(lanes)])
                        own[r + digit] = source.merge(
                            *pair, [n + digit if not n & digit else lanes + n for n in range(lanes)]
                        )
                digit *= 2
            for c, value in zip(columns, own, strict=True):
                if last:
                    with builder.if_then(builder.icmp_signed("<", c, C.shape[0])):
                        target.store(value, C.at(c, row))
                else:
                    target.store(value, C.at(c, row))
            return context.get_dummy_value()

        return types.void(a, out, picks, types.intp, types.intp), code

    return turned


block, last_block = _turned_block(last=False), _turned_block(last=True)
