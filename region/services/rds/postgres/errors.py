"""What can go wrong with a PostgreSQL cluster."""

from __future__ import annotations


class DatabaseError(RuntimeError):
    """A database that cannot work; the message names the value and the remedy."""
