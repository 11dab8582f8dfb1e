"""CodeDeploy deployment groups: what they address, how many stay in service, what stops them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from availability import alarm_timing, healthy_hosts
from availability.healthy_hosts import FLEET_PERCENT, HOST_COUNT

from guardrails import tokens
from guardrails.architecture.alarms import ALARM_KEYS, Service, service_behind
from guardrails.architecture.fleets import GROUP_KEYS, Fleets, Group
from guardrails.architecture.serving import Serving
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

SERVER = "Server"

# Minimum healthy hosts of the predefined configurations, in percent of the instances:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
_PREDEFINED = MappingProxyType(
    {
        "CodeDeployDefault.OneAtATime": 99.0,
        "CodeDeployDefault.HalfAtATime": 50.0,
        "CodeDeployDefault.AllAtOnce": 0.0,
    }
)
_DEFAULT = "CodeDeployDefault.OneAtATime"


@dataclass(frozen=True)
class Minimum:
    """The minimum healthy hosts of one deployment configuration.

    Attributes:
        name: How a message names the configuration.
        kind: FLEET_PERCENT or HOST_COUNT.
        value: Percent or number of hosts, `None` if unknown.
        custom: Whether the configuration is not one of the predefined ones.
        elsewhere: Whether it is not in this stack.
    """

    name: str
    kind: Any
    value: float | None
    custom: bool
    elsewhere: bool = False

    def hosts(self, fleet_size: float) -> int | None:
        """Return how many instances have to stay healthy; CodeDeploy rounds percentages up."""
        if self.value is None or self.kind not in (FLEET_PERCENT, HOST_COUNT):
            return None
        return healthy_hosts.required(self.kind, self.value, fleet_size)

    def deadlock(self, fleet_size: float) -> str | None:
        """Return why no deployment to so many instances can begin, as a clause."""
        if self.value is None or self.kind not in (FLEET_PERCENT, HOST_COUNT):
            return None
        return healthy_hosts.deadlock(self.kind, self.value, fleet_size)

    @property
    def possible_at_two_or_more(self) -> bool:
        """Return whether a deployment can begin at every size above one: half of two is one."""
        return self.kind == FLEET_PERCENT and self.value is not None and self.value <= 50

    def kept(self, fleet_size: float) -> int | None:
        """Return how many instances stay in service; CodeDeploy deploys to at least one."""
        hosts = self.hosts(fleet_size)
        return None if hosts is None else max(0, min(hosts, int(fleet_size) - 1))


class Deployment:
    """One deployment group."""

    def __init__(self, stack: Stack, resource: Resource) -> None:
        """Remember both; everything else is looked up when a rule asks for it."""
        self._stack = stack
        self.resource = resource

    @property
    def label(self) -> str:
        """Return how a message names it."""
        return f'Deployment group "{self.resource.name}"'

    @property
    def step(self) -> str:
        """Return how a path names it."""
        return f'deployment group "{self.resource.name}"'

    @cached_property
    def groups(self) -> References:
        """The Auto Scaling groups to whose instances it deploys."""
        return self._references("autoscalingGroups", tokens.AUTO_SCALING_GROUP, GROUP_KEYS)

    @cached_property
    def controlled(self) -> References:
        """The target groups out of which it takes instances; it refers to them by name."""
        infos = self.resource.get("loadBalancerInfo", "targetGroupInfos")
        if is_absent(infos):
            return References()
        names = infos if infos is UNKNOWN else [dig(one, "name") for one in items(infos)]
        return self._stack.references(
            self.resource, "loadBalancerInfo", tokens.TARGET_GROUP, ("name",), value=names
        )

    @cached_property
    def application(self) -> References:
        """The application whose revisions it deploys."""
        return self._references("appName", tokens.APPLICATION, ("name",))

    @cached_property
    def roles(self) -> References:
        """The role that CodeDeploy assumes for it."""
        return self._references("serviceRoleArn", tokens.ROLE, ("arn",))

    @property
    def by_tags(self) -> bool:
        """Return whether it finds EC2 instances by their tags."""
        return any(
            not is_absent(self.resource.get(prop)) for prop in ("ec2TagFilters", "ec2TagSets")
        )

    @property
    def blue_green(self) -> bool:
        """Return whether it deploys to other instances than those that serve."""
        return self.resource.get("deploymentStyle", "deploymentType") == "BLUE_GREEN"

    def delivers(self, group: Resource) -> bool:
        """Return whether it controls the traffic of a fleet's own target group."""
        attached = self._stack.derived(Fleets).of(group).target_groups
        return bool(set(attached) & set(self.controlled.any))

    @property
    def shifts_traffic(self) -> bool:
        """Return whether it takes instances out of their target group."""
        option = self.resource.get("deploymentStyle", "deploymentOption")
        return option == "WITH_TRAFFIC_CONTROL"

    @cached_property
    def target_groups(self) -> tuple[Resource, ...]:
        """The target groups behind which its instances serve."""
        fleets = self._stack.derived(Fleets)
        found = [one for group in self.groups.any for one in fleets.of(group).target_groups]
        return tuple(dict.fromkeys(found))

    @cached_property
    def service(self) -> Service:
        """The target groups and load balancers through which its instances are asked."""
        return service_behind(self._stack, self.target_groups, self.groups.any)

    @cached_property
    def minimum(self) -> Minimum:
        """How many instances its configuration keeps healthy."""
        return _minimum(self._stack, self.resource)

    @property
    def watches(self) -> bool:
        """Return whether it watches alarms at all."""
        watching = self.resource.get("alarmConfiguration", "enabled")
        return watching in (None, True, UNKNOWN) and not is_absent(self._alarm_names)

    @property
    def _alarm_names(self) -> Any:
        return self.resource.get("alarmConfiguration", "alarms")

    @property
    def alarm_count(self) -> int | None:
        """Return how many alarms it names, `None` if that is not known."""
        names = self._alarm_names
        return None if names is UNKNOWN else len(items(names))

    @cached_property
    def alarms(self) -> References:
        """The alarms that stop it."""
        if is_absent(self._alarm_names):
            return References()
        return self._stack.references(
            self.resource, "alarmConfiguration", tokens.ALARM, ALARM_KEYS, value=self._alarm_names
        )

    def goes_on(self, batch: float) -> float | None:
        """Return for how many seconds it goes on at least once its first instances serve.

        `batch` are the seconds that each batch of instances takes. `None` if it is not known.
        """
        zonal = self._zonal
        if zonal is UNKNOWN:
            return None
        if is_absent(zonal):
            # Of a single instance there is nothing to watch: other rules ask for more of them.
            several = [(size, kept) for _, size, kept in self.sizes() if size > 1]
            left = [alarm_timing.batches_left(size, kept, batch) for size, kept in several]
            return min(left, default=None)
        fleets = self._stack.derived(Fleets)
        zones = [fleets.of(group).zones for group in self.groups.any]
        others = _seconds(dig(zonal, "monitorDurationInSeconds"), 0.0)
        first = _seconds(dig(zonal, "firstZoneMonitorDurationInSeconds"), others)
        if first is None or others is None or not all(one.certain > 1 for one in zones):
            return None
        found = [alarm_timing.watched(first, others, one.certain, batch) for one in zones]
        return min(found, default=None)

    @property
    def watches_zones(self) -> bool:
        """Whether its configuration, one of this stack, says how long it waits after a zone."""
        return self._zonal is not UNKNOWN and not is_absent(self._zonal)

    @property
    def _zonal(self) -> Any:
        """Return how it goes from zone to zone, if it does."""
        if not self.minimum.custom:
            return None
        return found[0].get("zonalConfig") if len(found := self.configurations) == 1 else UNKNOWN

    @property
    def configurations(self) -> list[Resource]:
        """The deployment configurations of this stack that it may use."""
        return _configurations(self._stack, self.resource)

    def sizes(self) -> Iterator[tuple[Resource, float, int]]:
        """Yield its groups with their smallest size and how many of it a deployment keeps."""
        for group in self.groups.any:
            size = number(group.get("minSize"))
            kept = None if size is None else self.minimum.kept(size)
            if size is not None and kept is not None:
                yield group, size, kept

    def _references(self, prop: str, types: tuple[str, ...], keys: tuple[str, ...]) -> References:
        return self._stack.references(self.resource, prop, types, keys)


class Deployments:
    """The stack's deployment groups."""

    def __init__(self, stack: Stack) -> None:
        """Tell those for servers from those for ECS services and Lambda functions."""
        self.all = tuple(Deployment(stack, one) for one in stack.of(tokens.DEPLOYMENT_GROUP))
        self.servers = tuple(one for one in self.all if _for_servers(one))
        self._stack = stack

    @cached_property
    def serving(self) -> tuple[Deployment, ...]:
        """Those that deploy to instances that serve requests, or may do so."""
        asked = {group.resource for group in self._stack.derived(Serving).groups}
        return tuple(
            one
            for one in self.servers
            if asked & set(one.groups.any) or one.groups.foreign or one.groups.untraced
        )

    @cached_property
    def unreleased(self) -> tuple[Resource, ...]:
        """The serving groups whose instances get no revision, from CodeDeploy or otherwise."""
        balanced = self._stack.of((*tokens.LOAD_BALANCER, *tokens.TARGET_GROUP))
        if not balanced:
            return ()  # workers: what they run, they may fetch themselves
        released = {group for one in self.servers for group in one.groups.any}
        return tuple(
            group.resource
            for group in self._stack.derived(Serving).groups
            if group.resource not in released and not self._released_otherwise(group)
        )

    def _released_otherwise(self, group: Group) -> bool:
        """Return whether the group is capacity for containers, or its image holds the revision."""
        if not self.servers and group.given("instanceRefresh") is not None:
            return True
        prop = "autoScalingGroupProvider"
        keys = ("arn",)
        return any(
            group.resource in self._stack.linked(one, prop, tokens.AUTO_SCALING_GROUP, keys)
            for one in self._stack.of(tokens.CAPACITY_PROVIDER)
        )


def rollback(resource: Resource) -> tuple[Any, Any]:
    """Return the switch and the events of a deployment group's automatic rollback."""
    configuration = "autoRollbackConfiguration"
    return resource.get(configuration, "enabled"), resource.get(configuration, "events")


def platform(application: Resource) -> Any:
    """Return an application's compute platform."""
    return application.get("computePlatform") or SERVER


def _for_servers(deployment: Deployment) -> bool:
    """Return whether a deployment group is for servers: what it addresses tells, else the rest."""
    resource = deployment.resource
    addressed = ("autoscalingGroups", "onPremisesInstanceTagFilters")
    if deployment.by_tags or any(not is_absent(resource.get(prop)) for prop in addressed):
        return True
    if not is_absent(resource.get("ecsService")):
        return False
    known = [platform(one) for one in deployment.application.any]
    own = resource.get("computePlatform")
    config = resource.get("deploymentConfigName")
    other = isinstance(config, str) and config.startswith(
        ("CodeDeployDefault.ECS", "CodeDeployDefault.Lambda")
    )
    return not other and (SERVER in known or not known) and own in (None, "", UNKNOWN, SERVER)


def _minimum(stack: Stack, deployment: Resource) -> Minimum:
    name = deployment.get("deploymentConfigName") or _DEFAULT
    if isinstance(name, str) and name in _PREDEFINED:
        return Minimum(name, "FLEET_PERCENT", _PREDEFINED[name], custom=False)
    configurations = _configurations(stack, deployment)
    if len(configurations) != 1:
        # The other predefined configurations are not for servers.
        elsewhere = not str(name).startswith("CodeDeployDefault.")
        return Minimum(
            deployment.shown("deploymentConfigName"),
            UNKNOWN,
            None,
            custom=True,
            elsewhere=elsewhere,
        )
    hosts = configurations[0].get("minimumHealthyHosts")
    kind, value = (UNKNOWN, None) if not isinstance(hosts, dict) else _declared(hosts)
    return Minimum(f'"{configurations[0].name}"', kind, value, custom=True)


def _configurations(stack: Stack, deployment: Resource) -> list[Resource]:
    """Return the deployment configurations of this stack that a deployment group may use."""
    keys = ("deploymentConfigName", "id")
    return stack.linked(deployment, "deploymentConfigName", tokens.DEPLOYMENT_CONFIG, keys)


def _seconds(value: Any, absent: float | None) -> float | None:
    """Return a duration; `None` if it is not known."""
    return absent if is_absent(value) else number(value)


def _declared(hosts: dict[str, Any]) -> tuple[Any, float | None]:
    return hosts.get("type"), number(hosts.get("value"))
