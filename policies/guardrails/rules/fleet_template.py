"""Rules about the version of the launch template that a fleet launches, and how it gets a new one."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.given import given
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_true, number, show

_LATEST = ("$Latest", "$Default")
_PIN = (
    "give the group's launch template the version template.latest_version, a number: the group then "
    "changes with the template, and can go back."
)


def _stays_behind(template: Resource) -> bool | None:
    """Return whether the default version stays at an old one; `None` if that is not known."""
    update = given(template, "updateDefaultVersion")
    if is_true(update):
        return False
    if update is UNKNOWN:
        return None
    default, latest = given(template, "defaultVersion"), number(template.get("latestVersion"))
    if template.inputs is not None:
        return default is None  # else the program names the version that it wants
    # A saved state has a default version whether the program names one or not.
    return True if number(default) != latest else None


def _ignored(group: Group) -> str | None:
    """Return the entry of ignore_changes that keeps the group at the version it has."""
    options = group.resource.options
    mixed = ("mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification", "version")
    ways = [mixed] if group.launching.mixed else [("launchTemplate", "version")]
    return next((entry for way in ways if (entry := options.ignores(*way))), None)


def _current(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        entry = _ignored(group)
        if entry and group.launching.templates and group.launching.version not in _LATEST:
            template = group.launching.templates[0].name
            yield Violation(
                f'Auto Scaling group "{group.name}" stays at the version of launch template '
                f'"{template}" with which it was created: its ignore_changes names "{entry}".',
                group.resource,
                (
                    f'launch template "{template}", a new version',
                    f'Auto Scaling group "{group.name}", the version it was created with',
                ),
                f'remove "{entry}" from the ignore_changes of "{group.name}", or give its launch '
                'template the version "$Latest".',
            )
        if group.launching.version != "$Default":
            continue
        for template in group.launching.templates:
            behind = _stays_behind(template)
            if behind is False:
                continue
            yield Violation(
                f'Auto Scaling group "{group.name}" launches the default version of launch template '
                f'"{template.name}", which does not become the new one when the template changes: '
                f"update_default_version is {template.shown('updateDefaultVersion')}.",
                group.resource,
                path=(
                    f'Auto Scaling group "{group.name}", version $Default',
                    (
                        f'launch template "{template.name}", default version '
                        f"{_version(template.get('defaultVersion'))}"
                    ),
                ),
                undecided=behind is None,
            )


def _version(value: object) -> str:
    return show(value) if number(value) is not None else "1"


CURRENT_TEMPLATE = StackRule(
    id="asg-launches-current-template",
    title="A fleet launches from the current version of its launch template",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP04", "REL08-BP05")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html",
    remedy=(
        "set the version of the group's launch template to template.latest_version, or the "
        "template's update_default_version to true."
    ),
    steps=(
        "Set launch_template.version to the template's latest_version output, as text.",
        "Or set update_default_version=True on the launch template.",
        "Leave the launch template out of the group's ignore_changes.",
    ),
    unknown=(
        "A version that comes from the template is its latest one. A default version that equals "
        "the latest one now is not decidable: the next version decides."
    ),
    check=_current,
)


def _rolls_back(group: Group) -> bool | None:
    """Return whether the group's instance refresh is to roll back."""
    value = dig(group.given("instanceRefresh"), "preferences", "autoRollback")
    return None if value is UNKNOWN else is_true(value)


def _rollback(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        wanted = _rolls_back(group)
        version = group.launching.version
        aliases = [
            template
            for template, image in group.launching.template_values("imageId")
            if isinstance(image, str) and image.startswith("resolve:ssm:")
        ]
        if wanted is False or not (version in _LATEST or aliases):
            continue
        reason = f"the group names its version {version}"
        remedy = _PIN
        if version not in _LATEST:
            reason = f'launch template "{aliases[0].name}" names its image by a parameter'
            remedy = (
                "give the launch template's image_id an AMI id, for example of ssm.get_parameter()."
            )
        yield Violation(
            f'Instance refreshes of Auto Scaling group "{group.name}" are to roll back '
            f"automatically (auto_rollback), which Auto Scaling cannot: {reason}.",
            group.resource,
            remedy=remedy if wanted else "give auto_rollback as true or false.",
            undecided=wanted is None,
        )


REFRESH_ROLLBACK = StackRule(
    id="asg-refresh-can-roll-back",
    title="An instance refresh with automatic rollback can roll back",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04", "REL08-BP05")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html",
    remedy=_PIN,
    steps=(
        "Set launch_template.version to the template's latest_version output, as text.",
        "Set image_id to an AMI id, not to resolve:ssm:.",
    ),
    unknown="An unknown switch is not decidable where the version could not be rolled back to.",
    check=_rollback,
)


def _starts(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        refresh = group.given("instanceRefresh")
        protected = dig(refresh, "preferences", "scaleInProtectedInstances")
        if (
            refresh is not None
            and is_true(group.resource.get("protectFromScaleIn"))
            and (protected in (None, "", "Ignore", "Wait"))
        ):
            yield Violation(
                f'Auto Scaling group "{group.name}" has an instance_refresh, and protects every '
                "instance from scale-in: a refresh replaces none that is protected.",
                group.resource,
                remedy=(
                    "set instance_refresh.preferences.scale_in_protected_instances to Refresh, or "
                    "remove protect_from_scale_in."
                ),
            )
            continue
        waits = group.launching.version in _LATEST and _rolls_back(group) is False
        if refresh is None or not waits:
            continue  # asg-refresh-can-roll-back reports the last
        behind = [one for one in group.launching.templates if _stays_behind(one) is not False]
        if group.launching.version == "$Default" and behind:
            continue  # asg-launches-current-template reports it
        yield Violation(
            f'Auto Scaling group "{group.name}" has an instance_refresh, but names the version '
            f"{group.launching.version}: when the launch template changes, the group does not, and "
            "no refresh starts.",
            group.resource,
        )


REFRESH_STARTS = StackRule(
    id="asg-refresh-starts",
    title="A changed launch template starts the instance refresh",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # instances that are launched later do get the new template
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP04",)},
    url="https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/",
    remedy=_PIN,
    steps=("Set launch_template.version to the template's latest_version output, as text.",),
    unknown="A version that is not known comes from the template, and changes with it.",
    check=_starts,
)

RULES = (CURRENT_TEMPLATE, REFRESH_ROLLBACK, REFRESH_STARTS)
