"""What breaks the rules about pipelines."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides, leaves_open

ROLE = "arn:aws:iam::123456789012:role/pipeline"
SOURCE = {
    "name": "Source",
    "category": "Source",
    "owner": "AWS",
    "provider": "S3",
    "version": "1",
    "outputArtifacts": ["source"],
    "configuration": {"S3Bucket": "sources", "S3ObjectKey": "shop.zip"},
}


def pipeline(stack, group=None):
    named = {
        "ApplicationName": Ref("application", "name"),
        "DeploymentGroupName": group or Ref("deployment-group", "deploymentGroupName"),
    }
    deploy = {
        "name": "Deploy",
        "category": "Deploy",
        "owner": "AWS",
        "provider": "CodeDeploy",
        "version": "1",
        "inputArtifacts": ["source"],
        "configuration": named,
    }
    stages = [{"name": "Source", "actions": [SOURCE]}, {"name": "Deploy", "actions": [deploy]}]
    given = {"roleArn": ROLE, "stages": stages, "artifactStores": [{"type": "S3", "location": "p"}]}
    stack.add("pipeline", "aws:codepipeline/pipeline:Pipeline", given)


@leaves_open("pipeline-deploys-what-exists")
def pipeline_for_another_group(stack):
    pipeline(stack, "shop-old")


decides(
    "pipeline-deploys-what-exists",
    "pipeline",
    "stages",
    absent=KEEPS,
    unknown=KEEPS,
    given=pipeline,
)


def build(stack, *, privileged=True):
    steps = "version: 0.2\nphases:\n  build:\n    commands: [docker build -t web .]\n"
    kind = {"computeType": "BUILD_GENERAL1_SMALL", "image": "aws/codebuild/standard:7.0"}
    environment = {**kind, "type": "LINUX_CONTAINER", "privilegedMode": privileged}
    given = {
        "serviceRole": ROLE,
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": environment,
        "source": {"type": "NO_SOURCE", "buildspec": steps},
    }
    stack.add("build", "aws:codebuild/project:Project", given)


@breaks("build-runs-docker")
def build_without_a_daemon(stack):
    build(stack, privileged=False)


decides("build-runs-docker", "build", "source.buildspec", absent=KEEPS, unknown=KEEPS, given=build)
