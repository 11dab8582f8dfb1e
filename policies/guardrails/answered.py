"""Violations from answers about the architecture: no is one, undecided an undecided one."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.answers import Answer, sentence
from guardrails.model import Violation
from guardrails.resources import Resource


def report(
    answer: Answer, resource: Resource, *steps: str, problem: str | None = None
) -> Iterator[Violation]:
    """Report a no, or what is not decidable; nothing for a yes.

    `steps` come before the answer's own path. `problem` is what a no means for the resource, as a
    sentence without its full stop; without it the answer's reason says all.
    """
    if answer.is_yes:
        return
    if answer.is_undecided:
        what = answer.reason
    elif problem is None:
        what = sentence(answer.reason)
    else:
        what = f"{problem}: {answer.reason}"
    yield Violation(
        f"{what}.",
        resource,
        (*steps, *answer.path),
        answer.remedy,
        undecided=answer.is_undecided,
    )


def report_unconnected(
    answer: Answer, resource: Resource, label: str, port: int
) -> Iterator[Violation]:
    """Report that instances do not reach a store at its port, or that it is not known."""
    if answer.is_no:
        yield Violation(
            f"No connection to {label} on port {port}: {answer.reason}.",
            resource,
            (*answer.path, f"{label}, port {port}"),
            answer.remedy,
        )
    elif answer.is_undecided:
        yield Violation(
            f"whether the instances reach {label} is not known: {answer.reason}.",
            resource,
            answer.path,
            answer.remedy,
            undecided=True,
        )
