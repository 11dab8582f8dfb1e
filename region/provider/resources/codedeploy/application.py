"""CodeDeploy applications."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import WORD, WORD_RULE, Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, tag_list
from region.provider.operation import Operation
from region.provider.resources.codedeploy.common import PLATFORM, retag, tags_of
from region.provider.values import Properties


class Application(Handler):
    """`aws.codedeploy.Application` for servers."""

    resource_type = "aws:codedeploy/application:Application"
    supported = frozenset({"name", "computePlatform", "tags"})
    defaults: ClassVar = {"computePlatform": PLATFORM}
    naming = Naming(prefix="", limit=100, pattern=WORD, rule=WORD_RULE)

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the platform is EC2 instances."""
        yield from checks.one_of("computePlatform", inputs.get("computePlatform"), [PLATFORM])

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return the ARN for a new name: it carries the name."""
        return frozenset({"arn"}) if "name" in changed else frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateApplication."""
        response = op.aws.codedeploy.create_application(
            applicationName=inputs["name"],
            computePlatform=inputs["computePlatform"],
            tags=tag_list(inputs.get("tags")),
        )
        return response["applicationId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Rename with UpdateApplication, and bring the tags to the inputs."""
        if old is not None and new["name"] != old["name"]:
            op.aws.codedeploy.update_application(
                applicationName=old["name"], newApplicationName=new["name"]
            )
        retag(op, op.arn("codedeploy", f"application:{new['name']}"), new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the application; its id for an import is its name."""
        name = state.get("name") or identity
        application = op.aws.codedeploy.get_application(applicationName=name)["application"]
        arn = op.arn("codedeploy", f"application:{name}")
        return {
            "name": application["applicationName"],
            "computePlatform": application.get("computePlatform", PLATFORM),
            "applicationId": application["applicationId"],
            "linkedToGithub": bool(application.get("linkedToGitHub")),
            "githubAccountName": application.get("gitHubAccountName", ""),
            "arn": arn,
            "tags": tags_of(op, arn),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteApplication."""
        op.aws.codedeploy.delete_application(applicationName=state.get("name") or identity)
