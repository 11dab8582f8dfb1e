"""Nodes of Kubernetes clusters (EKS): which node groups there are, and what they launch from."""

from __future__ import annotations

from guardrails import tokens
from guardrails.architecture.launching import TEMPLATE_KEYS
from guardrails.architecture.permissions import ROLE_KEYS
from guardrails.resources import References, Resource, Stack

_CLUSTER_KEYS = ("name", "id", "arn")


class Nodes:
    """The managed node groups of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Find what each group launches from, and what else launches from it."""
        self._stack = stack
        self.groups: tuple[Resource, ...] = tuple(stack.of(tokens.NODE_GROUP))
        launched = {
            template
            for group in self.groups
            for template in stack.linked(
                group, "launchTemplate", tokens.LAUNCH_TEMPLATE, TEMPLATE_KEYS
            )
        }
        others = (*tokens.AUTO_SCALING_GROUP, *tokens.INSTANCE)
        self.templates: frozenset[Resource] = frozenset(
            one for one in launched if not any(user.type in others for user in stack.users(one))
        )
        """Launch templates of node groups only: EKS adds image, role and user data."""

    def by_cluster(self) -> dict[Resource, list[Resource]]:
        """Return the node groups of each cluster of the stack."""
        found: dict[Resource, list[Resource]] = {}
        for group in self.groups:
            for cluster in self._stack.references(
                group, "clusterName", tokens.KUBERNETES_CLUSTER, _CLUSTER_KEYS
            ).resources:
                found.setdefault(cluster, []).append(group)
        return found

    def role(self, group: Resource) -> Resource | None:
        """Return the role of a group's nodes, `None` where it is not certainly one of this stack."""
        found = self._stack.references(group, "nodeRoleArn", tokens.ROLE, ROLE_KEYS)
        return found.resources[0] if found.complete and len(found.resources) == 1 else None

    def subnets(self, group: Resource) -> References:
        """Return the subnets of a group's nodes."""
        return self._stack.references(group, "subnetIds", tokens.SUBNET, ("id",))
