"""Credentials for the virtual users: one visitor account each, none used twice.

The visitors are synthetic: the application's migration creates `visitor-000001` and so on, all with
the same public password. They protect nothing.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from loadtest.errors import LoadTestError
from loadtest.profiles import Profile

DEMO_PASSWORD = "music-note-demo"  # noqa: S105 - public, of synthetic users
HEADER = ("username", "password")


def username(number: int) -> str:
    """Return the name of the visitor with this number, counted from 1."""
    return f"visitor-{number:06d}"


def rows(profile: Profile, workers: int, first: int = 1) -> list[tuple[str, str]]:
    """Return credentials in the order in which Artillery deals them to its worker threads.

    Worker w of W reads the rows w, w + W, w + 2W and so on, in sequence, and starts over when they
    run out. The workers do not start the same number of virtual users, so each gets just the visitors
    that it needs; the rows that only pad its column to the longest are never read. The visitors are
    those from number `first` on.
    """
    arrivals = profile.arrivals_by_worker(workers)
    columns = list[list[int]]()
    for count in arrivals:
        columns.append([*range(first, first + count)])
        first += count
    longest = max(arrivals)
    padded = [column + [1] * (longest - len(column)) for column in columns]
    return [
        (username(number), DEMO_PASSWORD) for row in zip(*padded, strict=True) for number in row
    ]


def check_supply(profile: Profile, seed_users: int) -> None:
    """Reject a profile that starts more virtual users than the database has visitors.

    Raises:
        LoadTestError: There are too few; the message says how to seed more.
    """
    if seed_users < profile.planned_users:
        needed = profile.planned_users
        raise LoadTestError(
            f"profile {profile.name!r} needs {needed} visitors, the stack seeds only {seed_users}; "
            f"set `pulumi config set haproof:seedUsers {needed}` and run `pulumi up`, or give a "
            f"rehearsal `-c seedUsers={needed}`"
        )


def write(path: Path, profile: Profile, workers: int, first: int = 1) -> None:
    """Write the credentials of the visitors from number `first` on, as CSV that only the owner can read."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows(profile, workers, first))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text.getvalue())
