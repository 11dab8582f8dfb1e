"""Rules about what lets tasks start and stay: hosts of their cluster, and time to start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.containers import Containers, ContainerService
from guardrails.architecture.launching import user_data
from guardrails.architecture.target_timing import fails_after
from guardrails.architecture.tasks import cluster_of, containers, definitions
from guardrails.architecture.traffic import target_step
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack, identities
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_JOINS = re.compile(
    r"\bECS_CLUSTER\s*=\s*[\"']?(?P<agent>[\w-]+)"  # /etc/ecs/ecs.config
    r"|^\s*\[settings\.ecs\][^\[]*?^\s*cluster\s*=\s*[\"'](?P<toml>[\w-]+)",  # Bottlerocket
    re.MULTILINE,
)


# --- hosts of the cluster -------------------------------------------------------------------------


def _joined(stack: Stack, template: Resource, cluster: Resource) -> bool | str | None:
    """Return whether instances of a template join a cluster: a text is the one they join instead.

    `None` if the template does not say: a cluster may be named in the image.
    """
    given = template.get("userData")
    others = stack.sources(template, "userData", tokens.CONTAINER_CLUSTER)
    if given is UNKNOWN:
        if not others:
            return None
        return cluster in others or f'"{others[0].name}"'
    found = [one["agent"] or one["toml"] for one in _JOINS.finditer(user_data(template) or "")]
    if not found:
        return None
    names = identities(cluster, ("name",))
    if not names:
        return True if cluster in others else None
    return found[-1] in names or show(found[-1])


def _hosts(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.derived(Containers).asked:
        cluster = cluster_of(stack, service.resource)
        hosts = [(host, one) for host in service.hosts for one in host.launching.templates]
        if cluster is None or not hosts:
            continue
        found = [(host, one, _joined(stack, one, cluster)) for host, one in hosts]
        if any(joined is True for _, _, joined in found):
            continue
        host, template, joined = next((one for one in found if one[2] is None), found[0])
        called = cluster.shown("name")
        path = (
            f'service "{service.name}"',
            f'cluster "{cluster.name}"',
            f'Auto Scaling group "{host.name}"',
            f'user data of "{template.name}"',
        )
        if joined is None:
            yield Violation(
                f'whether the instances of Auto Scaling group "{host.name}" join cluster '
                f'"{cluster.name}": their user data names no cluster, and without one they join '
                f'"default" (the image may name another). Service "{service.name}" needs them.',
                template,
                path,
                "write ECS_CLUSTER= with the name of the cluster into /etc/ecs/ecs.config in user_data.",
                undecided=True,
            )
            continue
        yield Violation(
            f'No task of service "{service.name}" ever starts: the instances of Auto Scaling group '
            f'"{host.name}" join cluster {joined}, and the service is in "{cluster.name}" (name '
            f"{called}).",
            template,
            path,
        )


JOIN_CLUSTER = StackRule(
    id="ecs-hosts-join-cluster",
    title="Container instances join the cluster of their service",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP01",)},
    url=f"{_GUIDE}bootstrap_container_instance.html",
    remedy=(
        "write ECS_CLUSTER= with the output name of the service's cluster into /etc/ecs/ecs.config in "
        "user_data of the launch template."
    ),
    steps=(
        "Make user_data from cluster.name with apply, so that both always agree.",
        "On Bottlerocket set cluster under [settings.ecs].",
    ),
    unknown="User data that names no cluster is undecided: the image may.",
    check=_hosts,
)


# --- time to start --------------------------------------------------------------------------------

_ASSUMED = "assumedStartSeconds"


def _entries(stack: Stack, service: ContainerService) -> Iterator[tuple[Any, Resource, Any]]:
    """Yield containers behind target groups of the stack, with the target group."""
    entries = items(service.resource.get("loadBalancers"))
    tasks = definitions(stack, service.resource).resources
    for target in service.targets.resources:
        for task in tasks:
            by_name = containers(task) or {}
            for entry in entries:
                name = dig(entry, "containerName")
                yield name, target, by_name.get(name) if isinstance(name, str) else None


def _grace(stack: Stack, settings: Settings) -> Iterator[Violation]:
    for service in stack.derived(Containers).asked:
        given = service.resource.setting("healthCheckGracePeriodSeconds")
        grace = 0.0 if is_absent(given) else number(given)
        found = next(iter(_entries(stack, service)), None)
        if grace is None or found is None:
            continue
        name, target, container = found
        failing = fails_after(target)
        if failing.unknown or container is None:
            continue
        kept = grace + failing.value
        start = number(dig(container, "healthCheck", "startPeriod"))
        shown = service.resource.shown("healthCheckGracePeriodSeconds")
        path = (
            f'service "{service.name}", health_check_grace_period_seconds {shown}',
            f"{target_step(target)}: unhealthy after {failing.value:g} s",
        )
        if start is not None and kept < start:
            yield Violation(
                f'Tasks of service "{service.name}" are stopped before they are up: container '
                f"{show(name)} may take {start:g} s to start (startPeriod), and the load balancer "
                f"calls it unhealthy after {kept:g} s.",
                service.resource,
                (*path, f"container {show(name)}, startPeriod {start:g}"),
                f"set health_check_grace_period_seconds of the service to {start:g} or more.",
            )
        elif start is None and not grace and kept < settings.integer(_ASSUMED):
            yield Violation(
                f'whether container {show(name)} of service "{service.name}" starts within '
                f"{kept:g} s: then the load balancer calls a new task unhealthy, and ECS stops it.",
                service.resource,
                path,
                "set health_check_grace_period_seconds of the service to the longest start, measured.",
                undecided=True,
            )


GRACE = StackRule(
    id="ecs-service-grace-period",
    title="Tasks have the time they need to start",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP01", "REL11-BP03")},
    url=f"{_GUIDE}load-balancer-healthcheck.html",
    remedy="set health_check_grace_period_seconds of the service to the longest start of its containers.",
    steps=(
        "Measure the longest start, with the dependencies that it waits for.",
        "Set health_check_grace_period_seconds to it, and startPeriod of the container's health check.",
    ),
    unknown=(
        "Without a start period and a grace period it is undecided where the health check of the "
        "target group gives up early. Unknown numbers are not judged."
    ),
    parameters={
        _ASSUMED: {
            "type": "integer",
            "description": "Seconds that a container may take to start where the program does not say.",
            "default": 60,
            "minimum": 0,
        }
    },
    check=_grace,
)

RULES = (JOIN_CLUSTER, GRACE)
