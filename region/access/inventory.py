"""The region's instances as a user names and lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commandline.errors import UserError
from region import credentials
from region.access.terminal import printable
from region.options import command
from region.session import Session

ENDED = frozenset({"shutting-down", "terminated"})
"""States of instances that a name is looked for among last: their groups have replaced them."""


class AccessError(UserError):
    """An instance that cannot be found or entered, or a log that it does not have."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as EC2 describes it.

    Attributes:
        name: Its tag Name, empty without one.
        health: The status check: ok, impaired or initializing; empty unless it is running.
        launched: When it was launched.
        user_data_failure: How its user data failed; empty if it did not.
    """

    instance_id: str
    name: str
    instance_type: str
    zone: str
    private_ip: str
    state: str
    health: str
    launched: datetime
    user_data_failure: str = ""

    def age(self, now: datetime) -> float:
        """Return the seconds since the launch."""
        return max(0.0, (now - self.launched).total_seconds())

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return the members of the JSON output; times in ISO 8601 and seconds."""
        age = round(self.age(now))
        return {**asdict(self), "launched": self.launched.isoformat(), "age_seconds": age}


def instances(root: Path, session: Session) -> list[Instance]:
    """Return the instances of the region that runs in `root`, those that have ended last.

    Raises:
        CredentialError: The region's credentials cannot be read.
    """
    # Imported here: boto3 takes half a second that a wrong option need not wait for.
    from region.machines.first_boot import FAILURE  # noqa: PLC0415
    from region.provider.clients import Clients  # noqa: PLC0415

    endpoint = f"http://127.0.0.1:{session.api_port}"
    ec2 = Clients(endpoint, session.region, credentials.read(root)).ec2
    statuses = {
        entry["InstanceId"]: entry["InstanceStatus"]["Status"]
        for page in ec2.get_paginator("describe_instance_status").paginate()
        for entry in page["InstanceStatuses"]
    }
    found = [
        _instance(
            entry,
            statuses.get(entry["InstanceId"], ""),
            root / "instances" / entry["InstanceId"] / FAILURE,
        )
        for page in ec2.get_paginator("describe_instances").paginate()
        for reservation in page["Reservations"]
        for entry in reservation["Instances"]
    ]
    return sorted(found, key=lambda item: (item.state in ENDED, item.launched, item.instance_id))


def _instance(entry: dict[str, Any], health: str, failure: Path) -> Instance:
    tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
    state = str(entry["State"]["Name"])
    return Instance(
        instance_id=str(entry["InstanceId"]),
        name=str(tags.get("Name", "")),
        instance_type=str(entry["InstanceType"]),
        zone=str(entry["Placement"]["AvailabilityZone"]),
        private_ip=str(entry.get("PrivateIpAddress") or ""),
        state=state,
        health=health if state == "running" else "",
        launched=entry["LaunchTime"].astimezone(UTC),
        user_data_failure=failure.read_text() if failure.is_file() else "",
    )


def find(found: Sequence[Instance], wanted: str) -> Instance:
    """Return the instance with this id, with an id that begins like this, or with this name.

    Raises:
        AccessError: There is none, or more than one.
    """
    for instance in found:
        if instance.instance_id == wanted:
            return instance
    alive = [instance for instance in found if instance.state not in ENDED]
    for candidates in (alive, found):
        matches = [item for item in candidates if wanted and _named(item, wanted)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise AccessError(
                f"{wanted!r} is more than one instance; give an id:\n{_listed(matches)}"
            )
    if not alive:
        raise AccessError(f"there is no instance {wanted!r}: the region has no instances")
    raise AccessError(f"there is no instance {wanted!r}; the region has:\n{_listed(alive)}")


def _named(instance: Instance, wanted: str) -> bool:
    return instance.name == wanted or any(
        instance.instance_id.startswith(prefix) for prefix in (wanted, f"i-{wanted}")
    )


def _listed(found: Iterable[Instance]) -> str:
    return "\n".join(
        f"  {item.instance_id}  {item.state}" + (f"  {printable(item.name)}" if item.name else "")
        for item in found
    )


def directory(root: Path, instance_id: str) -> Path:
    """Return the directory of an instance's logs."""
    return root / "instances" / instance_id


def find_directory(root: Path, wanted: str) -> Path:
    """Return the directory of an instance without asking a region, which need not run.

    Raises:
        AccessError: None, or more than one, has this id or one that begins like this.
    """
    parent = root / "instances"
    names = (
        sorted(path.name for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []
    )
    matches = [name for name in names if name == wanted] or [
        name for name in names if wanted and name.startswith((wanted, f"i-{wanted}"))
    ]
    if len(matches) == 1:
        return parent / matches[0]
    known = f"it left logs of {', '.join(names)}" if names else "it left no logs"
    what = "more than one instance" if matches else "not an instance"
    raise AccessError(
        f"{wanted!r} is {what} of the region in {root}, which is not running; {known}. "
        f"Names are known while it runs only: {command('start', root)}"
    )


def duration(seconds: float) -> str:
    """Write a duration in its largest unit: 45s, 12m, 3h, 2d."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"
