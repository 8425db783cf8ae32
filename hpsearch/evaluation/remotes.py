"""A call on its way to a worker of a Dask cluster, and what becomes of it on its way back."""

from __future__ import annotations

import asyncio
import pickle
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from distributed import Client
from distributed.protocol.pickle import dumps


def submit(
    client: Client, function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, Any]
) -> Future[Any]:
    """Hand a call out; two that are alike are two.

    Dask's own executor leaves a future without an end whose result was on a worker that died, and cannot be had.

    Args:
        client: Of the cluster.
        function: To be called.
        arguments: Of the call.
        options: For Dask, as ``retries``.
    """
    call, key = dumps(_Call(function, arguments)), f"hpsearch-{uuid.uuid4().hex}"
    remote = client.submit(pickle.loads, call, key=key, **options)
    future = Future[Any]()
    future.add_done_callback(partial(_let_go, remote))
    client.loop.add_callback(_pass_on, remote, future)
    return future


class _Call:
    """A call that is made where it is unpickled: Dask's scheduler unpickles what it holds, and has no hpsearch."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._function, self._arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._function, self._arguments


def _let_go(remote: Any, future: Future[Any]) -> None:
    """Let Dask forget a job that has ended, or is no longer wanted."""
    if future.cancelled() and not remote.cancelled():
        remote.cancel()
    else:
        remote.release()


async def _pass_on(remote: Any, future: Future[Any]) -> None:
    """What becomes of a job of Dask's, to the future that is awaited."""
    result, problem = None, None
    try:
        result = await remote._result()
    except Exception as raised:
        problem = raised
    except asyncio.CancelledError:
        pass
    if remote.cancelled():
        future.cancel()
    if not future.set_running_or_notify_cancel():
        return
    if problem is None:
        future.set_result(result)
    else:
        future.set_exception(problem)
