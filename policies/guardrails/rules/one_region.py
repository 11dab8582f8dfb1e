"""The rule about Regions: what belongs together is in one."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.deployments import Deployments
from guardrails.architecture.regions import Apart, Regions, explicit
from guardrails.architecture.revision_store import RevisionStore
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.refusals import label
from guardrails.resources import Resource, Stack


def _apart(stack: Stack, _: Settings) -> Iterator[Violation]:
    reported: set[Resource] = set()
    for found in stack.derived(Regions).apart():
        if found.odd in reported:
            continue  # one wrong Region is one fault, however many resources it parts
        reported.add(found.odd)
        yield Violation(
            f'"{found.resource.name}" is in {found.region}, and its {label(found.prop)} refers to '
            f"{found.other} in {found.there}: AWS looks for it in {found.region} only.",
            found.odd,
            (
                f'"{found.resource.name}" in {found.region}',
                label(found.prop),
                f"{found.other} in {found.there}",
            ),
            _remedy(found),
        )


def _revisions(stack: Stack, _: Settings) -> Iterator[Violation]:
    """Yield a deployment group in whose Region no bucket holds revisions, if all buckets' are known."""
    regions = stack.derived(Regions)
    placed = {bucket: regions.said(bucket) for bucket in stack.derived(RevisionStore).buckets}
    for deployment in stack.derived(Deployments).servers if placed else ():
        here = regions.of(deployment.resource)
        if here is None or None in placed.values() or here in placed.values():
            continue
        bucket, there = next(iter(placed.items()))
        name = deployment.resource.name
        yield Violation(
            f'Deployment group "{name}" is in {here}, and bucket "{bucket.name}", which holds the '
            f"revisions, in {there}: instances get a revision from a bucket of their own Region only.",
            bucket,
            (f'deployment group "{name}" in {here}', f'bucket "{bucket.name}" in {there}'),
            f'set region of "{bucket.name}" to "{here}", or make it by the provider of {here}; with '
            "deployments in several Regions, one bucket in each.",
        )


def _each(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _apart(stack, settings)
    yield from _revisions(stack, settings)


def _remedy(found: Apart) -> str:
    here = found.there if found.odd is found.resource else found.region
    moved = f'set region of "{found.odd.name}" to "{here}", or leave it out where that is the provider\'s'
    named = f"let {label(found.prop)} name something of {found.region}"
    if explicit(found.odd) is None and found.odd.options.provider:
        return f'make "{found.odd.name}" by the provider of {here}, or {named}.'
    if explicit(found.odd) is None:
        return f"{named}."
    return f"{moved}." if found.by_reference else f"{named}, or {moved}."


TOGETHER = StackRule(
    id="one-region",
    title="Resources that belong together are in one Region",
    question=Question.VALID,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL11-BP06", "OPS08-BP04")},
    url="https://www.pulumi.com/registry/packages/aws/api-docs/provider/#region",
    remedy="set region of both to the same, or leave it out of both.",
    steps=(
        "Leave region out where the provider's Region is meant.",
        "Keep the revisions in a bucket of the Region that they are deployed in.",
        "Name a topic of the alarm's own Region in alarm_actions; let it pass on to another Region.",
    ),
    unknown=(
        "A resource that says no region is in that of its provider, or else of the zones that it, what "
        "it refers to, or what its provider also makes names; where none is named, in that of the "
        "stack's only provider. What is not known is not judged."
    ),
    check=_each,
)

RULES = (TOGETHER,)
