"""A revision that pulls whatever a tag currently points to, as with `docker pull image:latest`.

Nothing of such a revision changes when the tag is moved, so going back to it brings back what the tag
stands for now.
"""

from __future__ import annotations

from textwrap import dedent
from typing import Final

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import deployments, revisions
from loadtest.experiments.models import Target
from loadtest.experiments.session import current
from loadtest.stack.deployments import Revision

TAG: Final = "latest"
GOOD: Final = b"#!/bin/sh\nexit 0\n"
BAD: Final = revisions.FAILING.encode()
AT_MOST_S: Final = {"deploy": 2 * deployments.RELEASE_S + deployments.BACK_S}
"""As `deployments.AT_MOST_S`."""


def deploy() -> str:
    """Deploy a revision that pulls a tag, move the tag to something bad, and deploy it once more.

    The second deployment fails, and CodeDeploy rolls it back to the first one: the fault begins with it.

    Returns:
        How the second one ended.

    Raises:
        ExperimentError: The first one did not succeed.
    """
    session = current()
    own = deployments.own_revision(session)
    group = session.stack.outputs.codedeploy_deployment_group
    target = Target(kind="deployment-group", id=group, detail=f"pulls the tag {TAG}")
    bundle, tag = (
        deployments.key_beside(session, own, name) for name in ("pulls-a-tag.zip", f"{TAG}.sh")
    )
    back = deployments.way_back(session, own, bundle, tag)
    what = f"deploy to {group} a revision that pulls the tag {TAG}, and move the tag"
    with session.act(what, [target], back, kind="deployment") as act:
        if act is None:
            return "not deployed"
        deployments.put(session, own.bucket, tag, GOOD)
        script = pulling(Revision(own.bucket, tag), session.stack.outputs.region)

        def pull(files: revisions.Files) -> None:
            revisions.add_hook(files, "ValidateService", script)

        content = revisions.changed(deployments.content_of(session, own), pull)
        revision = deployments.put(session, own.bucket, bundle, content)
        first = deployments.release(session, act, revision)
        if not first.complete:
            raise ExperimentError(
                f"the deployment {first.id} before the fault failed: {first.error}"
            )
        deployments.put(session, own.bucket, tag, BAD)
        session.began_ms = None
        ended = deployments.release(session, act, revision)
        return deployments.concluded(session, act, ended, good=False)


def pulling(tag: Revision, region: str) -> str:
    """Return a script that runs what the object holds at the moment; as root on an instance."""
    return dedent(f"""\
        #!/bin/sh
        set -eu
        pulled=$(mktemp)
        trap 'rm -f "$pulled"' EXIT
        aws s3 cp --only-show-errors --region {region} s3://{tag.bucket}/{tag.key} "$pulled"
        sh "$pulled"
        """)
