"""The checks of the steady state, and the wait until it is back."""

from __future__ import annotations

from loadtest.experiments.actions.deployments import foreign
from loadtest.experiments.arguments import Count, Seconds, Share
from loadtest.experiments.session import Session, current
from loadtest.messages.message import msg
from loadtest.stack import health

RECENT_S = 3.0
"""Over how long the share of failed requests is taken: a few hundred requests at the usual rates."""
SETTLED_ROUNDS = 3
POLL_S = 0.25


def health_answers() -> bool:
    """Return whether the stack answers its health path with 200."""
    return health.request_health(current().stack.outputs).healthy


def failed_share(seconds: Seconds = RECENT_S) -> Share:
    """Return the share of failures among the users' requests that ended in the last seconds.

    Where none ended at all, nobody was answered: 1.
    """
    session = current()
    if session.load is None:
        return 0.0
    share = session.load.failed_share(seconds)
    return 1.0 if share is None else share


def missing_instances() -> Count:
    """Return how many instances do not serve that should.

    Those that the group lacks of its desired capacity, in service and healthy; or the targets that are
    registered and not healthy, if there are more: while replacements come, a group has more instances
    than it wants, and one that hangs would not be missed.
    """
    stack = current().stack
    if stack.outputs.auto_scaling_group_name is None:
        return 0 if stack.instances() else 1
    group = stack.group()
    serving = {
        str(one["InstanceId"]) for one in group["Instances"] if one["LifecycleState"] == "InService"
    }
    failing = 0
    if stack.outputs.target_group_arn is not None:
        healthy, registered = stack.healthy_targets()
        serving &= healthy
        failing = len(registered - healthy)
    return max(int(group["DesiredCapacity"]) - len(serving), failing, 0)


def foreign_revisions() -> Count:
    """Return how many instances in service have another revision than the stack's own."""
    return len(foreign(current()))


def kept_instances() -> bool:
    """Return whether all instances are still there that were before; what is not counts as found.

    For what passes by itself: whoever is replaced for it is missed while it lasts.
    """
    session = current()
    lost = session.fleet - session.stack.kept()
    if lost:
        session.found.append(msg("experiment.replaced", n=len(lost), all=len(session.fleet)))
    return not lost


def steady_again(at_least_s: float = 15, at_most_s: float | None = None) -> bool:
    """Wait until the steady state is back, and return whether it came back in the target time.

    It is back once it held in three rounds in a row, at least `at_least_s` after the fault began: a
    fault needs a while to show. The target time counts from the fault's beginning, or for what goes on
    by itself for longer (a deployment), no less than a minute after its end. With `at_most_s` it ends so
    long after the fault's beginning, whatever the target time is.
    """
    session = current()
    began = session.began_ms or session.clock.ms()
    ended = min(session.ended_ms or began, session.clock.ms())
    deadline_ms = max(began + session.target_s * 1000, ended + 60_000)
    if at_most_s is not None:
        deadline_ms = began + at_most_s * 1000
    return settled(session, began, at_least_s, deadline_ms)


def settled(session: Session, began: float, at_least_s: float, deadline_ms: float) -> bool:
    """Wait until the steady state held in some rounds in a row after `began`, and return whether it did.

    At least for that long after `began`, and at most until the deadline; both times are epoch milliseconds.
    """
    while not session.stopping.is_set():
        now = session.clock.ms()
        last = session.states[-SETTLED_ROUNDS:]
        held = len(last) == SETTLED_ROUNDS and all(one.met for one in last)
        if held and last[0].at_ms >= began and now >= began + at_least_s * 1000:
            return True
        if now > deadline_ms:
            return False
        session.wait(POLL_S)
    return False
