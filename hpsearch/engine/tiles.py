"""Tiles: the few rows of a product that stay in vector registers.

Each vector is a row of a tile, or half of one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from hpsearch.engine.vectors import Matrix, Vectors, keep_rolled, places_of, shape_of


class _Tile:
    """Writes the instructions of one tile of a product.

    Args:
        context: Numba's.
        builder: Of the function's code.
        out: The product's type and value.
        corner: Row and column at which the tile begins.
        registers: A row is as wide as so many.
        low: It has half as many rows as other tiles, or fewer. Rows beyond the last are the last row once more, as it
            is the same numbers that are written again.
        last: It may have fewer columns than that, and fewer rows.
    """

    def __init__(
        self, context: Any, builder: Any, out: tuple[Any, Any], corner: Any, registers: int, *, low: bool, last: bool
    ) -> None:
        self._context, self._builder, self._row, self._cut = context, builder, corner[0], low or last
        tall, lanes = shape_of(context, out[0].dtype)
        self._out = Matrix(context, builder, *out)
        left = builder.sub(self._out.shape[1], corner[1]) if last else None
        self._vectors = Vectors(builder, context.get_value_type(out[0].dtype), lanes, left)
        self._columns = [builder.add(corner[1], ir.Constant(cgutils.intp_t, n * lanes)) for n in range(registers)]
        self._rows = [self._row_at(r) for r in range(tall // 2 if low else tall)]
        if self._cut:
            end = builder.sub(self._out.shape[0], ir.Constant(cgutils.intp_t, 1))
            self._rows = [builder.select(builder.icmp_signed("<", r, end), r, end) for r in self._rows]

    def _row_at(self, r: int) -> Any:
        return self._builder.add(self._row, ir.Constant(cgutils.intp_t, r))

    def _number_at(self, place: Any) -> Any:
        """A vector of the number there."""
        pointer = self._builder.bitcast(place, self._vectors.vector.element.as_pointer())
        return self._vectors.repeat(self._builder.load(pointer))

    def begin(self, kind: Any, start: Any) -> list[list[Any]]:
        """The sums of each row as they are before the first term."""
        first = [[ir.Constant(self._vectors.vector, None)] * len(self._columns) for _ in self._rows]
        if not isinstance(kind, types.NoneType):
            S = Matrix(self._context, self._builder, kind, start)
            if kind.ndim == 1:
                first = [[self._vectors.load(S.at(n)) for n in self._columns]] * len(self._rows)
            else:
                first = [[self._number_at(S.at(r))] * len(self._columns) for r in self._rows]
        return [[cgutils.alloca_once_value(self._builder, value) for value in own] for own in first]

    def grow(self, sums: Sequence[Sequence[Any]], factors: Any, picks: Any, terms: Any) -> None:
        """Add all terms: of each, a row of the second factor times numbers of the first."""
        (A, B), builder = (Matrix(self._context, self._builder, *factor) for factor in factors), self._builder
        places = places_of(self._context, builder, picks, self._rows)
        with cgutils.for_range(builder, B.shape[0]) as loop:
            (term,) = places_of(self._context, builder, terms, [loop.index])
            others = [self._vectors.load(B.at(loop.index, n)) for n in self._columns]
            for place, own in zip(places, sums, strict=True):
                factor = self._number_at(A.at(place, term))
                for total, other in zip(own, others, strict=True):
                    builder.store(self._vectors.fused(factor, other, builder.load(total)), total)
        keep_rolled(builder, loop)

    def store(self, sums: Sequence[Sequence[Any]]) -> None:
        """Write the sums to the product."""
        for r, own in zip(self._rows, sums, strict=True):
            for n, total in zip(self._columns, own, strict=True):
                self._vectors.store(self._builder.load(total), self._out.at(r, n))

    def descend(self, sums: Sequence[Sequence[Any]], velocity: Any, rates: Any) -> None:
        """Make a step of descent along the sums; a row that stands for one beyond the last makes none."""
        builder, V = self._builder, Matrix(self._context, self._builder, *velocity)
        steps = [self._vectors.repeat(rate) for rate in cgutils.unpack_tuple(builder, rates, 3)]
        for n, (r, own) in enumerate(zip(self._rows, sums, strict=True)):
            there = builder.icmp_signed("<", self._row_at(n), self._out.shape[0])
            with builder.if_then(there) if self._cut else contextlib.nullcontext():
                for column, total in zip(self._columns, own, strict=True):
                    self._vectors.step(builder.load(total), steps, self._out.at(r, column), V.at(r, column))


def _tile(registers: int, *, low: bool, last: bool) -> Any:
    """An intrinsic function: the tile of a product from row ``i`` and column ``j`` on (see :class:`_Tile`)."""

    @intrinsic
    def tile(
        typing: Any, a: Any, b: Any, start: Any, out: Any, picks: Any, terms: Any, V: Any, rates: Any, i: Any, j: Any
    ) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            A, B, S, C, P, T, speed, rate = zip((a, b, start, out, picks, terms, V, rates), arguments[:8], strict=True)
            made = _Tile(context, builder, C, arguments[8:], registers, low=low, last=last)
            sums = made.begin(*S)
            made.grow(sums, (A, B), P, T)
            if isinstance(V, types.NoneType):
                made.store(sums)
            else:
                made.descend(sums, speed, rate[1])
            return context.get_dummy_value()

        return types.void(a, b, start, out, picks, terms, V, rates, types.intp, types.intp), code

    return tile


wide_tile, last_tile = _tile(2, low=False, last=False), _tile(1, low=False, last=True)
low_tile = _tile(2, low=True, last=False)


def _exchange(vectors: Vectors, rows: list[Any]) -> None:
    """Turn the rows of a square block into its columns.

    In each step rows whose numbers differ in one binary digit exchange the numbers in whose columns that digit differs.
    """
    places, digit = range(len(rows)), 1
    while digit < len(rows):
        upper = [n if not n & digit else len(rows) + n - digit for n in places]
        lower = [n + digit if not n & digit else len(rows) + n for n in places]
        for r in (r for r in places if not r & digit):
            pair = rows[r], rows[r + digit]
            rows[r], rows[r + digit] = vectors.merge(*pair, upper), vectors.merge(*pair, lower)
        digit *= 2


def _turned_block(*, last: bool) -> Any:
    """An intrinsic function: turn the square block from row ``i`` and column ``j`` on, as wide as a register.

    Args:
        last: It may have fewer rows or columns than that.
    """

    @intrinsic
    def turned(typing: Any, a: Any, out: Any, picks: Any, i: Any, j: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            lanes = shape_of(context, out.dtype)[1]
            A, C = Matrix(context, builder, a, arguments[0]), Matrix(context, builder, out, arguments[1])
            row, column = arguments[3:]
            number = context.get_value_type(out.dtype)
            right, below = (builder.sub(n, m) for n, m in zip(C.shape, (column, row), strict=True))
            source, target = (Vectors(builder, number, lanes, n if last else None) for n in (right, below))
            rows, columns = ([builder.add(n, ir.Constant(n.type, r)) for r in range(lanes)] for n in (row, column))
            if last:
                end = builder.sub(C.shape[1], ir.Constant(row.type, 1))
                rows = [builder.select(builder.icmp_signed("<", r, end), r, end) for r in rows]
            own = [source.load(A.at(p, column)) for p in places_of(context, builder, (picks, arguments[2]), rows)]
            _exchange(source, own)
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
