"""Faults of single instances: one that dies, hangs, starves, or answers 500."""

from __future__ import annotations

import time
from collections.abc import Callable

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import commands, scripts
from loadtest.experiments.resources import Instance
from loadtest.experiments.session import Session, current
from loadtest.experiments.undo import WayBack

CLOCK_MS = 60_000
REPLACED = "an instance for as long as a replacement takes to start"


def terminate(count: int = 1) -> list[str]:
    """Terminate instances; their Auto Scaling group, if they have one, replaces them."""
    session = current()
    chosen = _chosen(session, count)
    names = [one.id for one in chosen]
    what = f"terminate {_named(session, chosen)}"
    with session.act(what, [one.target for one in chosen], costs=REPLACED) as act:
        if act is not None:
            act.takes_effect()
            session.clients["ec2"].terminate_instances(InstanceIds=names)
    return names


def hang(count: int = 1, seconds: float = 120) -> list[str]:
    """Freeze the service: its port still accepts connections, and nobody answers on them."""
    port = current().stack.app_port()
    return _by_script(
        "hang",
        count,
        seconds,
        lambda: scripts.freeze(port, seconds),
        way_back=scripts.thaw(port),
        restored="the service goes on",
    )


def starve(count: int = 1, seconds: float = 120, share: float = 0.05) -> list[str]:
    """Let the service run only for a share of the time: it answers, late."""
    port = current().stack.app_port()
    return _by_script(
        "starve",
        count,
        seconds,
        lambda: scripts.starve(port, seconds, share),
        way_back="pkill -f 'kill -STO[P]' || true\n" + scripts.thaw(port),
        restored="the service gets its time",
    )


def answer_errors(count: int = 1, seconds: float = 120) -> list[str]:
    """Answer 500 to everything, health checks included, in the place of the service."""
    port = current().stack.app_port()
    return _by_script(
        "answer 500 on",
        count,
        seconds,
        lambda: scripts.answer_errors(port, seconds),
        way_back=scripts.END_ERRORS,
        restored="the service answers",
    )


def _by_script(
    verb: str,
    count: int,
    seconds: float,
    script: Callable[[], str],
    *,
    way_back: str,
    restored: str,
) -> list[str]:
    """Run a script on instances that takes effect at once and ends by itself after `seconds`."""
    session = current()
    chosen = _chosen(session, count)
    names = [one.id for one in chosen]
    back = WayBack(
        "instance-command",
        {"mark": session.mark, "instances": names, "command": way_back},
        f"{', '.join(names)}: {restored}",
    )
    what = f"{verb} {_named(session, chosen)} for {seconds:g} s"
    with session.act(what, [one.target for one in chosen], back, costs=REPLACED) as act:
        if act is None:
            return names
        printed = commands.run(session, names, script())
        now = time.time() * 1000
        times = [found for text in printed.values() if (found := scripts.began_ms(text))]
        # By the instance's own clock, which AWS keeps within milliseconds: the way of the command's
        # result back to here is not part of it. A clock that is wrong says nothing.
        act.takes_effect(min([now, *(one for one in times if now - one < CLOCK_MS)]))
        act.over(act.began_ms + seconds * 1000)
    return names


def _chosen(session: Session, count: int) -> list[Instance]:
    found = session.stack.instances()
    if len(found) < count:
        raise ExperimentError(
            f"the stack has {len(found)} instances in service, the experiment needs {count}"
        )
    # The oldest: a group's grace period spares the youngest, whatever its health checks say.
    return sorted(found, key=lambda one: one.launched)[:count]


def _named(session: Session, chosen: list[Instance]) -> str:
    total = len(session.stack.instances())
    names = ", ".join(f"{one.id} ({one.zone})" for one in chosen)
    return f"{names}, {len(chosen)} of {total} instances"
