"""What cures the rules about units, idioms, platforms and pipelines."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.beanstalk import options
from tests.policies.mutations.deployment_role import document, statement
from tests.policies.mutations.instance_start import SERVES, start
from tests.policies.mutations.keep_alive import SERVER
from tests.policies.mutations.privileges import FORGE
from tests.policies.mutations.revision_access import OBJECTS
from tests.policies.remedies.registry import cures, sets

sets("tg-protocol-version-spoken", ("load-balancer", "enableHttp2", True))
sets("no-output-as-text", ("host", "value", Ref("database", "address")))
sets(
    "cors-origins-named",
    ("headers", "corsConfig.accessControlAllowOrigins.items", ["https://www.example.com"]),
)
sets("aurora-stays-awake", ("aurora", "serverlessv2ScalingConfiguration.minCapacity", 0.5))
sets("app-runner-second-instance", ("sizes", "maxSize", 2), ("sizes", "minSize", 2))
sets("eks-nodes-scale", ("kubernetes", "computeConfig", {"enabled": True}))
sets("eks-supported-version", ("kubernetes", "version", "1.34"))
sets("beanstalk-instance-profile", ("environment", "settings", options()))
sets(
    "codedeploy-continues-by-itself",
    (
        "deployment-group",
        "blueGreenDeploymentConfig.deploymentReadyOption.actionOnTimeout",
        "CONTINUE_DEPLOYMENT",
    ),
)
sets("iam-password-policy", ("passwords", "minimumPasswordLength", 14))
sets("rds-autovacuum-on", ("settings", "parameters", []))
sets("rds-parameters-serve", ("settings", "parameters.0.value", "30000"))
sets("database_without_writes", ("settings", "parameters", []))
sets("build-runs-docker", ("build", "environment.privilegedMode", True))
sets("asg-terminate-hook-ends", ("farewell", "heartbeatTimeout", 900))
sets(
    "ec2-cannot-write-revisions",
    (
        "writes",
        "policy",
        document(statement("Allow", "s3:GetObject", resource=OBJECTS)),
    ),
)


@cures("table-capacity-scales")
def pay_per_request(stack):
    stack.set("table", "billingMode", "PAY_PER_REQUEST")
    stack.set("table", "readCapacity", ...)
    stack.set("table", "writeCapacity", ...)


@cures("transit-gateway-passes")
def name_the_attachment(stack):
    stack.set("gateway-route", "transitGatewayAttachmentId", "tgw-attach-0fedcba9876543210")
    stack.set("gateway-route", "blackhole", ...)


@cures("pipeline-deploys-what-exists")
def pass_the_name(stack):
    named = {
        "ApplicationName": Ref("application", "name"),
        "DeploymentGroupName": Ref("deployment-group", "deploymentGroupName"),
    }
    stack.set("pipeline", "stages.1.actions.0.configuration", named)


@cures("waf-in-front")
def associate_it(stack):
    stack.add(
        "in-front",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {"resourceArn": Ref("load-balancer", "arn"), "webAclArn": Ref("acl", "arn")},
    )


@cures("app-keep-alive-outlasts-balancer")
def keep_connections_longer(stack):
    start(stack, f"{SERVER} 75 &\n")


@cures("ec2-installs-agent")
def install_the_agent(stack):
    start(stack, SERVES.replace("uvicorn", "./install-codedeploy-agent auto\nuvicorn"))


@cures("iam-trust-possible")
def assume_by_the_token(stack):
    trusted = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{FORGE}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{FORGE}:sub": "repo:acme/shop:environment:production"}},
    }
    stack.set("releases", "assumeRolePolicy", document(trusted))


sets("elb-serves-both-families", ("load-balancer", "ipAddressType", "ipv4"))
