"""Loads the statistics library ahead of its first use, where there is time for it.

`scipy.stats` takes more than a second of CPU time to load. At its first use that second would come
between a run and its verdict, and a stack that waits for its turn at the load would wait for it too.
"""

from __future__ import annotations

import importlib
import threading


def start() -> threading.Thread:
    """Load it in a thread of its own; join it before the load, which must not be disturbed."""
    thread = threading.Thread(
        target=importlib.import_module, args=("scipy.stats",), name="preload", daemon=True
    )
    thread.start()
    return thread
