"""How the engine is compiled: once, by numba, and kept on disk.

Compiled code lets go of Python's lock, so that threads train side by side. The cache lies beside the source, or where
numba keeps it if that folder cannot be written (``NUMBA_CACHE_DIR`` names another); without any, or where the disk is
full, every process compiles for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import pickle
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils, event
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.extending import intrinsic, overload
from numba.np.arrayobj import populate_array

from hpsearch.engine.settings import Array
from hpsearch.engine.signals import stops_later

F = TypeVar("F", bound=Callable[..., Any])

_DIGEST = hashlib.sha256().digest_size


def compiled(function: F) -> F:
    """Compile a function when it is first called."""
    dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(function)
    if dispatcher is not function:  # numba compiles nothing under NUMBA_DISABLE_JIT
        with contextlib.suppress(RuntimeError):  # no folder can be written
            dispatcher._cache = _Cache(function)
    return dispatcher


class _Cache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """Numba's cache of a function, in :class:`_CodeFiles`, and doing without where they cannot be written."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _CodeFiles(self._cache_path, self._impl.filename_base, source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """As numba's own, whole: what a signal raises while LLVM asks Python for the code would be lost there.

        LLVM would go on without that code, and the process end in a segmentation fault.
        """
        with stops_later():
            return super().load_overload(sig, target_context)

    def _guard_against_spurious_io_errors(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.suppress(OSError)


class _CodeFiles(IndexDataCacheFile):  # type: ignore[misc]  # numba has no types
    """Compiled code in files, each of which says by its name what is in it, and by a digest that it is whole.

    Numba's own index is written before the code that it names, so a process that is killed between the two, or another
    that reads meanwhile, would take the code of the former engine, or of other types, for what it asks for. And numba
    compares a function with its own file alone, while what it calls is compiled into it.
    """

    def __init__(self, folder: str, function: str, source: str) -> None:
        super().__init__(folder, function, source)
        self._folder, self._function, self._source = Path(folder), f"{function}.", f"{function}.{source[:16]}."

    def load(self, key: Any) -> Any:
        """The code of a key; None if it is not there, or damaged: it is then compiled and written anew."""
        with contextlib.suppress(OSError):
            content = self._path(key).read_bytes()
            digest, code = content[:_DIGEST], content[_DIGEST:]
            if hashlib.sha256(code).digest() == digest:
                return pickle.loads(code)
        return None

    def save(self, key: Any, data: Any) -> None:
        """Write the code of a key, in place of all that was compiled from another source."""
        code = self._dump(data)
        for path in self._folder.iterdir():
            if path.name.startswith(self._function) and not path.name.startswith(self._source):
                path.unlink(missing_ok=True)
        with self._open_for_write(str(self._path(key))) as file:
            file.write(hashlib.sha256(code).digest() + code)

    def _path(self, key: Any) -> Path:
        what = hashlib.sha256(repr((numba.__version__, self._source_stamp, key)).encode()).hexdigest()
        return self._folder / f"{self._source}{what[:16]}.nbc"


def inlined(function: F) -> F:
    """Compile a function as part of each that calls it; what is called once is then not compiled twice."""
    dispatcher: Any = numba.njit(nogil=True, error_model="numpy", inline="always")(function)
    return dispatcher


def aligned(count: int, dtype: str) -> Array:
    """Room for so many numbers that begins where a cache line does: vectors of 64 bytes then do not cross two lines."""
    size = np.dtype(dtype).itemsize * count
    room = np.empty(size + 64, np.uint8)
    start = -room.__array_interface__["data"][0] % 64
    return room[start : start + size].view(dtype)


def unowned(array: Any) -> Any:
    """An array whose references nobody counts, for the loops of compiled code; the caller of the loop keeps it alive.

    Counting takes longer than a small product, and threads that count the same array wait for each other.
    """
    return array


def part(array: Any, start: int, shape: tuple[int, ...]) -> Any:
    """The numbers of an array from place ``start`` on in another shape, :func:`unowned`.

    Args:
        array: Whose numbers lie side by side; the caller keeps it alive.
        start: Place among all its numbers. Nothing checks that there are enough from there on.
        shape: Of the part.
    """
    return array.reshape(-1)[start : start + math.prod(shape)].reshape(shape)


def flattened(array: Any) -> Any:
    """All numbers of an array as one row, :func:`unowned`."""
    return array.reshape(-1)


@intrinsic
def _unowned(typing: Any, array: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(array)(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        return view._getvalue()

    return array(array), code


@intrinsic
def _part(typing: Any, array: Any, start: Any, shape: Any) -> Any:
    kind = types.Array(array.dtype, len(shape), "C")

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole, view = (
            context.make_array(array)(context, builder, arguments[0]),
            context.make_array(kind)(context, builder),
        )
        size = ir.Constant(cgutils.intp_t, array.dtype.bitwidth // 8)
        sides, strides = cgutils.unpack_tuple(builder, arguments[2]), [size]
        for side in sides[:0:-1]:
            strides.insert(0, builder.mul(side, strides[0]))
        populate_array(view, builder.gep(whole.data, [arguments[1]]), sides, strides, size, meminfo=None)
        return view._getvalue()

    return kind(array, types.intp, types.UniTuple(types.intp, len(shape))), code


@overload(unowned)
def _(array: Any) -> Callable[..., Any]:
    def view(array: Any) -> Any:
        return _unowned(array)

    return view


@overload(part)
def _(array: Any, start: Any, shape: Any) -> Callable[..., Any]:
    def view(array: Any, start: Any, shape: Any) -> Any:
        return _part(array, start, shape)

    return view


@overload(flattened)
def _(array: Any) -> Callable[..., Any]:
    def row(array: Any) -> Any:
        return _part(array, 0, (array.size,))

    return row


@cache
def source_stamp() -> str:
    """A digest of all the engine's source: what is cached was compiled from this, or is compiled anew."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _FirstStart:
    """Calls an action when compiling starts, once."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def notify(self, compiling: Any) -> None:
        """Take an event of numba's."""
        action, self._action = self._action, None
        if action is not None:
            action()


event.Listener.register(_FirstStart)


@contextlib.contextmanager
def before_compiling(action: Callable[[], None]) -> Iterator[None]:
    """Call ``action`` inside the ``with`` block if the engine has to be compiled, once, before that begins."""
    with event.install_listener("numba:compile", _FirstStart(action)):
        yield
