"""Experiment actions that show what a policy is worth: break the rule, or leave it intact.

The Chaos Toolkit's engine calls them, as those of `loadtest.experiments.actions`.
"""

from __future__ import annotations

from loadtest.errors import ExperimentError
from loadtest.experiments.models import Target
from loadtest.experiments.session import current
from loadtest.experiments.undo import WayBack
from rehearsal.breaks import BREAKS


def break_rule(rule: str) -> list[str]:
    """Break a rule of the policy pack; how to undo that is in the fault journal beforehand.

    Returns what was changed: the calls.

    Raises:
        ExperimentError: the stack does not keep the rule, so breaking it would show nothing.
    """
    session = current()
    (found,) = (one for one in BREAKS if one.rule == rule)
    made = found.changes(session.clients, session.stack.outputs)
    if not made or all(change.do == change.undo for change in made):
        raise ExperimentError(
            f"{rule} cannot be broken: on this stack it is so already that {found.what}"
        )
    if session.journal is None:
        return []
    for change in made:
        undo = change.undo
        arguments = {
            "service": undo.service,
            "operation": undo.operation,
            "parameters": dict(undo.parameters),
        }
        session.journal.note(WayBack("api-call", arguments, f"{rule} holds"))
        change.do.make(session.clients)
    return [f"{change.do.service}.{change.do.operation}" for change in made]


def leave_alone() -> str:
    """Do nothing to the fleet, and take the time of it: from now on the users are watched."""
    session = current()
    name = str(session.stack.group()["AutoScalingGroupName"])
    with session.act("leave the stack alone", [Target(kind="auto-scaling-group", id=name)]) as act:
        if act is not None:
            act.takes_effect()
            act.over()
    return name
