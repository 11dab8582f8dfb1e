"""How a region is started: the options of `start` and `serve`, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from region import calibration, image_options
from region.config import (
    DEFAULT_REGION,
    LEAST_SPEED,
    MOST_SPEED,
    RegionConfig,
    check_credits,
    check_region,
    check_speed,
)
from region.image_options import ImageChoice

Speed = Annotated[
    float,
    typer.Option(
        help="Run AWS's waiting periods this many times faster.",
        min=LEAST_SPEED,
        max=MOST_SPEED,
        callback=check_speed,
    ),
]
Port = Annotated[int, typer.Option(help="Port of the AWS API on 127.0.0.1; 0 picks a free one.")]
CpuFactor = Annotated[
    float | None,
    typer.Option(
        help="CPU seconds of this computer per CPU second of an instance type's vCPU; by default, the "
        "region measures it when it starts."
    ),
]
CpuCredits = Annotated[
    float | None,
    typer.Option(
        "--credits",
        help="CPU credits that each burstable instance starts with, as after hours of idling (a t4g.nano "
        "earns 6 an hour, at most 144). Credits then also count after a deployment.",
        callback=lambda value: value if value is None else check_credits(value),
    ),
]
PreviewOnly = Annotated[
    bool,
    typer.Option(
        "--preview-only",
        help="Accept every resource type of the AWS package in previews, and create none.",
    ),
]
RegionName = Annotated[
    str,
    typer.Option("--region", help="Name of the AWS region to emulate.", callback=check_region),
]


@dataclass(frozen=True, kw_only=True)
class RegionOptions:
    """The options of `start` and `serve`, for `commandline.option_groups.with_groups`."""

    port: Port = 0
    region: RegionName = DEFAULT_REGION
    speed: Speed = 1.0
    image: image_options.Option = None
    cpu_factor: CpuFactor = None
    cpu_credits: CpuCredits = None

    def for_root(self, root: Path, *, preview_only: bool = False) -> StartOptions:
        """Return what they say of a region in the directory `root`.

        Raises:
            RegionConfigError: An image is given twice, or is none.
        """
        return StartOptions(
            images=image_options.chosen(root, self.image),
            port=self.port,
            region=self.region,
            speed=self.speed,
            cpu_factor=self.cpu_factor,
            cpu_credits=self.cpu_credits,
            preview_only=preview_only,
        )


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """The values of a region's options, as `start` hands them on to `serve`.

    Attributes:
        images: The root file systems of its instances.
        port: Port of its AWS API on 127.0.0.1; 0 for a free one.
        region: Name of the AWS region.
        speed: How many times faster than on AWS its waiting periods pass.
        cpu_factor: CPU seconds of this computer per CPU second of a vCPU; None: it is measured.
        cpu_credits: CPU credits that each burstable instance begins with; None: those that EC2 gives.
        preview_only: Whether every resource type can be previewed, and none created.
    """

    images: ImageChoice = field(default_factory=ImageChoice)
    port: int = 0
    region: str = DEFAULT_REGION
    speed: float = 1.0
    cpu_factor: float | None = None
    cpu_credits: float | None = None
    preview_only: bool = False

    def arguments(self) -> list[str]:
        """Return the arguments of `python -m region serve` that say the same.

        Raises:
            CalibrationError: No computer has this CPU factor.
        """
        arguments = ["--port", str(self.port), "--region", self.region, "--speed", str(self.speed)]
        arguments += self.images.arguments()
        if self.cpu_factor is not None:
            calibration.check_factor(self.cpu_factor)
            arguments += ["--cpu-factor", str(self.cpu_factor)]
        if self.cpu_credits is not None:
            arguments += ["--credits", f"{self.cpu_credits:g}"]
        if self.preview_only:
            arguments.append("--preview-only")
        return arguments

    def config(self, root: Path) -> RegionConfig:
        """Return the configuration of such a region in the directory `root`.

        Raises:
            RegionConfigError: A value is none that a region can have.
        """
        return RegionConfig(
            root=root,
            region=self.region,
            api_port=self.port,
            speed=self.speed,
            image=self.images.image,
            ami_images=tuple(self.images.by_ami.items()),
            cpu_factor=self.cpu_factor,
            cpu_credits=self.cpu_credits,
            preview_only=self.preview_only,
        )
