"""Where chunks are computed: here, in threads, in processes, or on a Dask cluster; one interface.

All of them are ``concurrent.futures`` executors. Threads pay where a task releases the lock (the market
kernels do); processes are spawned, never forked, so that no lock or thread is copied; Dask pays when one
machine is not enough, and its 2 to 8 ms a task ask for chunks of a quarter second.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from typing import Literal

from scenarios.errors import MissingExtraError, ParameterError
from scenarios.runs.errors import ClusterError, TaskError
from scenarios.runs.task import Task, encode_all

Kind = Literal["serial", "threads", "processes", "dask"]
KINDS: tuple[Kind, ...] = ("serial", "threads", "processes", "dask")
_SWITCH_SECONDS = 0.05
"""How long a thread may keep Python's lock while others want it.

With the usual 5 ms, threads that come out of their kernels at one time write their records in turns, end
together and meet again at the next chunk. One that ends first stays ahead, and they meet no more.
"""
CONNECT_SECONDS = 10.0
"""How long a cluster's scheduler has to answer."""
_QUIET_CLUSTER = {
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.worker.profile.enabled": False,
}
"""A cluster on this machine shares the cores with its own watch, which looks a hundred times a second."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A chunk that came back.

    Parameters
    ----------
    runs
        Which.
    lines
        Their records, one line of JSON each, in order.
    seconds
        Of wall time in the worker.
    peak_bytes
        Largest resident memory of the worker so far; 0 where the system does not say.
    cpu_seconds
        Of processor time in the worker's thread.
    """

    runs: range
    lines: bytes
    seconds: float
    peak_bytes: int
    cpu_seconds: float = 0.0


class SerialExecutor(Executor):
    """Runs what is submitted at once, in the caller's thread."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Run and return a finished future."""
        future: Future[object] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - a future carries whatever was raised
            future.set_exception(error)
        return future


@contextmanager
def open_executor(kind: Kind, workers: int, address: str = "") -> Iterator[Executor]:
    """Open an executor and close it afterwards.

    Parameters
    ----------
    kind
        ``serial``, ``threads``, ``processes`` or ``dask``.
    workers
        How many; a cluster at an address brings its own.
    address
        Of a Dask scheduler; empty: a cluster of processes on loopback for the time of the study.

    Raises
    ------
    MissingExtraError
        Dask is not installed.
    """
    if workers < 1:
        raise ParameterError("workers", workers, "at least 1")
    with ExitStack() as stack:
        if kind == "serial":
            yield stack.enter_context(SerialExecutor())
        elif kind == "threads":
            stack.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(_SWITCH_SECONDS)
            yield stack.enter_context(ThreadPoolExecutor(workers))
        elif kind == "processes":
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_end_with_parent)
            stack.callback(pool.shutdown, wait=True, cancel_futures=True)
            yield pool
        elif kind == "dask":
            yield _dask(stack, workers, address)
        else:
            raise ParameterError("executor", kind, ", ".join(KINDS))


def _end_with_parent() -> None:
    """End this worker when the study's process ends, even by kill -9: nobody would collect its work."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _dask(stack: ExitStack, workers: int, address: str) -> Executor:
    if find_spec("distributed") is None:
        raise MissingExtraError("a Dask cluster", "cluster")
    import dask.config  # noqa: PLC0415 - comes with the next
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra, and a second to import

    if not address:
        with dask.config.set(_QUIET_CLUSTER):
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
                )
            )
        client = stack.enter_context(Client(cluster))
    else:
        try:
            client = stack.enter_context(Client(address, timeout=CONNECT_SECONDS))
        except (OSError, ValueError) as error:
            raise ClusterError(address, str(error)) from None
    executor: Executor = client.get_executor(pure=False)
    return executor


def compute_all(
    executor: Executor, task: Task, chunks: Iterator[range], in_flight: int
) -> Iterator[Computed]:
    """Yield chunks as they come back, with at most ``in_flight`` of them out.

    ``chunks`` is asked for the next range only when there is room, so that sizes can follow the clock.
    """
    payload = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
    waiting: set[Future[Computed]] = set()
    try:
        while True:
            while len(waiting) < in_flight:
                chunk = next(chunks, None)
                if chunk is None:
                    break
                waiting.add(executor.submit(compute, payload, chunk.start, chunk.stop))
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            # What is finished is handed over before a failure beside it is raised.
            yield from (future.result() for future in done if future.exception() is None)
            for future in done:
                future.result()
    finally:
        for future in waiting:
            future.cancel()


def compute(payload: bytes, start: int, stop: int) -> Computed:
    """Compute runs ``start`` to ``stop - 1`` of a pickled task.

    Raises
    ------
    TaskError
        There is not one record for each run.
    """
    began, used = time.perf_counter(), time.thread_time()
    records, text = encode_all(start, islice(_task(payload)(range(start, stop)), stop - start + 1))
    if records != stop - start:
        raise TaskError(f"{records} records for runs {start} to {stop - 1}", records=records)
    seconds, cpu = time.perf_counter() - began, time.thread_time() - used
    return Computed(range(start, stop), text.encode(), seconds, peak_memory(), cpu)


@lru_cache(maxsize=4)
def _task(payload: bytes) -> Task:
    task = pickle.loads(payload)  # noqa: S301 - our own bytes, pickled by the study
    if not isinstance(task, Task):
        raise TaskError(f"{type(task).__name__} is not a task")
    return task


def peak_memory() -> int:
    """Return the largest resident memory of this process in bytes; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - not on every system

    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def default_workers() -> int:
    """Return the number of processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
