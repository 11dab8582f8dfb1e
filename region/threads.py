"""Work in a thread of its own: for what the kernel keeps for each thread, such as namespaces."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(work: Callable[[], Result], name: str) -> Result:
    """Call `work` in a new thread, wait, and return its result. Its errors come through."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    thread.join()
    return future.result()
