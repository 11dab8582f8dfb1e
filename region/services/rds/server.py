"""A database server as the controller uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from region.services.rds.postgres.settings import ClusterSpec


class Server(Protocol):
    """A database server; region.services.rds.postgres.cluster has the real one."""

    directory: Path

    def exists(self) -> bool:
        """Return whether it has data."""
        ...

    def running(self) -> bool:
        """Return whether it runs."""
        ...

    def processes(self) -> list[int]:
        """Return the ids of its running processes, the server's first."""
        ...

    def create(self, password: str) -> None:
        """Create its data directory."""
        ...

    def restore(self, source: Path) -> None:
        """Create its data directory from a copy."""
        ...

    def back_up(self, target: Path, password: str | None) -> None:
        """Copy its data."""
        ...

    def start(self) -> None:
        """Start it."""
        ...

    def stop(self) -> None:
        """Stop it."""
        ...

    def crash(self) -> None:
        """End it and all connections at once."""
        ...

    def reload(self, spec: ClusterSpec) -> None:
        """Put parameters into force that need no restart."""
        ...

    def destroy(self) -> None:
        """Stop it and delete its data."""
        ...

    def ensure_database(self, name: str, password: str) -> None:
        """Create a database unless it exists."""
        ...

    def set_password(self, old: str, new: str) -> None:
        """Change the master user's password."""
        ...
