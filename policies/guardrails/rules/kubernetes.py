"""Rules about Kubernetes (EKS): who can reach the cluster's API, where nodes are, whether they join."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture import zones
from guardrails.architecture.answers import all_of
from guardrails.architecture.launching import TEMPLATE_KEYS, public_address
from guardrails.architecture.network import Network
from guardrails.architecture.nodes import Nodes
from guardrails.architecture.permissions import Permissions
from guardrails.architecture.permits import Party, is_vast
from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_EVERYBODY = "0.0.0.0/0"


def _open(cluster: Resource, _: Settings) -> Iterator[Violation]:
    access = cluster.get("vpcConfig", "endpointPublicAccess")
    given = cluster.get("vpcConfig", "publicAccessCidrs")
    if access in (False, "false", UNKNOWN) or given is UNKNOWN:
        return
    vast = [one for one in items(given) if one is not UNKNOWN and is_vast(one)]
    if is_absent(given) or vast:
        said = f"public_access_cidrs has {vast[0]}" if vast else "public_access_cidrs is not set"
        yield Violation(
            f'The whole internet may try the API of Kubernetes cluster "{cluster.name}": '
            f"endpoint_public_access is {show(access)}, and {said}.",
            cluster,
            (vast[0] if vast else _EVERYBODY, f'API of cluster "{cluster.name}"'),
        )


ENDPOINT = ResourceRule(
    id="eks-endpoint-limited",
    title="The API of a Kubernetes cluster is not open to the world",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    # As AWS creates it; whoever gets there still needs a role that the cluster admits.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("EKS_ENDPOINT_NO_PUBLIC_ACCESS",),
        "Security Hub": ("EKS.1",),
        "Checkov": ("CKV_AWS_38", "CKV_AWS_39"),
        "Prowler": ("eks_cluster_not_publicly_accessible",),
        "Well-Architected": ("SEC05-BP02",),
    },
    url="https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    remedy=(
        "set endpoint_public_access in vpc_config to false and endpoint_private_access to true, or "
        "public_access_cidrs to the addresses of the offices and of CI."
    ),
    steps=(
        "Set endpoint_private_access to true: nodes then reach the API inside the VPC.",
        "Set endpoint_public_access to false, and deploy from inside the VPC.",
        "Or list in public_access_cidrs who may reach it from outside.",
    ),
    unknown="Access or addresses that the preview does not know are not judged.",
    types=tokens.KUBERNETES_CLUSTER,
    check=_open,
)

# --- nodes ----------------------------------------------------------------------------------------

_LEAST = 2


def _nodes(stack: Stack, settings: Settings) -> Iterator[Violation]:
    outside = settings.mapping("subnetZones")
    for cluster, groups in stack.derived(Nodes).by_cluster().items():
        label = f'The fleet of nodes of Kubernetes cluster "{cluster.name}"'
        spans = zones.together(
            [zones.spread(stack, one, ("subnetIds",), outside) for one in groups]
        )
        apart = zones.shortfall(spans, groups[0], label, settings.integer("minimumZones"))
        if apart is not None:
            yield apart
            continue
        sizes = [number(one.get("scalingConfig", "minSize")) for one in groups]
        least = sum(size for size in sizes if size is not None)
        if None not in sizes and least < _LEAST:
            yield Violation(
                f"{label} may have {least:g} node{'' if least == 1 else 's'} (min_size of scaling_config, "
                "all groups together): with its zone nothing is left.",
                groups[0],
                (f'cluster "{cluster.name}"', *(f'node group "{one.name}"' for one in groups)),
                "set min_size of scaling_config to 2 or more, one node for each zone.",
            )


NODES = StackRule(
    id="eks-nodes-survive-zone-loss",
    title="The nodes of a Kubernetes cluster span several Availability Zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    # A cluster to try things out has one node; nothing else tells what it is for.
    level=Level.ADVISORY,
    production=Level.MANDATORY,
    controls={"Well-Architected": ("REL10-BP01", "REL11-BP02")},
    url="https://docs.aws.amazon.com/eks/latest/best-practices/data-plane.html",
    remedy="give subnet_ids of the node group subnets in different zones, and min_size 2 or more.",
    steps=(
        "Pass one subnet per Availability Zone to subnet_ids, or make a node group per zone.",
        "Set min_size of scaling_config to the number of zones.",
    ),
    unknown=f"{zones.UNKNOWN_MEANS} Nodes of Fargate, of Karpenter and of other stacks are not judged.",
    parameters=zones.PARAMETERS,
    check=_nodes,
)

# --- more nodes under load ------------------------------------------------------------------------

_GROWS = ("autoscaling:SetDesiredCapacity", "ec2:RunInstances", "ec2:CreateFleet")
"""What the Cluster Autoscaler, or Karpenter, needs to add nodes."""
_SCALERS = ("cluster-autoscaler", "karpenter")


def _scaled(stack: Stack, cluster: Resource) -> bool:
    """Return whether something of this stack adds nodes under load, or may do so."""
    # A preview knows computeConfig only where the program sets it: AWS fills it in otherwise.
    if cluster.get("computeConfig", "enabled") is True:
        return True  # EKS Auto Mode
    fleets = tokens.AUTO_SCALING_GROUP
    if any(
        not stack.references(one, "autoscalingGroupName", fleets, ("name", "id")).resources
        for one in stack.of(tokens.SCALING_POLICY)
    ):
        return True  # a policy of the group that the nodes are in, which EKS makes
    if any(one.type.startswith("kubernetes:") for one in stack.resources):
        return True  # what it installs is not looked for
    if any(one.get("addonName") in _SCALERS for one in stack.of(("aws:eks/addon:Addon",))):
        return True
    permissions, nodes = stack.derived(Permissions), stack.derived(Nodes)
    of_nodes = [nodes.role(one) for one in nodes.groups]
    return any(
        not permissions.may(role, action).is_no
        for role in stack.of(tokens.ROLE)
        # Not the control plane's own, nor that of instances that are no nodes.
        if not permissions.may_be_assumed(role, "eks").is_yes
        if role in of_nodes or not permissions.may_be_assumed(role, "ec2").is_yes
        for action in _GROWS
    )


def _fixed(stack: Stack, _: Settings) -> Iterator[Violation]:
    """Yield the first node group of a cluster whose sizes let it grow, where nothing makes it grow."""
    for cluster, groups in stack.derived(Nodes).by_cluster().items():
        for group in [] if _scaled(stack, cluster) else groups:
            least, most = (
                number(group.get("scalingConfig", one)) for one in ("minSize", "maxSize")
            )
            if least is not None and most is not None and most > least >= 0:
                yield Violation(
                    f'whether node group "{group.name}" of Kubernetes cluster "{cluster.name}" ever '
                    f"grows to its max_size of {most:g} is not known: EKS itself adds no nodes "
                    "under load, and this stack has no autoscaler.",
                    group,
                    (f'cluster "{cluster.name}"', f'node group "{group.name}"', "no autoscaler"),
                    undecided=True,
                )
                break


SCALED = StackRule(
    id="eks-nodes-scale",
    title="Something adds nodes to a Kubernetes cluster under load",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # an autoscaler may be installed from elsewhere
    controls={"Well-Architected": ("REL07-BP03",)},
    url="https://docs.aws.amazon.com/eks/latest/best-practices/cluster-autoscaling.html",
    remedy=(
        "create the role of the Cluster Autoscaler or of Karpenter in this stack, or set compute_config of "
        "the cluster (EKS Auto Mode); accept with an exception that one is installed from elsewhere."
    ),
    steps=(
        "Set compute_config with enabled=True: EKS Auto Mode adds and removes nodes.",
        "Or install the Cluster Autoscaler or Karpenter, with a role that may add nodes.",
    ),
    unknown=(
        "Whether an autoscaler that is not in this stack adds nodes is undecided. Resources of the "
        "Kubernetes provider count as what may install one."
    ),
    check=_fixed,
)

# --- their way to the cluster ---------------------------------------------------------------------

_ASKED = ("ec2", "ecr.api", "ecr.dkr", "s3")
"""What a node asks without a route to the internet (EKS user guide, "Private clusters")."""


def _joins(stack: Stack, _: Settings) -> Iterator[Violation]:
    network, nodes = stack.derived(Network), stack.derived(Nodes)
    for cluster, groups in nodes.by_cluster().items():
        for group in groups:
            subnets = nodes.subnets(group)
            if not subnets.complete:
                continue
            party = Party(f'nodes of "{group.name}"', References())
            # Whether a node has a public address its subnet says, or the launch template.
            answer = all_of(
                network.way_out(one, party, public_address=_address(stack, group), services=_ASKED)
                for one in subnets.resources
            )
            if answer.is_no:
                yield Violation(
                    f'Nodes of "{group.name}" do not join Kubernetes cluster "{cluster.name}": they reach '
                    f"neither the registry of their images nor the APIs of AWS, as {answer.reason}.",
                    group,
                    (f'cluster "{cluster.name}"', f'node group "{group.name}"', *answer.path),
                    answer.remedy,
                )


def _address(stack: Stack, group: Resource) -> bool | None:
    """Return whether the launch template of a node group gives public addresses, None for the subnet."""
    return public_address(
        stack.linked(group, "launchTemplate", tokens.LAUNCH_TEMPLATE, TEMPLATE_KEYS)
    )


JOINS = StackRule(
    id="eks-nodes-join",
    title="The nodes of a Kubernetes cluster reach what they need to join it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL08-BP05",)},
    url="https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html",
    remedy=(
        "route the subnets of the node group through a NAT gateway, or add VPC endpoints for ec2, "
        "ecr.api, ecr.dkr and s3."
    ),
    steps=(
        "Give each private subnet's route table a route 0.0.0.0/0 to a NAT gateway of its zone.",
        "In public subnets set map_public_ip_on_launch to true.",
        "Or create VPC endpoints for ec2, ecr.api, ecr.dkr and s3.",
    ),
    unknown="The routes of subnets of another stack, and subnets that are not known, are not judged.",
    check=_joins,
)

# --- updates --------------------------------------------------------------------------------------


def _at_once(group: Resource, _: Settings) -> Iterator[Violation]:
    given = group.get("updateConfig")
    share, count = (
        number(dig(given, one)) for one in ("maxUnavailablePercentage", "maxUnavailable")
    )
    least = number(group.get("scalingConfig", "minSize"))
    label = f'node group "{group.name}"'
    if share is not None and share >= _ALL:
        said = f"max_unavailable_percentage is {share:g}"
    elif count is not None and least is not None and least > 1 and count >= least:
        said = f"max_unavailable is {count:g} of {least:g} nodes (min_size)"
    else:
        return
    yield Violation(
        f"An update takes all nodes of {label} away at once: {said}.",
        group,
        (label, said, "0 nodes left meanwhile"),
    )


_ALL = 100

UPDATES = ResourceRule(
    id="eks-nodes-updated-in-turn",
    title="An update replaces the nodes of a Kubernetes cluster in turn",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL08-BP04", "OPS06-BP03")},
    url="https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html",
    remedy="set max_unavailable in update_config to 1, or max_unavailable_percentage to 33.",
    steps=(
        "Set max_unavailable=1 in update_config.",
        "Give pods a PodDisruptionBudget: an update waits for it.",
    ),
    unknown="A number that the preview does not know is not judged.",
    types=tokens.NODE_GROUP,
    check=_at_once,
)

# --- support --------------------------------------------------------------------------------------

_STANDARD_SUPPORT_ENDED = {"1.31": "November 2025", "1.32": "March 2026", "1.33": "July 2026"}
"""Versions that cost Extended Support (EKS user guide, "Kubernetes versions"); AWS refuses older ones."""


def _supported(cluster: Resource, _: Settings) -> Iterator[Violation]:
    version = cluster.get("version")
    ended = _STANDARD_SUPPORT_ENDED.get(version) if isinstance(version, str) else None
    if ended is not None:
        yield Violation(
            f'Kubernetes cluster "{cluster.name}" runs {version}, whose standard support ended in '
            f"{ended}: EKS charges Extended Support, and upgrades it by itself when that ends.",
            cluster,
        )


SUPPORTED = ResourceRule(
    id="eks-supported-version",
    title="A Kubernetes cluster runs a version with standard support",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # extended support costs money
    controls={
        "AWS Config": ("EKS_CLUSTER_SUPPORTED_VERSION",),
        "Security Hub": ("EKS.2",),
        "Checkov": ("CKV_AWS_339",),
        "Prowler": ("eks_cluster_uses_a_supported_version",),
        "Well-Architected": ("OPS05-BP05",),
    },
    url="https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html",
    remedy="set version of the cluster to the next one, one minor version at a time, or leave it out.",
    steps=(
        "Upgrade the cluster by one minor version, then its node groups and add-ons.",
        "Leave version out of a new cluster: it gets the newest default.",
    ),
    unknown="A version that the preview does not know is not judged.",
    types=tokens.KUBERNETES_CLUSTER,
    check=_supported,
)

RULES = (ENDPOINT, NODES, SCALED, JOINS, UPDATES, SUPPORTED)
