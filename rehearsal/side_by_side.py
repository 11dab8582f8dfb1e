"""Works on several stacks at once: the first failure or a Ctrl-C ends all of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent import futures
from typing import TypeVar

T = TypeVar("T")

WAIT_S = 1.0
"""How long a Ctrl-C may go unnoticed."""


def run(work: Mapping[str, Callable[[], T]], interrupt: Callable[[], None]) -> dict[str, T]:
    """Run each piece of work in a thread of its own and return their results by name.

    `interrupt` is called when a piece fails or this thread is interrupted while others still run: it
    makes them end, and they are waited for. What fails first is raised, what fails then is not.
    """
    if not work:
        return {}
    jobs: dict[str, futures.Future[T]] = {}
    with futures.ThreadPoolExecutor(len(work), thread_name_prefix="side-by-side") as pool:
        try:
            for name, piece in work.items():
                jobs[name] = pool.submit(piece)
            done, running = _wait(jobs.values())
        except BaseException:
            interrupt()
            raise
        failures = [job.exception() for job in jobs.values() if job in done]
        if running:
            interrupt()
        for failure in failures:
            if failure is not None:
                raise failure
        return {name: job.result() for name, job in jobs.items()}


def _wait(jobs: Collection[futures.Future[T]]) -> tuple[set[futures.Future[T]], bool]:
    """Wait until all are done or one has failed; return what is done, and whether others still run."""
    while True:
        # Not for ever: a Ctrl-C at the very moment that the wait begins does not end it.
        done, running = futures.wait(jobs, WAIT_S, return_when=futures.FIRST_EXCEPTION)
        if not running or any(job.exception() for job in done):
            return done, bool(running)
