"""What the models of AWS's APIs, its rules for tags and its quotas say, and what they leave alone."""

from __future__ import annotations

import pytest
from guardrails.rules.modelled_values import REQUESTS
from guardrails.service_models import faults, input_shape, member
from guardrails.values import UNKNOWN, SecretText

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

FUNCTION, ROLE = "aws:lambda/function:Function", "aws:iam/role:Role"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
CHECK, BUILD = "aws:route53/healthCheck:HealthCheck", "aws:codebuild/project:Project"
VPC, OBJECT = "aws:ec2/vpc:Vpc", "aws:s3/bucketObjectv2:BucketObjectv2"
PROVIDER, GROUP = "pulumi:providers:aws", "aws:autoscaling/group:Group"


def provider(**tags):
    return alone(PROVIDER, region="eu-west-1", defaultTags={"tags": tags})


REFUSED = {
    "values-accepted": [
        alone(FUNCTION, handler="main handler"),
        alone(FUNCTION, description="x" * 257),
        alone(FUNCTION, packageType="Docker"),
        alone(FUNCTION, architectures=["arm"]),
        alone(FUNCTION, tracingConfig={"mode": "On"}),
        alone(FUNCTION, ephemeralStorage={"size": 256}),
        alone(FUNCTION, environment={"variables": {"1-x": "y"}}),
        alone(MAPPING, batchSize=20000),
        alone(MAPPING, scalingConfig={"maximumConcurrency": 1}),
        alone("aws:iam/instanceProfile:InstanceProfile", name="the app"),
        alone("aws:iam/user:User", name="u" * 65),
        alone("aws:ecr/repository:Repository", name="Shop/Web"),
        alone("aws:cloudwatch/eventRule:EventRule", name="every hour"),
        alone("aws:cloudwatch/logGroup:LogGroup", logGroupClass="COLD"),
        alone("aws:codedeploy/application:Application", computePlatform="EC2"),
        alone("aws:codedeploy/application:Application", name="a" * 101),
        alone("aws:backup/vault:Vault", name="a vault"),
        alone("aws:kms/key:Key", keyUsage="ENCRYPT"),
        alone("aws:acm/certificate:Certificate", domainName="https://www.example.com"),
        alone("aws:ssm/parameter:Parameter", type="Text", value="x"),
        alone(CHECK, type="HTTP2", fqdn="www.example.com"),
        alone(CHECK, type="HTTP", fqdn="www.example.com", requestInterval=60),
        alone(BUILD, name="shop", buildTimeout=3000),
    ],
    "tags-accepted": [
        alone(VPC, cidrBlock="10.9.0.0/16", tags={f"k{number}": "v" for number in range(51)}),
        alone(VPC, cidrBlock="10.9.0.0/16", tags={"k" * 129: "v"}),
        alone(VPC, cidrBlock="10.9.0.0/16", tags={"k": "v" * 257}),
        alone(VPC, cidrBlock="10.9.0.0/16", tags={"AWS:team": "shop"}),
        alone(ROLE, tags={"team;part": "shop"}),
        alone(OBJECT, key="a.txt", tags={f"k{number}": "v" for number in range(11)}),
        alone(GROUP, tags=[{"key": "aws:x", "value": "y", "propagateAtLaunch": True}]),
        provider(**{"aws:team": "shop"}),
    ],
}

SOUND = {
    "values-accepted": [
        alone(FUNCTION, handler="main.handler", reservedConcurrentExecutions=-1),
        alone(FUNCTION, handler=UNKNOWN, environment={"variables": {"MODE": "fast"}}),
        alone(FUNCTION, runtime="python3.19", packageType="zip"),
        alone(MAPPING, maximumRetryAttempts=-1, batchSize=10000),
        alone("aws:cloudwatch/logGroup:LogGroup", retentionInDays=0, kmsKeyId=""),
        alone(CHECK, type="HTTPS", fqdn="www.example.com", port=443, requestInterval=10),
        alone("aws:ecr/repository:Repository", name="shop/web"),
        alone(ROLE, description="App, für Düsseldorf"),
    ],
    "tags-accepted": [
        alone(VPC, cidrBlock="10.9.0.0/16", tags={"team": "shop, north & south; 24/7"}),
        alone(VPC, cidrBlock="10.9.0.0/16", tags={f"k{number}": "v" * 256 for number in range(50)}),
        alone(ROLE, tags={"team:part": "shop/web+api = 1@example.com"}),
        alone(VPC, cidrBlock="10.9.0.0/16", tags=UNKNOWN),
        provider(team="shop"),
    ],
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_model_has_the_request(kind):
    """A member that there is not would silence a property."""
    request = REQUESTS[kind]
    shapes, parameters = input_shape(request.service, request.operation)
    if request.within is not None:
        parameters = shapes[parameters]["members"][request.within]["shape"]
    for name in request.members.values():
        assert member(shapes, parameters, name) is not None, name


def test_a_long_value_is_shortened():
    shapes, parameters = input_shape("lambda", "CreateFunction")
    given = {"description": "x" * 5000}
    ((clause, allowed),) = faults(shapes, parameters, given, "function")
    assert len(clause) < 160
    assert allowed == "0 to 256 characters"


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("secretsmanager", "PutSecretValue", {"secretString": "hunter2" * 10_000}),
        ("lambda", "CreateFunction", {"description": SecretText("hunter2" * 100)}),
    ],
)
def test_a_secret_is_not_told(service, operation, given):
    shapes, parameters = input_shape(service, operation)
    ((clause, _),) = faults(shapes, parameters, given, "given")
    assert "hunter2" not in clause
    assert "a secret of 700" in clause


def test_the_name_of_a_secret_is_told():
    shapes, parameters = input_shape("lambda", "CreateFunction")
    given = {"environment": {"variables": {"1-x": "y"}}}
    ((clause, _),) = faults(shapes, parameters, given, "function")
    assert '"1-x"' in clause


def many_addresses(draft):
    given = {
        "type": "ingress",
        "securityGroupId": UNKNOWN,
        "protocol": "tcp",
        "fromPort": 443.0,
        "toPort": 443.0,
        "cidrBlocks": [f"192.0.2.{number}/32" for number in range(61)],
    }
    kind = "aws:ec2/securityGroupRule:SecurityGroupRule"
    draft.add("visitors", kind, given, {"securityGroupId": ["security-group"]})


def many_policies(draft):
    kind = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    for number in range(11):
        arn = f"arn:aws:iam::aws:policy/Own{number}"
        draft.add(f"own-{number}", kind, {"role": UNKNOWN, "policyArn": arn}, {"role": ["role"]})


@pytest.mark.parametrize("change", [many_addresses, many_policies])
def test_more_than_every_account_has_is_advised(change):
    draft = Draft()
    change(draft)
    assert violations(draft, "quotas-suffice")
