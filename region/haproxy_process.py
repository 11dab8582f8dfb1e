"""HAProxy as a process that is replaced without a gap, and that outlives a killed region.

A new configuration is a new process, the next generation: it gets the same listening sockets and tells the
one before to finish (HAProxy's `-sf`). Who runs one keeps the sockets, and says when it serves.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from region.daemons import RECORD_SUFFIX, Daemon, adopt, spawn


class HAProxyProcess:
    """The HAProxy of one directory: the process that serves, and those before it that finish.

    Used by one thread at a time.
    """

    def __init__(self, directory: Path) -> None:
        """Keep records and logs in `directory`; nothing starts yet."""
        self._directory = directory
        self.generation = 0
        self.current: Daemon | None = None
        self._predecessors: list[Daemon] = []

    @property
    def next_generation(self) -> int:
        """The number that the next process will have."""
        return self.generation + 1

    def running(self) -> bool:
        """Return whether the process that should serve is alive."""
        return self.current is not None and self.current.running()

    def replace(
        self,
        command: Iterable[str],
        descriptors: Iterable[int],
        network: Path | None,
        await_ready: Callable[[Daemon], None],
    ) -> bool:
        """Start the next process, and let the one that runs finish; return whether one ran.

        Args:
            command: The program, an absolute path, and its configuration.
            descriptors: Open files that it gets under the same numbers.
            network: The network namespace that it runs in; None for this process's own.
            await_ready: Returns when the process serves. If it raises the process is killed, and the one
                that runs goes on.

        Raises:
            DaemonError: It cannot be started.
        """
        predecessor = self.current if self.running() else None
        generation = self.next_generation
        process = spawn(
            [*command, *(["-sf", str(predecessor.pid)] if predecessor else [])],
            record=self._record(generation),
            log=self._log(generation),
            descriptors=sorted(descriptors),
            through=["nsenter", f"--net={network}", "--"] if network else (),
        )
        try:
            await_ready(process)
        except Exception:
            process.stop(signal.SIGKILL)
            raise
        if predecessor:
            self._predecessors.append(predecessor)
        self.current, self.generation = process, generation
        return predecessor is not None

    def adopt(self, generation: int) -> Daemon | None:
        """Take over the process of that generation, and those before it that still finish.

        Return None if it has ended.
        """
        process = adopt(self._record(generation), self._log(generation))
        if process is not None:
            self.current, self.generation = process, generation
            self._predecessors = [
                daemon
                for record in sorted(self._directory.glob(f"haproxy-*{RECORD_SUFFIX}"))
                if record != process.record and (daemon := adopt(record, self._log(generation - 1)))
            ]
        return process

    def forget(self) -> None:
        """Know nothing any more of what was adopted; `region.daemons.sweep` ends it."""
        self.current = None
        self._predecessors.clear()

    def forget_ended(self) -> None:
        """Remove the records of earlier processes that have finished."""
        for daemon in [one for one in self._predecessors if not one.running()]:
            daemon.stop()
            self._predecessors.remove(daemon)

    def stop(self) -> None:
        """End all of them at once."""
        for daemon in [*self._predecessors, *([self.current] if self.current else [])]:
            daemon.stop()
        self.forget()

    def _record(self, generation: int) -> Path:
        return self._directory / f"haproxy-{generation}{RECORD_SUFFIX}"

    def _log(self, generation: int) -> Path:
        # Only two are in use at a time.
        return self._directory / f"haproxy-{generation % 2}.log"
