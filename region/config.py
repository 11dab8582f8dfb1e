"""Settings of one local region."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from commandline.errors import UserError
from region.periods import Period

DEFAULT_REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
LEAST_SPEED = 0.1
MOST_SPEED = 1000.0
"""Beyond it, periods are shorter than the region takes to do anything."""
MOST_CREDITS = 10_000.0
"""More than any type saves up: 4,608 of a t3.2xlarge."""
DEFAULT_IMAGE = "host"
"""What an AMI stands for unless told otherwise: this computer's own system."""


class RegionConfigError(UserError, ValueError):
    """An invalid setting of the region; the message names the value and the remedy."""


def check_speed(speed: float) -> float:
    """Return a speed that periods can be divided by and still be waited for.

    Raises:
        RegionConfigError: It is not.
    """
    if not LEAST_SPEED <= speed <= MOST_SPEED:  # Nor is a number that is none.
        raise RegionConfigError(
            f"Speed {speed} is not from {LEAST_SPEED:g} to {MOST_SPEED:g}: use 1 for real time."
        )
    return speed


def check_credits(given: float) -> float:
    """Return CPU credits that an instance can have.

    Raises:
        RegionConfigError: No instance can.
    """
    if not 0 <= given <= MOST_CREDITS:  # Nor can it have a number that is none.
        raise RegionConfigError(
            f"{given:g} CPU credits are not from 0 to {MOST_CREDITS:g}: a t4g.nano saves up 144 a day."
        )
    return given


def check_region(name: str) -> str:
    """Return the name of a region that AWS has: clients, provider and zones are made for those only.

    Raises:
        RegionConfigError: It has none of that name.
    """
    if name == DEFAULT_REGION:
        return name
    from botocore.session import Session  # noqa: PLC0415 - reading its list takes a while

    known = Session().get_available_regions("ec2")
    if name not in known:
        near = get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]}?" if near else f"use one such as {DEFAULT_REGION}."
        raise RegionConfigError(f"{name!r} is not the name of an AWS region: {remedy}")
    return name


@dataclass(frozen=True, slots=True)
class RegionConfig:
    """The settings of one local region.

    `root` is the directory that holds all of the region's state. `api_port` is the loopback port
    of the AWS API, 0 for a free one. `speed` divides every period that AWS would wait
    (health check interval, cooldown, grace period, deregistration delay): 1.0 is real time.
    `image` is the root file system of instances: "host", "al2023", or the path of a directory or
    tarball; `ami_images` are pairs of an AMI id and the image of its instances. `cpu_factor` replaces
    what the region measures of this computer's CPU. `cpu_credits` are the CPU credits that each burstable
    instance begins with, as one that has been idle; with them, credits are emulated after a deployment,
    too. None: it begins with those that EC2 gives, and after a deployment they count as spent.
    `preview_only`: the provider previews every resource type, and creates none.
    """

    root: Path
    region: str = DEFAULT_REGION
    account: str = ACCOUNT
    api_port: int = 0
    speed: float = 1.0
    image: str = DEFAULT_IMAGE
    ami_images: tuple[tuple[str, str], ...] = ()
    cpu_factor: float | None = None
    cpu_credits: float | None = None
    preview_only: bool = False

    def __post_init__(self) -> None:
        """Reject values that would only fail later and less clearly."""
        if not 0 <= self.api_port <= 65535:
            raise RegionConfigError(
                f"API port {self.api_port} is not a TCP port: use 1 to 65535, or 0 for a free one."
            )
        if self.cpu_credits is not None:
            check_credits(self.cpu_credits)
        check_speed(self.speed)
        check_region(self.region)
        if self.account != ACCOUNT:
            raise RegionConfigError(
                f"Account {self.account} is not the local region's: use {ACCOUNT}, "
                "so that its resources can never be mistaken for those of a real account."
            )

    @property
    def state_file(self) -> Path:
        """Where the control plane keeps its resources across restarts."""
        return self.root / "state.pickle"

    @property
    def log_directory(self) -> Path:
        """Where the region's parts write their logs."""
        return self.root / "log"

    def seconds(self, period: Period | float) -> float:
        """Convert a period of AWS, in seconds if it is a number, to this region's clock."""
        return (period.seconds if isinstance(period, Period) else period) / self.speed
