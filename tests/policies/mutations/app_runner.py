"""What breaks the rules about App Runner."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

IMAGE = {
    "imageRepository": {
        "imageIdentifier": "public.ecr.aws/shop/web:1.4.2",
        "imageRepositoryType": "ECR_PUBLIC",
    },
    "autoDeploymentsEnabled": False,
}


def service(stack, *, public=True):
    stack.add(
        "runner",
        "aws:apprunner/service:Service",
        {
            "serviceName": "shop",
            "sourceConfiguration": IMAGE,
            "networkConfiguration": {"ingressConfiguration": {"isPubliclyAccessible": public}},
        },
    )


@breaks("app-runner-reached")
def runner_that_nobody_reaches(stack):
    service(stack, public=False)


decides(
    "app-runner-reached",
    "runner",
    "networkConfiguration.ingressConfiguration.isPubliclyAccessible",
    absent=KEEPS,
    unknown=KEEPS,
    given=service,
)


def sized(stack, *, most=10):
    """Add a service with an auto scaling configuration."""
    service(stack)
    kind = "aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion"
    stack.add("sizes", kind, {"autoScalingConfigurationName": "shop", "maxSize": most})
    stack.set("runner", "autoScalingConfigurationArn", Ref("sizes", "arn"))


@breaks("app-runner-second-instance")
def runner_of_one_instance(stack):
    sized(stack, most=1)


decides("app-runner-second-instance", "sizes", "maxSize", absent=KEEPS, unknown=KEEPS, given=sized)
