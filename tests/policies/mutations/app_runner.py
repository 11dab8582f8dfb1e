"""What breaks the rule about App Runner."""

from __future__ import annotations

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
