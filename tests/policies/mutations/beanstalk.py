"""What breaks the rules about Elastic Beanstalk."""

from __future__ import annotations

from typing import Any

from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, MANDATORY, breaks, decides

GROUP, COMMAND = "aws:autoscaling:asg", "aws:elasticbeanstalk:command"
ENVIRONMENT = "aws:elasticbeanstalk:environment"
LAUNCH = "aws:autoscaling:launchconfiguration"
SOUND = {
    (GROUP, "MinSize"): "2",
    (COMMAND, "DeploymentPolicy"): "Immutable",
    (ENVIRONMENT, "EnvironmentType"): "LoadBalanced",
    (LAUNCH, "IamInstanceProfile"): "shop",
}


def options(**changes: str | None) -> list[dict[str, Any]]:
    """Return the options of a sound environment, but for changes by name; None leaves one out."""
    named = {(space, name): changes.get(name, value) for (space, name), value in SOUND.items()}
    return [
        {"namespace": space, "name": name, "value": value}
        for (space, name), value in named.items()
        if value is not None
    ]


def environment(stack, *more: dict[str, str], **changes: str | None):
    stack.add(
        "environment",
        "aws:elasticbeanstalk/environment:Environment",
        {
            "application": "shop",
            "solutionStackName": "64bit Amazon Linux 2023 v4.5.0 running Python 3.13",
            "settings": [*options(**changes), *more],
        },
    )


@breaks("beanstalk-survives-zone-loss")
def environment_of_one_instance(stack):
    environment(stack, EnvironmentType="SingleInstance", MinSize=None, DeploymentPolicy=None)


@breaks("beanstalk-survives-zone-loss")
def environment_that_may_shrink_to_one(stack):
    environment(stack, MinSize="1")


@breaks("beanstalk-survives-zone-loss")
def environment_in_any_one_zone(stack):
    environment(stack, {"namespace": GROUP, "name": "Availability Zones", "value": "Any 1"})


@breaks("beanstalk-deploys-in-batches", ADVISORY, production=MANDATORY)
def environment_deployed_at_once(stack):
    environment(stack, DeploymentPolicy=None)


@breaks("beanstalk-deploys-in-batches", ADVISORY, production=MANDATORY)
def environment_in_batches_of_everything(stack):
    environment(stack, DeploymentPolicy="Rolling")


decides(
    "beanstalk-survives-zone-loss",
    "environment",
    "settings.0.value",
    absent=BREAKS,
    unknown=KEEPS,
    given=environment,
)
decides(
    "beanstalk-deploys-in-batches",
    "environment",
    "settings.1.value",
    absent=BREAKS,
    unknown=KEEPS,
    given=environment,
)


@breaks("beanstalk-instance-profile", ADVISORY)
def environment_without_a_profile(stack):
    environment(stack, IamInstanceProfile=None)


decides(
    "beanstalk-instance-profile",
    "environment",
    "settings.3.value",
    absent=BREAKS,
    unknown=KEEPS,
    given=environment,
)
