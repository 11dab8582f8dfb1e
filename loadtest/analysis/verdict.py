"""The verdict: whether a run kept its promise.

The sentences that render it are in `loadtest/messages/en.yaml` (`verdict.sentence.*`).
"""

from __future__ import annotations

from collections.abc import Sequence

from commandline.exit_codes import ExitCode
from loadtest.analysis import slo as objectives
from loadtest.analysis.slo import Figures, Slo
from loadtest.messages.message import Message, msg
from loadtest.models import (
    Objective,
    Users,
    Validity,
    Verdict,
)

SKIPPED = 0.02
"""Share of arrivals that a closed load may skip and still show that a promise was kept."""


def decide(
    topology: str,
    figures: Figures,
    validity: Validity,
    *,
    slo: Slo | None = None,
    explanations: Sequence[Message] = (),
) -> Verdict:
    """Decide the verdict on one run, by the default SLOs unless others are given.

    SLOs that do not apply to a topology are not evaluated (by default, nothing is promised for a
    single instance). A run that shows neither that its objectives were met nor that they were missed
    is undecided. What its load profile is too short to show does not count: the rest decides, where
    there is any. `explanations` say why a promise was broken, where that was measured.
    """
    promise = slo or objectives.default()
    applies = topology in promise.applies_to
    promised = promise.message if applies else None
    if not validity.valid:
        return Verdict(outcome="invalid", reasons=validity.reasons, promise=promised, objectives=[])
    if not applies:
        return Verdict(outcome="measured", reasons=[], promise=None, objectives=[])
    found = [*objectives.evaluate(promise, figures), *_let_in(figures.users)]
    return judge(found, promised, explanations)


def _let_in(users: Users) -> list[Objective]:
    """Return what a closed load leaves open: nobody measured how those who were skipped would fare."""
    arrivals = users.created + users.skipped
    if users.skipped <= SKIPPED * arrivals:
        return []
    return [
        Objective(
            name=msg("objective.let-in"),
            promised=msg("limit.let-in"),
            measured=msg("measured.skipped", n=users.skipped, share=users.skipped / arrivals),
            kept=None,
            reason=msg("undecided.skipped", n=users.skipped, share=users.skipped / arrivals),
            remedy=msg("undecided.open-model"),
        )
    ]


def judge(
    found: Sequence[Objective], promised: Message | None, explanations: Sequence[Message] = ()
) -> Verdict:
    """Return the verdict on a promise from its parts: one that is broken breaks the whole.

    Parts that are not judged do not count, but a promise of which nothing was judged is not kept.
    """
    left_out = [one.reason for one in found if not one.judged]
    broken = [one.reason for one in found if one.kept is False]
    undecided = [one.reason for one in found if one.judged and one.kept is None]
    if left_out and not any(one.judged for one in found):
        undecided = [*left_out, msg("undecided.longer")]
    remedies = list[Message]()
    for one in found:
        if one.kept is None and one.remedy is not None and one.remedy not in remedies:
            remedies.append(one.remedy)
    return Verdict(
        outcome="broken" if broken else "undecided" if undecided else "kept",
        reasons=[*broken, *explanations] if broken else undecided + remedies or left_out,
        promise=promised,
        objectives=list(found),
    )


def exit_code(verdict: Verdict) -> int:
    """Return the exit code of a process with this verdict."""
    match verdict.outcome:
        case "broken":
            return ExitCode.BROKEN_PROMISE
        case "invalid" | "undecided":
            return ExitCode.NO_VERDICT
        case "kept" | "measured":
            return ExitCode.SUCCESS
