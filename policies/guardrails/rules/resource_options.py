"""Rules about what the program tells Pulumi about a resource: in which order, and what it ignores."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from guardrails import tokens
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.refusals import label
from guardrails.resources import Resource, Stack

_OPTIONS = "https://www.pulumi.com/docs/iac/concepts/options/"

# --- replacement ----------------------------------------------------------------------------------

_SERVING = MappingProxyType(
    {
        **dict.fromkeys(tokens.LOAD_BALANCER, "load balancer"),
        **dict.fromkeys(tokens.TARGET_GROUP, "target group"),
        **dict.fromkeys(tokens.AUTO_SCALING_GROUP, "Auto Scaling group"),
        **dict.fromkeys(tokens.CONTAINER_SERVICE, "ECS service"),
        **dict.fromkeys(tokens.DATABASE, "database"),
        **dict.fromkeys(tokens.DATABASE_CLUSTER, "cluster"),
        **dict.fromkeys(tokens.CACHE_GROUP, "cache"),
        **dict.fromkeys(tokens.FILE_SYSTEM, "file system"),
        **dict.fromkeys(tokens.TABLE, "table"),
    }
)
"""What the service stands still without, and what a message calls it."""


def _deleted_first(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.of(tuple(_SERVING)):
        # Pulumi refuses to replace what is protected.
        if resource.options.deleted_first and not resource.options.protected:
            what = f'{_SERVING[resource.type]} "{resource.name}"'
            yield Violation(
                f"A change that replaces {what} deletes it before the new one exists: its "
                "delete_before_replace is true.",
                resource,
                (f"replacement of {what}", "deletion", "nothing serves", "creation"),
            )


CREATED_FIRST = StackRule(
    id="replacement-keeps-service",
    title="Resources that serve are replaced before they are deleted",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP04",)},
    url=f"{_OPTIONS}deletebeforereplace/",
    remedy=(
        "remove delete_before_replace, and the fixed name that needed it: Pulumi then creates the "
        "new one beside the old one; or set protect to true, which refuses the replacement."
    ),
    steps=(
        "Leave delete_before_replace out, and let Pulumi name the resource.",
        "Or set protect=True where nothing is ever to replace it.",
    ),
    unknown="Options of resources are always known; a saved state does not say this one.",
    check=_deleted_first,
)

# --- ignored changes ------------------------------------------------------------------------------

_DECISIVE = MappingProxyType(
    {
        tokens.AUTO_SCALING_GROUP: (
            "minSize",
            "maxSize",
            "vpcZoneIdentifiers",
            "healthCheckType",
        ),
        # Of images it is usual: what is newest is looked up, and changes by itself.
        tokens.LAUNCH_TEMPLATE: ("userData", "vpcSecurityGroupIds", "iamInstanceProfile"),
        tokens.LOAD_BALANCER: ("subnets", "securityGroups"),
        tokens.TARGET_GROUP: ("healthCheck",),
        tokens.SECURITY_GROUP: ("ingress",),
        tokens.DEPLOYMENT_GROUP: (
            "autoscalingGroups",
            "alarmConfiguration",
            "autoRollbackConfiguration",
        ),
        tokens.DATABASE: (
            "multiAz",
            "backupRetentionPeriod",
            "publiclyAccessible",
            "deletionProtection",
        ),
        tokens.DATABASE_CLUSTER: ("backupRetentionPeriod", "deletionProtection"),
        tokens.BUCKET_POLICY: ("policy",),
        tokens.BUCKET_VERSIONING: ("versioningConfiguration",),
        tokens.ROLE: ("assumeRolePolicy",),
    }
)
"""What decides the rules of this pack, and nothing but the program changes soundly."""


def _without_effect(resource: Resource, properties: tuple[str, ...]) -> Iterator[str]:
    for prop in properties:
        if resource.options.ignores(prop):
            yield label(prop)


def _ignored(stack: Stack, _: Settings) -> Iterator[Violation]:
    for types, properties in _DECISIVE.items():
        for resource in stack.of(types):
            names = list(_without_effect(resource, properties))
            if names:
                entries = ", ".join(f'"{entry}"' for entry in resource.options.ignored)
                yield Violation(
                    f'What the program sets for {", ".join(names)} of "{resource.name}" has no effect '
                    f"once it exists: its ignore_changes names {entries}. What is judged here is what "
                    "it has now, and no remedy of this pack changes it.",
                    resource,
                )


FOLLOWS_PROGRAM = StackRule(
    id="settings-follow-program",
    title="Settings that decide availability and security follow the program",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # something else may keep the setting, and keep it soundly
    scope=Scope.EVERY_STACK,
    controls={"Well-Architected": ("OPS05-BP03", "REL08-BP05")},
    url=f"{_OPTIONS}ignorechanges/",
    remedy="remove the entry from ignore_changes, or say in it only what something else sets.",
    steps=(
        "Name in ignore_changes only what another service sets, such as desired_capacity.",
        'Do not ignore everything ("*").',
    ),
    unknown="Options of resources are always known.",
    check=_ignored,
)

RULES = (CREATED_FIRST, FOLLOWS_PROGRAM)
