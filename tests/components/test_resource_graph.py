"""Both stacks with their real configuration: what they register, and how it depends on each other."""

from __future__ import annotations

import base64
import json

import pytest
import yaml

from components.service import ESTIMATE_KEY, OUTPUT_KEYS
from tests.components.options import OPTIONS
from tests.components.templates import IMAGE, OUTPUTS, REGION

SHARED = {
    "aws:ec2/vpc:Vpc": 1,
    "aws:ec2/internetGateway:InternetGateway": 1,
    "aws:ec2/routeTable:RouteTable": 2,
    "aws:ec2/route:Route": 1,
    "aws:ec2/vpcEndpoint:VpcEndpoint": 1,
    "aws:iam/role:Role": 2,
    "aws:iam/rolePolicy:RolePolicy": 2,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 1,
    "aws:iam/instanceProfile:InstanceProfile": 1,
    "aws:s3/bucket:Bucket": 1,
    "aws:s3/bucketVersioning:BucketVersioning": 1,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
    ("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"): 1,
    "aws:s3/bucketPolicy:BucketPolicy": 1,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
    "aws:s3/bucketObjectv2:BucketObjectv2": 1,
    "aws:rds/subnetGroup:SubnetGroup": 1,
    "aws:rds/parameterGroup:ParameterGroup": 1,
    "aws:rds/instance:Instance": 1,
    "aws:codedeploy/application:Application": 1,
    "aws:codedeploy/deploymentGroup:DeploymentGroup": 1,
    "aws:cloudwatch/dashboard:Dashboard": 1,
    "aws:cloudwatch/logGroup:LogGroup": 1,
    "aws:kms/key:Key": 1,
    "aws:sns/topic:Topic": 1,
    "aws:sns/topicPolicy:TopicPolicy": 1,
}


OPTIONAL = {
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:budgets/budget:Budget",
}
"""Types that only a changed setting adds."""


EXPECTED = {
    "single": {
        **SHARED,
        "aws:ec2/subnet:Subnet": 4,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 4,
        "aws:ec2/securityGroup:SecurityGroup": 2,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 2,
        "aws:ec2/instance:Instance": 1,
        "aws:cloudwatch/metricAlarm:MetricAlarm": 5,
    },
    "ha": {
        **SHARED,
        "aws:ec2/subnet:Subnet": 6,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 6,
        "aws:ec2/securityGroup:SecurityGroup": 3,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 3,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 3,
        "aws:ec2/launchTemplate:LaunchTemplate": 1,
        "aws:autoscaling/group:Group": 1,
        "aws:autoscaling/policy:Policy": 1,
        "aws:lb/loadBalancer:LoadBalancer": 1,
        "aws:lb/targetGroup:TargetGroup": 1,
        "aws:lb/listener:Listener": 1,
        "aws:codedeploy/deploymentConfig:DeploymentConfig": 1,
        "aws:cloudwatch/metricAlarm:MetricAlarm": 9,
    },
}


OUTPUT_TYPES = {
    "url": str,
    "healthPath": str,
    "topology": str,
    "region": str,
    "instanceType": str,
    "instanceCount": float,
    "availabilityZones": list,
    "databaseClass": str,
    "codedeployApplication": str,
    "codedeployDeploymentGroup": str,
    "revisionBucket": str,
    "revisionKey": str,
    "revisionDigest": str,
    "seedUsers": float,
    "loadProfile": str,
    "monthlyCost": float,
}


ONLY = {
    "single": {"instanceId"},
    "ha": {"loadBalancerDnsName", "autoScalingGroupName", "targetGroupArn"},
}


UNTAGGABLE = {
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:autoscaling/policy:Policy",
    "aws:codedeploy/deploymentConfig:DeploymentConfig",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:sns/topicPolicy:TopicPolicy",
}


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_a_stack_has_exactly_these_resources(build, stack):
    assert dict(build(stack).counts()) == EXPECTED[stack]


def test_only_known_resource_types_are_used():
    used = {kind for table in EXPECTED.values() for kind in table}
    used |= {kind for option in OPTIONS.values() for kind in option.adds}
    assert used | OPTIONAL == set(OUTPUTS)


def test_every_resource_has_a_parent_and_only_the_service_hangs_on_the_stack(either):
    roots = [r for r in either.resources.values() if r.parent.split("::")[2].endswith(":Stack")]
    assert roots == [either.service()]
    components = {c.urn for c in either.components()}
    orphans = [r.name for r in either.resources.values() if r.custom and r.parent not in components]
    assert orphans == []


def test_every_component_registers_outputs_once_after_all_of_its_children(either):
    for component in either.components():
        assert component.urn in either.registered_outputs, f"{component.name} registers no outputs"
    service = either.service()
    registered = either.order.index(f"outputs {service.urn}")
    assert all(urn in either.order[:registered] for urn in either.resources)


def test_children_are_named_after_their_parent(either):
    names = {r.urn: r.name for r in either.resources.values()}
    for resource in either.resources.values():
        if resource.parent in names:
            assert resource.name.startswith(names[resource.parent])


def test_component_types_have_the_projects_namespace(either):
    assert all(c.type.count(":") == 2 for c in either.components())
    assert all(c.type.startswith("haproof:") for c in either.components())


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_the_outputs_are_complete_typed_and_json(build, stack):
    outputs = build(stack).outputs()
    assert set(outputs) == set(OUTPUT_TYPES) | ONLY[stack]
    for key, kind in OUTPUT_TYPES.items():
        assert isinstance(outputs[key], kind), key
    json.dumps(outputs)
    assert not outputs["url"].endswith("/")


def test_every_output_is_one_of_some_stack():
    """A key to which nobody gives a value would be null in both stacks, which nobody notices."""
    assert set(OUTPUT_TYPES) | ONLY["single"] | ONLY["ha"] == set(OUTPUT_KEYS)


def test_the_service_registers_the_same_outputs_as_the_stack(either):
    registered = dict(either.registered_outputs[either.service().urn])
    # What `pulumi up` would print for a page is the component's alone.
    assert registered.pop(ESTIMATE_KEY)["lines"]
    assert registered == either.outputs()


def test_everything_taggable_has_the_tags(either):
    for resource in either.resources.values():
        if not resource.custom or resource.type in UNTAGGABLE:
            continue
        tags = resource.inputs["tags"]
        if isinstance(tags, list):
            assert all(tag["propagateAtLaunch"] is True for tag in tags)
            tags = {tag["key"]: tag["value"] for tag in tags}
        assert {"Project", "Stack", "ManagedBy"} <= set(tags), resource.name
        assert tags["Project"] == "haproof"


def test_the_image_is_the_newest_for_the_architecture(either):
    asked = [args["name"] for token, args in either.invokes if "getParameter" in token]
    assert asked == ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"]
    for kind, key in (
        ("aws:ec2/instance:Instance", "ami"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "imageId"),
    ):
        assert all(resource.inputs[key] == IMAGE for resource in either.of(kind))


def test_too_few_zones_stop_the_program_before_any_resource(build):
    offerings = {
        "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": lambda _: {
            "locations": [f"{REGION}a"]
        }
    }
    with pytest.raises(Exception, match=r"availabilityZoneCount is 3.*ap-northeast-2a"):
        build("ha", invokes=offerings)


def user_data_of(recording):
    for resource in recording.of("aws:ec2/launchTemplate:LaunchTemplate"):
        return base64.b64decode(resource.inputs["userData"]).decode()
    return recording.one("aws:ec2/instance:Instance").inputs["userData"]


def test_user_data_is_cloud_config_with_the_databases_address(either):
    text = user_data_of(either)
    assert text.startswith("#cloud-config\n")
    files = {entry["path"]: entry["content"] for entry in yaml.safe_load(text)["write_files"]}
    environment = files["/opt/haproof/environment"]
    assert "DATABASE_HOST=web-database-postgres.abc." in environment
    assert "DATABASE_PORT=5432\n" in environment
    assert "DATABASE_SECRET_ARN=arn:aws:secretsmanager:" in environment


def test_a_preview_knows_the_shape_without_knowing_any_id(build):
    recording = build("ha", preview=True)
    assert dict(recording.counts()) == EXPECTED["ha"]
    group = recording.one("aws:autoscaling/group:Group")
    subnets = group.property_dependencies["vpcZoneIdentifiers"]
    assert len(subnets) == 3
    assert {recording.resources[urn].inputs["availabilityZone"] for urn in subnets} == {
        f"{REGION}a",
        f"{REGION}c",
        f"{REGION}d",
    }
