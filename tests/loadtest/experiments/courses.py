"""A course of each experiment of the library, on the intact stack and with the guarded property broken.

Those with fractions of seconds are from runs; the others are what such a stack does by its settings.
Times are seconds since the fault began. Of the requests, the share that failed in a stretch of time is
kept; of the steady state, when it was off.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadtest.messages.message import Message, msg

Stretch = tuple[float, float]


@dataclass(frozen=True)
class Course:
    """One course of an experiment."""

    what: str
    """What is broken, or `intact`."""
    failed: tuple[tuple[float, float, float], ...] = ()
    """From, until, and the share of the requests sent in between that failed."""
    off: tuple[Stretch, ...] = ()
    """When the steady state was off; infinity: to the end."""
    found: tuple[Message, ...] = ()
    """What actions and probes found."""


FOR_EVER = float("inf")
SIXTH = 1 / 6
THIRD = 1 / 3

INTACT: dict[str, Course] = {
    "connections-rest": Course("intact"),
    "database-cut": Course("intact", failed=((2, 11, 0.1),), off=((2, 13),)),
    "database-fails-over": Course("intact", failed=((0, 22, 0.45),), off=((1, 25),)),
    "deployment-answers-500": Course("intact", off=((3, 40),)),
    "deployment-fails-its-hook": Course("intact", off=((3, 40),)),
    "deployment-good": Course("intact", off=((3, 50),)),
    "deployment-instance-dies": Course("intact", failed=((0, 0.3, 0.1),), off=((0, 60),)),
    "deployment-mutable-tag": Course("a revision that contains what it needs"),
    "deployment-scales-out": Course("intact", off=((1, 60),)),
    "deployment-slow": Course("intact", off=((3, 90),)),
    "disk-full": Course("intact"),
    "fleet-starves": Course("intact"),
    "instance-dies": Course("intact", failed=((0, 0.3, 0.1),), off=((0, 34),)),
    "instance-errors": Course("intact", failed=((0.3, 2.1, SIXTH),), off=((0.6, 27.2),)),
    "instance-hangs": Course("intact", failed=((0, 0.4, 0.1),), off=((3, 50),)),
    "instance-leaves": Course("intact", off=((0.9, 11.3),)),
    "instance-out-of-memory": Course("intact", failed=((1, 3, SIXTH),), off=((2, 50),)),
    "instance-starves": Course("intact"),
    "password-rotates": Course("intact", failed=((0, 6, 0.5),), off=((1, 9),)),
    "zone-lost-no-capacity": Course("intact", failed=((0, 14.8, 0.0019),), off=((4.9, 18.5),)),
    "zone-lost-refused": Course("intact", failed=((0, 16.4, 0.0051),), off=((0.9, 30.6),)),
    "zone-lost-silent": Course("intact", failed=((0, 12.1, 0.0026),), off=((5.1, 17.5),)),
}
"""On the HA stack as it is: survived."""

BROKEN: dict[str, tuple[Course, tuple[str, ...]]] = {
    "connections-rest": (
        Course(
            "the service keeps idle connections for 5 s, the load balancer for 60 s",
            failed=((10, 12, 0.05),),
            found=(msg("experiment.keep-alive", closed=5.0, idle=60, n=4),),
        ),
        ("experiment.keep-alive", "experiment.failed"),
    ),
    "database-cut": (
        Course(
            "the health check asks the database: all instances fail it and are replaced",
            failed=((2, 42, 0.9),),
            off=((2, FOR_EVER),),
            found=(msg("experiment.replaced", n=6, all=6),),
        ),
        (
            "experiment.replaced",
            "experiment.failed-outside",
            "experiment.failed-share",
            "experiment.not-recovered",
        ),
    ),
    "database-fails-over": (
        Course(
            "no standby: the database starts again where it was",
            failed=((0, 20, 0.9),),
            off=((1, 22),),
            found=(msg("experiment.no-standby", database="db-1"),),
        ),
        ("experiment.no-standby",),
    ),
    "deployment-answers-500": (
        Course(
            "a target that answers 500 counts as healthy: the bad revision gets to users",
            failed=((8, 40, 0.5),),
            off=((3, 60),),
            found=(msg("experiment.got-through", deployment="d-1"),),
        ),
        ("experiment.got-through", "experiment.failed"),
    ),
    "deployment-fails-its-hook": (
        Course(
            "no automatic rollback: half of the fleet keeps a revision that failed",
            off=((3, FOR_EVER),),
            found=(msg("experiment.no-rollback", deployment="d-1"),),
        ),
        ("experiment.no-rollback", "experiment.not-recovered"),
    ),
    "deployment-good": (
        Course(
            "without traffic control: instances get requests while they are deployed to",
            failed=((4, 8, 0.5),),
            off=((4, 30),),
        ),
        ("experiment.failed",),
    ),
    "deployment-instance-dies": (
        Course(
            "outdated instances are not updated: the replacement keeps the revision before",
            failed=((0, 0.3, 0.1),),
            off=((0, FOR_EVER),),
        ),
        ("experiment.not-recovered",),
    ),
    "deployment-mutable-tag": (
        Course(
            "the revision pulls a tag that was moved: its rollback pulls the same",
            failed=((5, 60, 0.5),),
            off=((5, FOR_EVER),),
        ),
        ("experiment.failed", "experiment.not-recovered"),
    ),
    "deployment-scales-out": (
        Course(
            "two deployment groups deploy to one fleet: the new instance fails its launch hook",
            off=((0, FOR_EVER),),
            found=(msg("experiment.deployment-failed", deployment="d-1", error="1 failed"),),
        ),
        ("experiment.deployment-failed", "experiment.not-recovered"),
    ),
    "deployment-slow": (
        Course(
            "no alarm stops the deployment: the slow revision gets through",
            off=((3, 60),),
            found=(msg("experiment.got-through", deployment="d-1"),),
        ),
        ("experiment.got-through",),
    ),
    "disk-full": (
        Course(
            "the service writes each request to its disk, and its health check does not ask for it",
            failed=((0, 60, SIXTH),),
            off=((1, 62),),
        ),
        ("experiment.failed-outside",),
    ),
    "fleet-starves": (
        Course(
            "the health check waits in the queue of the users: the fleet is replaced",
            failed=((3, 90, 0.7),),
            off=((3, FOR_EVER),),
            found=(msg("experiment.replaced", n=6, all=6),),
        ),
        (
            "experiment.replaced",
            "experiment.failed-outside",
            "experiment.failed-share",
            "experiment.not-recovered",
        ),
    ),
    "instance-dies": (
        Course(
            "the group's processes are suspended: nobody replaces it",
            failed=((0, 0.3, 0.1),),
            off=((0, FOR_EVER),),
        ),
        ("experiment.not-recovered",),
    ),
    "instance-errors": (
        Course(
            "a target that answers 500 counts as healthy",
            failed=((0, 100, SIXTH),),
            off=((1, FOR_EVER),),
        ),
        ("experiment.failed-outside", "experiment.not-recovered"),
    ),
    "instance-hangs": (
        Course(
            "the group only asks EC2: it leaves the load balancer and stays",
            failed=((0, 0.4, 0.1),),
            off=((3, FOR_EVER),),
        ),
        ("experiment.not-recovered",),
    ),
    "instance-leaves": (
        Course(
            "no deregistration delay",
            off=((0, 34),),
            found=(msg("experiment.long-lost", n=2, all=12),),
        ),
        ("experiment.long-lost",),
    ),
    "instance-out-of-memory": (
        Course(
            "a target fails after ten checks 30 s apart, and nobody starts the service again",
            failed=((1, 250, SIXTH),),
            off=((2, FOR_EVER),),
        ),
        ("experiment.failed-outside", "experiment.not-recovered"),
    ),
    "instance-starves": (
        Course(
            "round robin, and a health check that only opens a connection: users queue there",
            failed=((2, 120, SIXTH),),
            off=((2, FOR_EVER),),
        ),
        ("experiment.failed-outside", "experiment.not-recovered"),
    ),
    "password-rotates": (
        Course(
            "the service reads its password once: whoever connects anew is refused",
            failed=((0, 200, 0.9),),
            off=((1, FOR_EVER),),
        ),
        ("experiment.failed-outside", "experiment.failed-share", "experiment.not-recovered"),
    ),
    "zone-lost-no-capacity": (
        Course(
            "two zones cannot carry the load of three",
            failed=((0, 120, 0.4),),
            off=((1, 150),),
        ),
        ("experiment.failed-outside", "experiment.failed-share"),
    ),
    "zone-lost-refused": (
        Course(
            "all instances in one zone",
            failed=((0, 60, 1.0),),
            off=((0, 90),),
        ),
        ("experiment.failed-outside", "experiment.failed-share"),
    ),
    "zone-lost-silent": (
        Course(
            "a target fails after ten checks 30 s apart: a third of the users reaches nobody",
            failed=((0, 60, THIRD),),
            off=((1, 70),),
        ),
        ("experiment.failed-outside",),
    ),
}
"""With what the experiment's policies guard broken, and the reasons that it is not survived."""
