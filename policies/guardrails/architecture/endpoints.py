"""VPC endpoints: whether instances without a route to the internet reach a service through them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.answers import Answer, all_of, any_of, no, undecided, yes
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permits import Party
from guardrails.architecture.policy_documents import statements
from guardrails.architecture.routes import Routes, RouteTables, address_range
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, is_true

_ID = ("id",)
_HTTPS = 443
_READS = {"s3": "s3:GetObject"}
"""What instances do with a service that has a gateway endpoint."""


class Endpoints:
    """The VPC endpoints of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index what adds to an endpoint from outside it."""
        self._stack = stack
        self._firewall = stack.derived(Firewall)
        self._tables = stack.derived(RouteTables)
        self._names = self._by_endpoint(tokens.VPC_ENDPOINT_NAMES)
        self._groups = self._by_endpoint(tokens.VPC_ENDPOINT_GROUP)
        self._subnets = self._by_endpoint(tokens.VPC_ENDPOINT_SUBNET)
        self._routes = self._by_endpoint(tokens.VPC_ENDPOINT_ROUTES)

    def _by_endpoint(self, types: tuple[str, ...]) -> dict[Resource, list[Resource]]:
        found: dict[Resource, list[Resource]] = {}
        for one in self._stack.of(types):
            for endpoint in self._stack.references(
                one, "vpcEndpointId", tokens.VPC_ENDPOINT, _ID
            ).any:
                found.setdefault(endpoint, []).append(one)
        return found

    def unknown(self, vpc: Resource | str | None) -> Resource | None:
        """Return an endpoint whose service is not known, `None` if there is none."""
        return next((one for one in self._in(vpc) if one.get("serviceName") is UNKNOWN), None)

    def reached(
        self, service: str, vpc: Resource | str | None, routes: Routes, party: Party
    ) -> Answer | None:
        """Answer whether a party in a VPC reaches a service by an endpoint; `None` without one.

        `routes` are those of the party's subnet.
        """
        answers = [
            self._by_interface(one, party)
            if _is_interface(one)
            else self._by_gateway(one, service, routes)
            for one in self._of(service, vpc)
        ]
        return any_of(answers) if answers else None

    def captured(self, service: str, vpc: Resource | str | None, party: Party) -> Answer | None:
        """Answer whether a party passes the endpoint to which a service's name leads in its VPC.

        With private DNS every request goes there, whatever other way out there is. `None` without
        such an endpoint.
        """
        answers = [
            self._admits(one, party)
            for one in self._of(service, vpc)
            if _is_interface(one) and self._is_named(one).is_yes
        ]
        return any_of(answers) if answers else None

    # --- one endpoint -----------------------------------------------------------------------------

    def _in(self, vpc: Resource | str | None) -> Iterator[Resource]:
        for endpoint in self._stack.of(tokens.VPC_ENDPOINT):
            if vpc is None or self._tables.vpc(endpoint) in (vpc, None):
                yield endpoint

    def _of(self, service: str, vpc: Resource | str | None) -> Iterator[Resource]:
        for endpoint in self._in(vpc):
            name = endpoint.get("serviceName")
            if isinstance(name, str) and name.endswith(f".{service}"):
                yield endpoint

    def _by_gateway(self, endpoint: Resource, service: str, routes: Routes) -> Answer:
        """Answer for a gateway endpoint, which has route tables instead of addresses."""
        linked = [
            self._stack.references(one, prop, tokens.ROUTE_TABLE, _ID)
            for one, prop in (
                (endpoint, "routeTableIds"),
                *((one, "routeTableId") for one in self._routes.get(endpoint, ())),
            )
        ]
        tables = [table for found in linked for table in found.any]
        known = routes.resource is not None and not any(found.untraced for found in linked)
        if routes.resource in tables or not known:
            return _let_through(endpoint, _READS.get(service))
        return no(
            f'VPC endpoint "{endpoint.name}" for {service} is not in {routes.table}',
            _step(endpoint),
            remedy=f'add {routes.table} to route_table_ids of VPC endpoint "{endpoint.name}".',
        )

    def _by_interface(self, endpoint: Resource, party: Party) -> Answer:
        return all_of((self._is_named(endpoint), self._admits(endpoint, party)))

    def _is_named(self, endpoint: Resource) -> Answer:
        """Answer whether the service's own name leads to the endpoint: by private DNS."""
        values = [
            one.setting("privateDnsEnabled") for one in (endpoint, *self._names.get(endpoint, ()))
        ]
        if any(is_true(one) for one in values):
            return yes()
        label = f'VPC endpoint "{endpoint.name}"'
        private = [one for one in self._stack.of(tokens.PRIVATE_ZONE) if not one.left_out("vpcs")]
        if UNKNOWN in values or private:
            return undecided(
                f"whether the service's name leads to {label} is not known",
                label,
                remedy=f"set private_dns_enabled of {label} to true.",
            )
        return no(
            f"the service's name does not lead to {label}: private_dns_enabled is "
            f"{endpoint.shown('privateDnsEnabled')}",
            f"{label}, private_dns_enabled {endpoint.shown('privateDnsEnabled')}",
            remedy=f"set private_dns_enabled of {label} to true.",
        )

    def _admits(self, endpoint: Resource, party: Party) -> Answer:
        """Answer whether security groups let a party connect to the endpoint."""
        if party.groups.untraced:
            return yes()  # what is launched is not known here; others say so
        answer = self._firewall.connects(party, self._party(endpoint), _HTTPS)
        return answer if answer.is_yes else answer.after(_step(endpoint))

    def _party(self, endpoint: Resource) -> Party:
        given = [
            self._stack.references(one, prop, tokens.SECURITY_GROUP, _ID)
            for one, prop in (
                (endpoint, "securityGroupIds"),
                *((one, "securityGroupId") for one in self._groups.get(endpoint, ())),
            )
            if not one.left_out(prop)
        ]
        subnets = [
            self._stack.references(one, prop, tokens.SUBNET, _ID)
            for one, prop in (
                (endpoint, "subnetIds"),
                *((one, "subnetId") for one in self._subnets.get(endpoint, ())),
            )
            if not one.left_out(prop)
        ]
        ranges = [address_range(one) for found in subnets for one in found.any]
        ranges += [UNKNOWN for found in subnets if not found.complete]
        return Party(
            f'VPC endpoint "{endpoint.name}"',
            References(
                tuple(one for found in given for one in found.resources),
                tuple(one for found in given for one in found.possible),
                tuple(one for found in given for one in found.foreign),
                sum(found.untraced for found in given),
            ),
            networks=tuple(ranges),
        )


def _is_interface(endpoint: Resource) -> bool:
    return endpoint.get("vpcEndpointType") not in (None, "", "Gateway")


def _let_through(endpoint: Resource, action: str | None) -> Answer:
    """Answer whether an endpoint's own policy allows an action on anything at all."""
    given = None if endpoint.left_out("policy") else statements(endpoint.get("policy"))
    if not given or action is None or any(one.allows and one.covers(action) for one in given):
        return yes(_step(endpoint))
    if any(one.allows and one.covers(action) is None for one in given):
        return yes(_step(endpoint))  # an action that the preview does not know
    return no(
        f'the policy of VPC endpoint "{endpoint.name}" does not allow {action}',
        _step(endpoint),
        remedy=f'allow {action} in the policy of VPC endpoint "{endpoint.name}".',
    )


def _step(endpoint: Resource) -> str:
    return f'VPC endpoint "{endpoint.name}"'
