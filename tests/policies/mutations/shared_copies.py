"""What breaks the rule about images and snapshots."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

PERMISSION = "aws:ec2/amiLaunchPermission:AmiLaunchPermission"
SNAPSHOT = "aws:rds/snapshot:Snapshot"


def _image(stack, **more):
    stack.add("share", PERMISSION, {"imageId": "ami-0123456789abcdef0", **more})


decides(
    "copies-not-public",
    "share",
    "group",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: _image(stack, accountId="210987654321"),
)


@breaks("copies-not-public")
def image_for_everybody(stack):
    _image(stack, group="all")


@breaks("copies-not-public")
def snapshot_for_everybody(stack):
    properties = {
        "dbInstanceIdentifier": "web",
        "dbSnapshotIdentifier": "web-copy",
        "sharedAccounts": ["all"],
    }
    stack.add("copy", SNAPSHOT, properties)
