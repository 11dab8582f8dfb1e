"""Faults of instances: they die, hang, starve, answer 500, or run out of memory or disk space."""

from __future__ import annotations

from collections.abc import Callable

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import commands, scripts
from loadtest.experiments.arguments import Seconds, Share
from loadtest.experiments.resources import Instance
from loadtest.experiments.session import Session, current
from loadtest.experiments.undo import WayBack
from loadtest.stack.clients import endpoint, is_local

CLOCK_MS = 1000
"""A time that is so much earlier than its command is of a clock that is wrong."""
REPLACED = "an instance for as long as a replacement takes to start"


def terminate(count: int = 1) -> list[str]:
    """Terminate instances; their Auto Scaling group, if they have one, replaces them."""
    session = current()
    hit = chosen(session, count)
    names = [one.id for one in hit]
    what = f"terminate {named(session, hit)}"
    with session.act(what, [one.target for one in hit], costs=REPLACED) as act:
        if act is not None:
            act.takes_effect()
            session.clients["ec2"].terminate_instances(InstanceIds=names)
    return names


def hang(count: int = 1, seconds: Seconds = 120) -> list[str]:
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


def starve(count: int = 1, seconds: Seconds = 120, share: Share = 0.05) -> list[str]:
    """Let the service run only for a share of the time: it answers, late. `count` 0 is all of them."""
    port = current().stack.app_port()
    return _by_script(
        "starve",
        count,
        seconds,
        lambda: scripts.starve(port, seconds, share),
        way_back="pkill -f 'kill -STO[P]' || true\n" + scripts.thaw(port),
        restored="the service gets its time",
    )


def answer_errors(count: int = 1, seconds: Seconds = 120) -> list[str]:
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


def exhaust_memory(count: int = 1, seconds: Seconds = 60) -> list[str]:
    """Use the memory up until the kernel ends the service, for `seconds` at most."""
    port = current().stack.app_port()
    return _by_script(
        "use up the memory of",
        count,
        seconds,
        lambda: scripts.exhaust_memory(port, seconds),
        way_back=scripts.END_MEMORY,
        restored="nobody uses the memory up",
        lasts=False,
    )


def fill_disk(count: int = 1, seconds: Seconds = 60) -> list[str]:
    """Fill the root volume for `seconds`: nothing can be written, and what was written stays.

    As AWS's own AWSFIS-Run-Disk-Fill, whose 95 % would leave room to go on, but for the last byte.
    """
    session = current()
    hit = [one.id for one in chosen(session, count)]
    return _by_script(
        "fill the disk of",
        count,
        seconds,
        lambda: scripts.fill_disk(session.stack.root_volume_gibibytes(hit), seconds),
        way_back=scripts.END_FULL_DISK,
        restored="the disk has room again",
        waits=True,
    )


def _by_script(
    verb: str,
    count: int,
    seconds: float,
    script: Callable[[], str],
    *,
    way_back: str,
    restored: str,
    lasts: bool = True,
    waits: bool = False,
) -> list[str]:
    """Run a script on instances that takes effect at once and ends by itself after `seconds`.

    With `lasts` False it has ended when its command has, after `seconds` at most. With `waits` it may
    keep instances from running commands, so what puts it back waits until they do.
    """
    session = current()
    hit = chosen(session, count)
    names = [one.id for one in hit]
    noted: dict[str, object] = {
        "mark": session.mark,
        "instances": names,
        "command": way_back,
    }
    if waits:
        noted["within_s"] = seconds + commands.ANSWER_S
    back = WayBack(
        "awaited-command" if waits else "instance-command",
        noted,
        f"{', '.join(names)}: {restored}",
    )
    what = f"{verb} {named(session, hit)} for {seconds:g} s"
    with session.act(what, [one.target for one in hit], back, costs=REPLACED) as act:
        if act is None:
            return names
        sent = session.clock.ms()
        printed = commands.run(session, names, script(), commands.ANSWER_S + seconds)
        now = session.clock.ms()
        printed_ms = [at for text in printed.values() if (at := scripts.began_ms(text)) is not None]
        times = [_on_our_clock(session, at_ms) for at_ms in printed_ms]
        # By the instance's own clock, which AWS keeps within milliseconds: the way of the command's
        # result back to here is not part of it. A clock that is wrong says nothing.
        known = [max(sent, one) for one in times if sent - CLOCK_MS < one < now]
        act.takes_effect(min([now, *known]))
        act.over(act.began_ms + seconds * 1000 if lasts else now)
    return names


def _on_our_clock(session: Session, at_ms: float) -> float:
    """Return what the clock of the load said when an instance's said that (epoch ms).

    An instance of a local region has this computer's, which may have been set since the load began.
    """
    return at_ms - session.clock.moved_s() * 1000 if is_local(endpoint()) else at_ms


def chosen(session: Session, count: int) -> list[Instance]:
    """Return that many of the instances in service, the oldest ones; `count` 0 is all of them.

    A young one may be within its grace period, in which the group does not replace what fails.
    """
    found = sorted(session.stack.instances(), key=lambda one: one.launched)
    if not count:
        return found
    if len(found) < count:
        raise ExperimentError(
            f"the stack has {len(found)} instances in service, the experiment needs {count}"
        )
    return found[:count]


def named(session: Session, hit: list[Instance]) -> str:
    """Return instances in words, with how many the stack has."""
    total = len(session.stack.instances())
    names = ", ".join(f"{one.id} ({one.zone})" for one in hit)
    return f"{names}, {len(hit)} of {total} instances"
