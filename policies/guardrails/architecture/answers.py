"""Answers to questions about the architecture: yes, no or undecided, with the path that proves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import NoReturn


class Verdict(Enum):
    """What is answered."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Answer:
    """An answer to a question about the architecture.

    Attributes:
        verdict: Yes, no or undecided.
        path: The steps that prove it, from where a request, deployment or dependency begins; for a
            no, up to the step that fails.
        reason: Why not, or why it is undecided: a clause without capital letter and full stop.
        remedy: What makes it a yes, or decidable: a sentence as a rule's remedy. Optional for a no.
    """

    verdict: Verdict
    path: tuple[str, ...] = ()
    reason: str = ""
    remedy: str | None = None

    @property
    def is_yes(self) -> bool:
        """Return whether it is certainly so."""
        return self.verdict is Verdict.YES

    @property
    def is_no(self) -> bool:
        """Return whether it is certainly not so."""
        return self.verdict is Verdict.NO

    @property
    def is_undecided(self) -> bool:
        """Return whether program and preview leave it open."""
        return self.verdict is Verdict.UNDECIDED

    def __bool__(self) -> NoReturn:
        """Refuse: an answer has three values."""
        message = "an answer is yes, no or undecided: ask is_yes, is_no or is_undecided"
        raise TypeError(message)

    def after(self, *steps: str) -> Answer:
        """Return the same answer with these steps before its own."""
        return replace(self, path=(*steps, *self.path))


def yes(*path: str) -> Answer:
    """Return a yes, with the path that proves it."""
    return Answer(Verdict.YES, path)


def no(reason: str, *path: str, remedy: str | None = None) -> Answer:
    """Return a no, with the path up to where it fails, and what would fix it."""
    return Answer(Verdict.NO, path, reason, remedy)


def undecided(reason: str, *path: str, remedy: str) -> Answer:
    """Return an answer that cannot be given; `remedy` says how to make it decidable."""
    return Answer(Verdict.UNDECIDED, path, reason, remedy)


def all_of(answers: Iterable[Answer]) -> Answer:
    """Return yes if every answer is: the first no decides, else the first undecided one.

    The path of a yes is all paths one after the other; without any answer it is a yes.
    """
    given = list(answers)
    for verdict in (Verdict.NO, Verdict.UNDECIDED):
        for answer in given:
            if answer.verdict is verdict:
                return answer
    return yes(*(step for answer in given for step in answer.path))


def sentence(reason: str) -> str:
    """Return a reason as the beginning of a sentence; the name of a property keeps its small letters."""
    first = reason.partition(" ")[0]
    return reason if "_" in first else reason[:1].upper() + reason[1:]


def any_of(answers: Iterable[Answer], *, none: str = "there is none") -> Answer:
    """Return the first yes, else the first undecided answer, else no.

    A no has the path and remedy of the first answer and every reason; `none` is the reason where
    there is no answer at all.
    """
    given = list(answers)
    for verdict in (Verdict.YES, Verdict.UNDECIDED):
        for answer in given:
            if answer.verdict is verdict:
                return answer
    if not given:
        return no(none)
    reasons = "; ".join(dict.fromkeys(answer.reason for answer in given if answer.reason))
    return replace(given[0], reason=reasons)
