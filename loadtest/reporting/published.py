"""The figures of the experiment that this project repeats, as its author published them.

Only what was reported: 27,000 users, a ramp of five minutes and a minute at the peak; on a single
t4g.nano, timeouts on 37.6 % of the requests (14,766) and 54.7 % failed users; on the architecture
built for high availability no timeout, no failed user and a p99 of 25.8 ms. None means: not reported.
The number of requests was not reported either; it follows from 14,766 being 37.6 % of them.
"""

from __future__ import annotations

from typing import Final

from loadtest.messages.message import Message, msg
from loadtest.models import Record, RunSummary


class PublishedFigures(Record):
    """The figures of one of the two set-ups."""

    users: int
    failed_user_share: float
    timeouts: int
    timeout_share: float
    p99_ms: float | None


class Published(Record):
    """Both set-ups, and the conditions under which they were measured."""

    single: PublishedFigures
    ha: PublishedFigures
    instance_type: str
    load: Message


PUBLISHED: Final = Published(
    single=PublishedFigures(
        users=27_000,
        failed_user_share=0.547,
        timeouts=14_766,
        timeout_share=0.376,
        p99_ms=None,
    ),
    ha=PublishedFigures(
        users=27_000, failed_user_share=0.0, timeouts=0, timeout_share=0.0, p99_ms=25.8
    ),
    instance_type="t4g.nano",
    load=msg("load.published"),
)


def is_its_load(run: RunSummary) -> bool:
    """Return whether a run's users did what the experiment's did: the built-in scenario `login`."""
    return run.scenario.description == msg("scenario.login")
