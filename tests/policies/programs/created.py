"""What the AWS provider answers when a resource has been created: everything is known.

A program that passes its preview must not be blocked at the end of `up`, when the provider has filled
in what the program left out.
"""

from __future__ import annotations

import itertools
import typing
from collections.abc import Iterable
from typing import Any

from pulumi.runtime.mocks import MockResourceArgs

from tests.components.templates import ACCOUNT
from tests.policies.programs.provider import REGION, STACK_OUTPUTS, SUBNETS, VPC, left_open

HEALTH = {
    "enabled": True,
    "healthyThreshold": 3.0,
    "interval": 30.0,
    "matcher": "200",
    "path": "/",
    "port": "traffic-port",
    "protocol": "HTTP",
    "timeout": 5.0,
    "unhealthyThreshold": 3.0,
}
METADATA = {"httpEndpoint": "enabled", "httpTokens": "optional", "httpPutResponseHopLimit": 1.0}

DEFAULTS: dict[str, dict[str, Any]] = {
    "aws:autoscaling/schedule:Schedule": {"timeZone": "", "startTime": "", "endTime": ""},
    "aws:autoscaling/group:Group": {
        "healthCheckType": "EC2",
        "defaultCooldown": 300.0,
        "launchTemplate": None,
        "mixedInstancesPolicy": None,
        "capacityReservationSpecification": None,
        "instanceLifecyclePolicy": None,
    },
    "aws:lb/loadBalancer:LoadBalancer": {
        "ipAddressType": "ipv4",
        "vpcId": VPC,
        "zoneId": "Z32O12XQLNTSW2",
    },
    "aws:route53/zone:Zone": {"zoneId": "Z0987654321XYZ"},
    "aws:ec2/eip:Eip": {"publicIp": "203.0.113.7"},
    "aws:sqs/queue:Queue": {"sqsManagedSseEnabled": True},
    "aws:lambda/function:Function": {"version": "3"},
    "aws:lb/targetGroup:TargetGroup": {
        "healthCheck": HEALTH,
        "loadBalancingAlgorithmType": "round_robin",
        "loadBalancingAnomalyMitigation": "off",
        "loadBalancingCrossZoneEnabled": "use_load_balancer_configuration",
        "protocolVersion": "HTTP1",
        "ipAddressType": "ipv4",
        "stickiness": {"enabled": False, "type": "lb_cookie", "cookieDuration": 86400.0},
    },
    "aws:lb/listener:Listener": {"sslPolicy": "", "protocol": "TCP"},
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "latestVersion": 1.0,
        "defaultVersion": 1.0,
        "metadataOptions": METADATA,
    },
    "aws:ec2/instance:Instance": {"metadataOptions": METADATA, "availabilityZone": f"{REGION}a"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"privateDnsEnabled": False},
    "aws:networkfirewall/firewall:Firewall": {
        "firewallStatuses": [
            {
                "syncStates": [
                    {"attachments": [{"endpointId": f"vpce-0{letter}"}]} for letter in "ab"
                ]
            }
        ]
    },
    "aws:acm/certificate:Certificate": {
        "arn": f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/{'3' * 36}",
        "domainValidationOptions": [
            {
                "domainName": "www.example.com",
                "resourceRecordName": "_proof.www.example.com.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_value.acm-validations.aws.",
            }
        ],
    },
    "aws:rds/instance:Instance": {
        "dbName": "shop",
        "masterUserSecrets": [
            {
                "secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1-AbCdEf",
                "secretStatus": "active",
            }
        ],
    },
    "aws:ec2/subnet:Subnet": {"availabilityZone": f"{REGION}a", "availabilityZoneId": "apne2-az1"},
    "aws:ec2/natGateway:NatGateway": {"availabilityMode": "zonal", "vpcId": VPC},
    "aws:rds/clusterInstance:ClusterInstance": {"availabilityZone": f"{REGION}a"},
    "aws:efs/fileSystem:FileSystem": {"availabilityZoneName": "", "availabilityZoneId": ""},
    "aws:rds/cluster:Cluster": {"databaseName": "shop"},
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "numCacheClusters": 2.0,
        "numNodeGroups": 1.0,
        "replicasPerNodeGroup": 1.0,
    },
}
"""What is filled in where it is not just a name: the documented defaults."""

PREFIXES = {
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/defaultSubnet:DefaultSubnet": "subnet",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
    "aws:ec2/instance:Instance": "i",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:ec2/eip:Eip": "eipalloc",
}
"""What the ids of AWS begin with."""

PORTS = {
    "aws:rds/instance:Instance": 5432.0,
    "aws:rds/cluster:Cluster": 5432.0,
    "aws:elasticache/replicationGroup:ReplicationGroup": 6379.0,
}


def _arn(kind: str, name: str) -> str:
    service = {
        "lb": "elasticloadbalancing",
        "cloudwatch": "cloudwatch",
        "ec2": "ec2",
        "vpc": "ec2",
    }.get(
        kind.split(":")[1].split("/", maxsplit=1)[0], kind.split(":")[1].split("/", maxsplit=1)[0]
    )
    if service == "s3":
        return f"arn:aws:s3:::{name}-1234567"
    if kind == "aws:lb/targetGroup:TargetGroup":
        name = f"targetgroup/{name}-1234567/73e2d6bc24d8a067"
    elif kind == "aws:lb/loadBalancer:LoadBalancer":
        name = f"loadbalancer/app/{name}-1234567/50dc6c495c0c9188"
    elif service == "iam":
        return f"arn:aws:iam::{ACCOUNT}:{kind.rsplit(':', 1)[1].lower()}/{name}-1234567"
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _usual(kind: str, name: str, prop: str, result: Any) -> Any:
    """Return a value of the type that the SDK declares."""
    known = {
        "arn": _arn(kind, name),
        "arnSuffix": _arn(kind, name).split(":")[-1].removeprefix("loadbalancer/"),
        "name": f"{name}-1234567",
    }
    origin = typing.get_origin(result) or result
    if origin is str:
        # What may be left out stays empty: a route to a gateway has no network interface.
        nothing = prop.endswith(("Arn", "Id")) and prop != "vpcId"
        return known.get(prop, "" if nothing else f"{name}-{prop}")
    if origin is bool:
        return False
    if origin in (int, float):
        return PORTS.get(kind) if prop == "port" else 0.0
    return {} if "Mapping" in str(origin) else [] if "Sequence" in str(origin) else None


def created_outputs(args: MockResourceArgs) -> dict[str, Any]:
    """Return what the provider computes for a resource that the program has just created."""
    kind = args.typ.replace("aws:alb/", "aws:lb/")
    if kind == "pulumi:pulumi:StackReference":
        return {"outputs": STACK_OUTPUTS, "secretOutputNames": []}
    given = DEFAULTS.get(kind, {})
    values = {
        prop: given[prop] if prop in given else _usual(kind, args.name, prop, result)
        for prop, result in left_open(args.typ).items()
        if prop not in args.inputs
    }
    prefix = PREFIXES.get(kind)
    own = f"{prefix}-{args.name}" if prefix else f"{args.name}-id"
    if prefix == "eipalloc":
        values["allocationId"] = own
    return {**values, "id": own}


def with_outputs(
    resources: Iterable[tuple[str, str, str, dict[str, Any]]],
) -> dict[str, dict[str, Any]]:
    """Return the outputs of all created resources by URN; what one takes from another is filled in."""
    resources = list(resources)
    given = {urn: inputs for urn, _, _, inputs in resources}
    found = {
        urn: {
            **created_outputs(MockResourceArgs(typ=kind, name=name, inputs=inputs, custom=True)),
            **inputs,
        }
        for urn, kind, name, inputs in resources
    }
    zones = {
        values["id"]: values.get("availabilityZone", "")
        for urn, values in found.items()
        if "Subnet::" in urn
    } | SUBNETS
    members = [urn for urn in found if "/clusterInstance:ClusterInstance::" in urn]
    for urn, zone in zip(members, itertools.cycle("ab"), strict=False):
        if "availabilityZone" not in given[urn]:  # Aurora spreads its members
            found[urn]["availabilityZone"] = f"{REGION}{zone}"
    for urn, values in found.items():
        if "aws:ec2/subnet:Subnet::" in urn and "availabilityZone" not in given[urn]:
            # A zone's id and name differ in their last letter only, for these purposes.
            zones[values["id"]] = values["availabilityZone"] = (
                f"{REGION}-{values['availabilityZoneId']}"
            )
        if "aws:autoscaling/group:Group::" in urn:
            subnets = values.get("vpcZoneIdentifiers") or []
            # AWS fills in each from the other.
            if subnets:
                values["availabilityZones"] = sorted(
                    {zones[one] for one in subnets if one in zones}
                )
            values["desiredCapacity"] = values.get("desiredCapacity") or values["minSize"]
        if "/loadBalancer:LoadBalancer::" in urn and not values.get("subnetMappings"):
            subnets = values.get("subnets") or []
            values["subnetMappings"] = [{"subnetId": one} for one in subnets]
    return found
