"""Work on several stacks at once: the first failure or a Ctrl-C ends all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent import futures
from typing import TypeVar

T = TypeVar("T")


def run(work: Mapping[str, Callable[[], T]], interrupt: Callable[[], None]) -> dict[str, T]:
    """Run each piece of work in a thread of its own and return their results by name.

    `interrupt` is called when a piece fails or this thread is interrupted while others still run: it
    makes them end, and they are waited for. What fails first is raised, what fails then is not.
    """
    if not work:
        return {}
    with futures.ThreadPoolExecutor(len(work), thread_name_prefix="side-by-side") as pool:
        try:
            jobs = {name: pool.submit(piece) for name, piece in work.items()}
            done, running = futures.wait(jobs.values(), return_when=futures.FIRST_EXCEPTION)
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
