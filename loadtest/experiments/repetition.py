"""Results of repeated experiments: how often each was survived. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from loadtest.experiments.models import ExperimentRecord
from loadtest.messages.message import Message, msg


def sentences(records: Iterable[ExperimentRecord]) -> list[Message]:
    """Return a sentence for each experiment that was run more than once on a stack, in their order."""
    found: dict[tuple[str, str], list[ExperimentRecord]] = {}
    for one in records:
        found.setdefault((one.topology, one.experiment), []).append(one)
    return [_sentence(runs) for runs in found.values() if len(runs) > 1]


def _sentence(runs: list[ExperimentRecord]) -> Message:
    first = runs[0]
    impacts = [one.impact for one in runs if one.impact is not None]
    return msg(
        "proof-page.repeated",
        experiment=first.experiment,
        topology=first.topology,
        survived=sum(one.outcome == "survived" for one in runs),
        all=len(runs),
        failed=sum(one.failed for one in impacts),
        requests=sum(one.requests for one in impacts),
    )
