"""File descriptors of a load generator: each user in flight has a connection, which takes one.

Where there are too few, users fail in the generator, and the stack would have to answer for it.
"""

from __future__ import annotations

import math
import resource

from loadtest.errors import GeneratorError
from loadtest.profiles import Profile
from loadtest.scenario.scenario import Scenario

_OTHER_FILES = 256
"""What a generator has open besides: its own files, libraries and threads' pipes."""


def needed(profile: Profile, scenario: Scenario) -> int:
    """Return how many files a generator may have open at a time, at most."""
    in_flight = min(profile.planned_users, math.ceil(profile.peak_rate * scenario.longest_s))
    return min(in_flight, profile.most_at_once or in_flight) + _OTHER_FILES


def require(profile: Profile, scenario: Scenario) -> None:
    """Let this process, and the generator that it starts, have as many open files as a load may need.

    Raises:
        GeneratorError: The computer does not allow that many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed(profile, scenario)
    if resource.RLIM_INFINITY in (soft, hard) or hard >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), wanted))
    except (OSError, ValueError) as error:
        raise GeneratorError(
            f"profile {profile.name!r} may have {wanted:,} open files at a time (a connection for each "
            f"user), and this shell allows {hard:,}: raise the limit (`ulimit -Hn`, "
            "/etc/security/limits.conf, a "
            "container's `--ulimit nofile`), or load less"
        ) from error
