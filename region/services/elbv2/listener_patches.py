"""Listeners and their rules: everything that the load balancer cannot serve is refused in the call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from moto.elbv2.exceptions import ListenerNotFoundError
from moto.elbv2.models import (
    ELBv2Backend,
    FakeAction,
    FakeListener,
    FakeListenerRule,
    FakeLoadBalancer,
    FakeRule,
)
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.elbv2 import certificates, conversion, desired, limits, repeats, target_groups
from region.services.elbv2.errors import invalid, refused, unsupported
from region.services.elbv2.records import LoadBalancerRecord

patches = Patches()

MOST_PRIORITY: Final = 50_000
_LISTENER_DEFAULTS: Final = {"routing.http.response.server.enabled": "true"}


# The calls' parameters --------------------------------------------------------------------------


def _check_listener(given: Parameters) -> None:
    if given.get("AlpnPolicy"):
        raise invalid("AlpnPolicy is for listeners of protocol TLS", "InvalidConfigurationRequest")
    if given.get("MutualAuthentication"):
        raise unsupported("parameter 'MutualAuthentication' of a listener", "leave it out")


@patches.around(ELBV2Response, "create_listener")
def _create_listener_call(moto: Original, self: ELBV2Response) -> object:
    given = Parameters(self)
    _check_listener(given)
    balancer = self.elbv2_backend.load_balancers.get(given.text("LoadBalancerArn"))
    listeners = balancer.listeners.values() if balancer is not None else ()
    same = [one for one in listeners if int(one.port) == given.integer("Port")]
    protocol, policy = given.text("Protocol"), given.text("SslPolicy")
    certificates.check(self.elbv2_backend, protocol, policy, given.structures("Certificates"))
    return repeats.create_once(moto, self, "Listeners", same)


@patches.around(ELBV2Response, "modify_listener")
def _modify_listener_call(moto: Original, self: ELBV2Response) -> object:
    _check_listener(Parameters(self))
    return moto(self)


def _rule_call(moto: Original, self: ELBV2Response) -> object:
    given = Parameters(self)
    if given.get("Transforms") or given.flag("ResetTransforms"):
        raise unsupported(
            "parameter 'Transforms' of a rule",
            "it rewrites no host and no URL, let the target do it",
        )
    return moto(self)


for _name in ("create_rule", "modify_rule"):
    patches.around(ELBV2Response, _name)(_rule_call)


# What is checked in all of them -----------------------------------------------------------------


def _check_action(
    backend: ELBv2Backend, balancer: FakeLoadBalancer, actions: Sequence[dict[str, Any]]
) -> None:
    """Refuse an action that AWS does not take or the load balancer cannot do."""
    named: set[str] = set()

    def group_name(arn: str) -> str:
        named.add(arn)
        group = backend.target_groups.get(arn)
        if group is None:
            raise invalid(f"Target group '{arn}' not found", "TargetGroupNotFound")
        if group.vpc_id != balancer.vpc_id:
            raise invalid(
                f"Target group '{arn}' is in another VPC than the load balancer",
                "InvalidConfigurationRequest",
            )
        other = target_groups.balancer_of(backend, group)
        if other is not None and other is not balancer:
            raise invalid(
                f"The following target groups cannot be associated with more than one load "
                f"balancer: {arn}",
                "TargetGroupAssociationLimit",
            )
        with refused():
            desired.target_group(group, float)
        return group.name

    with refused():
        conversion.action(actions, group_name, float)
    limits.check_target_groups(backend, balancer, named)


def balancer_of(backend: ELBv2Backend, listener_arn: str) -> FakeLoadBalancer:
    """Return the load balancer that a listener belongs to.

    Raises:
        ListenerNotFoundError: There is no such listener.
    """
    for balancer in backend.load_balancers.values():
        if listener_arn in balancer.listeners:
            return balancer
    raise ListenerNotFoundError


def _check_port(balancer: FakeLoadBalancer, port: object, but: str = "") -> None:
    if not 1 <= int(str(port)) <= 65535:
        raise invalid(f"Port '{port}' must be between 1 and 65535")
    if any(str(item.port) == str(port) and item.arn != but for item in balancer.listeners.values()):
        raise invalid(
            "A listener already exists on this port for this load balancer", "DuplicateListener"
        )


def _check_priority(listener: FakeListener, priority: object, but: Iterable[str] = ()) -> int:
    number = int(str(priority))
    if not 1 <= number <= MOST_PRIORITY:
        raise invalid(f"Priority '{priority}' must be between 1 and {MOST_PRIORITY}")
    for rule in listener.rules.values():
        if not rule.is_default and int(rule.priority) == number and rule.arn not in but:
            raise invalid(f"Priority '{priority}' is currently in use", "PriorityInUse")
    return number


# Listeners: a changed one has to be bound before its load balancer is active again. AWS would
# reject a port in the call itself; here HAProxy finds out afterwards.


@patches.around(ELBv2Backend, "create_listener")
def _create_listener(
    moto: Original, self: ELBv2Backend, load_balancer_arn: str, *args: Any, **kwargs: Any
) -> FakeListener:
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer is not None:
        if kwargs.get("port") is not None:
            _check_port(balancer, kwargs["port"])
        count = len(balancer.listeners) + 1
        limits.check("listeners-per-application-load-balancer", count, "TooManyListeners")
        actions = kwargs.get("actions") or []
        _check_action(self, balancer, actions)
        kwargs["actions"] = conversion.described_actions(actions)
    created: FakeListener = moto(self, load_balancer_arn, *args, **kwargs)
    created.attributes = dict(_LISTENER_DEFAULTS)
    # Of listeners of TLS, and a policy of those with certificates.
    vars(created).update(alpn_policy=None)
    if created.protocol != certificates.HTTPS:
        vars(created).update(ssl_policy=None)
    reprovision(self.load_balancers[load_balancer_arn])
    return created


@patches.method(ELBv2Backend)
def modify_listener(self: ELBv2Backend, arn: str, *given: Any) -> FakeListener:
    """Change a listener; what is not given stays."""
    port, protocol, policy, wanted, actions = given
    balancer = balancer_of(self, arn)
    listener = balancer.listeners[arn]
    if protocol not in (None, "HTTP", certificates.HTTPS):
        raise invalid(
            f"Protocol {protocol} is not supported: use HTTP or HTTPS", "UnsupportedProtocol"
        )
    protocol = protocol or listener.protocol
    present = [{"CertificateArn": name} for name in listener.certificates]
    kept = present if protocol == certificates.HTTPS else []
    certificates.check(self, protocol, policy, wanted or kept)
    if port is not None:
        _check_port(balancer, port, but=arn)
    if actions:
        _check_action(self, balancer, actions)
        made = [FakeAction(action) for action in conversion.described_actions(actions)]
        # moto types what its models' `__new__` makes loosely.
        listener.default_actions = cast("list[FakeAction]", made)
        default = next(rule for rule in listener.rules.values() if rule.is_default)
        default.actions = listener.default_actions
    if port is not None:
        listener.port = port
    names = [str(one["CertificateArn"]) for one in wanted or kept]
    _secure(listener, protocol, policy, names)
    others = LoadBalancerRecord.of(balancer).certificates
    others[arn] = tuple(name for name in others.get(arn, ()) if names and name not in names)
    reprovision(balancer)
    return listener


def _secure(listener: FakeListener, protocol: str, policy: str | None, names: list[str]) -> None:
    """Give a listener its protocol, its policy and its default certificate; none for HTTP."""
    listener.protocol = protocol
    listener.certificates = names
    listener.certificate = names[0] if names else None
    kept = policy or listener.ssl_policy or certificates.DEFAULT_POLICY
    vars(listener).update(ssl_policy=kept if names else None)


def reprovision(load_balancer: FakeLoadBalancer) -> None:
    """Note that listeners have changed: the load balancer is active when it serves them."""
    record = LoadBalancerRecord.of(load_balancer)
    load_balancer.state, record.state_reason = "provisioning", None
    record.listener_changes += 1


@patches.method(ELBv2Backend)
def modify_listener_attributes(
    self: ELBv2Backend, listener_arn: str, attrs: list[dict[str, str]]
) -> dict[str, str]:
    """Refuse everything but the defaults."""
    listener = balancer_of(self, listener_arn).listeners[listener_arn]
    for item in attrs:
        key, value = item["Key"], str(item.get("Value", ""))
        if not key.startswith("routing.http."):
            raise invalid(f"Listener attribute key '{key}' is not recognized")
        if value != _LISTENER_DEFAULTS.get(key, ""):
            raise unsupported(
                f"listener attribute '{key}' = '{value}'", "let the target set its headers"
            )
    return listener.attributes


# Rules --------------------------------------------------------------------------------------------


@patches.value(FakeListener, "rules")
def _rules(self: FakeListener) -> dict[Any, FakeRule]:
    """Return the rules in the order in which they are tried; the default is the last."""
    others: dict[str, Any] = self._non_default_rules  # pyright: ignore[reportPrivateUsage]
    default: dict[int, Any] = self._default_rule  # pyright: ignore[reportPrivateUsage]
    ordered = sorted(others.items(), key=lambda item: int(item[1].priority))
    return {**dict(ordered), **default}


@patches.around(ELBv2Backend, "create_rule")
def _create_rule(
    moto: Original,
    self: ELBv2Backend,
    *,
    listener_arn: str,
    conditions: list[dict[str, Any]],
    priority: int,
    actions: list[dict[str, Any]],
    tags: list[dict[str, str]] | None = None,
) -> FakeListenerRule:
    balancer = balancer_of(self, listener_arn)
    listener = balancer.listeners[listener_arn]
    number = _check_priority(listener, priority)
    count = sum(len(item.rules) - 1 for item in balancer.listeners.values()) + 1
    limits.check("rules-per-application-load-balancer", count, "TooManyRules")
    with refused():
        conversion.conditions(conditions)
    _check_action(self, balancer, actions)
    created: FakeListenerRule = moto(
        self,
        listener_arn,
        conversion.described_conditions(conditions),
        number,
        conversion.described_actions(actions),
        tags,
    )
    return created


# moto's own check takes no values of both kinds, which a described rule has.
@patches.method(ELBv2Backend, "_validate_conditions")
def _validate_conditions(self: ELBv2Backend, conditions: list[dict[str, Any]]) -> None:
    del self
    if conditions:
        with refused():
            conversion.conditions(conditions)


@patches.around(ELBv2Backend, "modify_rule")
def _modify_rule(
    moto: Original,
    self: ELBv2Backend,
    rule_arn: str,
    conditions: list[dict[str, Any]],
    actions: list[dict[str, Any]],
) -> FakeRule:
    (rule,) = self.describe_rules(listener_arn=None, rule_arns=[rule_arn])
    if rule.is_default:
        raise invalid(
            "Default rule cannot be modified: modify its listener", "OperationNotPermitted"
        )
    if actions:
        _check_action(self, balancer_of(self, rule.listener_arn), actions)
    modified: FakeRule = moto(
        self,
        rule_arn,
        conversion.described_conditions(conditions),
        conversion.described_actions(actions),
    )
    return modified


@patches.method(ELBv2Backend)
def delete_rule(self: ELBv2Backend, arn: str) -> None:
    """Delete a rule, but no default."""
    (rule,) = self.describe_rules(listener_arn=None, rule_arns=[arn])
    if rule.is_default:
        raise invalid("Default rule cannot be deleted", "OperationNotPermitted")
    balancer_of(self, rule.listener_arn).listeners[rule.listener_arn].remove_rule(arn)


@patches.method(ELBv2Backend)
def set_rule_priorities(
    self: ELBv2Backend, rule_priorities: list[dict[str, Any]]
) -> list[FakeRule]:
    """Change priorities all at once, so that rules may change places."""
    wanted = {str(item["RuleArn"]): item["Priority"] for item in rule_priorities}
    rules = self.describe_rules(listener_arn=None, rule_arns=list(wanted))
    numbers: dict[str, int] = {}
    for rule in rules:
        if rule.is_default:
            raise invalid("Default rule has no priority", "OperationNotPermitted")
        listener = balancer_of(self, rule.listener_arn).listeners[rule.listener_arn]
        number = _check_priority(listener, wanted[rule.arn], but=wanted)
        if number in numbers.values():
            raise invalid(f"Priority '{number}' is given twice", "DuplicatePriority")
        numbers[rule.arn] = number
    for rule in rules:
        rule.priority = numbers[rule.arn]
    return rules
