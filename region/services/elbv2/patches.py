"""Elastic Load Balancing as AWS answers it: states and target health come from the data plane.

moto calls every target healthy at once and every load balancer active when it is described. Here
`region.services.elbv2.controller` says so when it is true, through the functions of this module.
"""

from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import (
    ELBv2Backend,
    FakeHealthStatus,
    FakeLoadBalancer,
    FakeTargetGroup,
    elbv2_backends,
)

from region.addresses import private_of
from region.api.patching import add, replace
from region.services.ec2 import placement

Health = tuple[str, str | None, str | None]
"""State, reason code, description."""

REGISTERING: Health = (
    "initial",
    "Elb.RegistrationInProgress",
    "Target registration is in progress",
)
DRAINING: Health = (
    "draining",
    "Target.DeregistrationInProgress",
    "Target deregistration is in progress",
)
NOT_IN_USE: Health = (
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
NOT_REGISTERED: Health = (
    "unused",
    "Target.NotRegistered",
    "Target is not registered to the target group",
)
STOPPED: Health = ("unused", "Target.InvalidState", "Target is in the stopped state")


def install() -> None:
    """Patch moto's Elastic Load Balancing."""
    _patch_creation()
    _patch_deletion()
    _patch_state()
    _patch_listeners()
    _patch_registration()
    _patch_health()


def address_of(load_balancer: Any) -> str:
    """The loopback address that the load balancer listens on."""
    return load_balancer.loopback_address


def health_book(target_group: Any) -> dict[str, Health]:
    """What the data plane says about a target group's targets; write to it under the lock."""
    return target_group.__dict__.setdefault("target_health", {})


def forwarded_to(backend: Any, load_balancer: Any) -> set[str]:
    """ARNs of the target groups that the load balancer's rules forward to."""
    return {
        arn
        for listener in load_balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
        for arn in backend._get_target_group_arns_from(action_data=action.data)  # noqa: SLF001
    }


def in_use(backend: Any, target_group: Any) -> bool:
    """Whether a load balancer forwards to the target group."""
    return any(
        target_group.arn in forwarded_to(backend, load_balancer)
        for load_balancer in backend.load_balancers.values()
    )


def health_of(backend: Any, target_group: Any, target_id: str) -> Health:
    """A target's state, reason and description as describe_target_health gives them."""
    if target_id not in target_group.targets:
        noted = health_book(target_group).get(target_id)
        return DRAINING if noted is not None and noted[0] == "draining" else NOT_REGISTERED
    if target_id.startswith("i-"):
        instance = backend.ec2_backend.get_instance_by_id(target_id)
        if instance is None or instance.state in {"stopping", "stopped"}:
            return STOPPED
    if not in_use(backend, target_group):
        return NOT_IN_USE
    return health_book(target_group).get(target_id, REGISTERING)


# Load balancers ------------------------------------------------------------------------------


def _patch_creation() -> None:
    def make_create(moto_create: Any) -> Any:
        def create_load_balancer(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
            kind = kwargs.get("loadbalancer_type") or "application"
            if kind != "application":
                message = (
                    f"Load balancer type '{kind}' is not supported in the local region: "
                    "use 'application'."
                )
                raise ELBClientError("ValidationError", message)
            if any(known.name == name for known in self.load_balancers.values()):
                message = f"A load balancer with the same name '{name}' exists, but with "
                raise ELBClientError("DuplicateLoadBalancerName", message + "different settings")
            created = moto_create(self, name, *args, **kwargs)
            subnet = created.subnets[0]
            try:
                created.loopback_address = placement.claim(subnet, created.arn)
            except placement.PlacementError as error:
                del self.load_balancers[created.arn]
                raise ELBClientError("InvalidSubnet", str(error)) from error
            created.address_subnet = subnet
            created.state_reason = None
            created.dns_name = created.loopback_address
            return created

        return create_load_balancer

    replace(ELBv2Backend, "create_load_balancer", make_create)


def _patch_deletion() -> None:
    def make_delete(moto_delete: Any) -> Any:
        def delete_load_balancer(self: Any, arn: str) -> None:
            found = self.load_balancers.get(arn)
            if found is not None:
                if str(found.attrs.get("deletion_protection.enabled")).lower() == "true":
                    message = (
                        f"Load balancer '{arn}' cannot be deleted because deletion protection "
                        "is enabled"
                    )
                    raise ELBClientError("OperationNotPermitted", message)
                placement.release(found.address_subnet, private_of(found.loopback_address))
            moto_delete(self, arn)

        return delete_load_balancer

    replace(ELBv2Backend, "delete_load_balancer", make_delete)


def _patch_state() -> None:
    def activate(self: Any) -> None:
        """Leave the state as it is: the targets controller sets it when HAProxy listens."""

    def load_balancer_state(self: Any) -> dict[str, str]:
        reason = self.__dict__.get("state_reason")
        return {"Code": self.state, **({"Reason": reason} if reason else {})}

    add(FakeLoadBalancer, activate)
    replace(
        FakeLoadBalancer, "load_balancer_state", lambda _original: property(load_balancer_state)
    )


def _patch_listeners() -> None:
    """A changed listener has to be listened on before its load balancer is active again.

    AWS would tell a port that cannot be had in the call itself; here HAProxy finds out afterwards.
    """

    def changed(self: Any, arn: str) -> None:
        load_balancer = self.load_balancers[arn]
        load_balancer.state, load_balancer.state_reason = "provisioning", None
        load_balancer.changes = changes_of(load_balancer) + 1

    def make_create(moto_create: Any) -> Any:
        def create_listener(self: Any, load_balancer_arn: str, *args: Any, **kwargs: Any) -> Any:
            created = moto_create(self, load_balancer_arn, *args, **kwargs)
            changed(self, load_balancer_arn)
            return created

        return create_listener

    def make_modify(moto_modify: Any) -> Any:
        def modify_listener(self: Any, arn: str, *args: Any, **kwargs: Any) -> Any:
            modified = moto_modify(self, arn, *args, **kwargs)
            changed(self, modified.load_balancer_arn)
            return modified

        return modify_listener

    replace(ELBv2Backend, "create_listener", make_create)
    replace(ELBv2Backend, "modify_listener", make_modify)


def changes_of(load_balancer: Any) -> int:
    """How often a load balancer's listeners were created or changed."""
    return int(load_balancer.__dict__.get("changes", 0))


# Targets -------------------------------------------------------------------------------------


def _patch_registration() -> None:
    def make_register(moto_register: Any) -> Any:
        def register_targets(self: Any, target_group_arn: str, instances: list[Any]) -> None:
            known = _targets(self, target_group_arn)
            moto_register(self, target_group_arn, instances)
            book = health_book(self.target_groups[target_group_arn])
            for target in instances:
                if target["Id"] not in known:
                    book[target["Id"]] = REGISTERING

        return register_targets

    def make_deregister(moto_deregister: Any) -> Any:
        def deregister_targets(self: Any, target_group_arn: str, instances: list[Any]) -> None:
            known = _targets(self, target_group_arn)
            # ELB passes over what is not registered.
            leaving = [target for target in instances if target["Id"] in known]
            moto_deregister(self, target_group_arn, leaving)
            _start_draining(self, self.target_groups[target_group_arn], leaving)

        return deregister_targets

    def notify_terminate_instances(self: Any, instance_ids: list[str]) -> None:
        for group in self.target_groups.values():
            leaving = [{"Id": name} for name in instance_ids if name in group.targets]
            if leaving:
                self.deregister_targets(group.arn, leaving)

    replace(ELBv2Backend, "register_targets", make_register)
    replace(ELBv2Backend, "deregister_targets", make_deregister)
    add(ELBv2Backend, notify_terminate_instances)


def _patch_health() -> None:
    def make_describe(moto_describe: Any) -> Any:
        def describe_target_health(self: Any, target_group_arn: str, targets: list[Any]) -> Any:
            group = self.target_groups.get(target_group_arn)
            if group is not None and not targets:
                targets = list(group.targets.values()) + [
                    {"Id": name, "Port": group.port}
                    for name, health in health_book(group).items()
                    if health[0] == "draining" and name not in group.targets
                ]
                if not targets:
                    return []
            return moto_describe(self, target_group_arn, targets)

        return describe_target_health

    def make_health_for(_original: Any) -> Any:
        def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
            del ec2_backend
            registered = self.targets.get(target["Id"], {})
            port = registered.get("Port") or target.get("Port") or self.port
            backend = _backend_of(self)
            state, reason, description = health_of(backend, self, target["Id"])
            return FakeHealthStatus(
                target["Id"], port, self.health_check_port, state, reason, description
            )

        return health_for

    replace(ELBv2Backend, "describe_target_health", make_describe)
    replace(FakeTargetGroup, "health_for", make_health_for)


def _backend_of(target_group: Any) -> Any:
    return elbv2_backends[target_group.account_id][target_group.region_name]


def _targets(backend: Any, target_group_arn: str) -> set[str]:
    group = backend.target_groups.get(target_group_arn)
    return set(group.targets) if group is not None else set()


def _start_draining(backend: Any, group: Any, leaving: list[dict[str, Any]]) -> None:
    """Note at the call that targets drain, so that nobody sees a gap before the data plane acts."""
    book = health_book(group)
    used = in_use(backend, group)
    for target in leaving:
        if used:
            book[target["Id"]] = DRAINING
        else:
            book.pop(target["Id"], None)
