"""Where workers on Fargate run, and with which rights: the file that `--fargate` names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from loadtest import yaml_positions
from loadtest.errors import LoadTestError
from loadtest.yaml_positions import Source, YamlError, explain

DEFAULT = Path("fargate.yml")
MOST_CPU_S = 10_000
"""CPU seconds per 1,000 requests beyond which a figure is a mistake."""
ARN = r"^arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]+$"
REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=255)]


class FargateSettings(BaseModel):
    """What belongs to the user's account; `docs/workers.md` says how to make each."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )

    image: Annotated[str, Field(min_length=1)]
    """The worker's image in a registry that ECS reaches, for arm64."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """Plan, payload and records of each run lie there, below a prefix of its own, until it ends."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")] = "haproof-load"
    task_role: Annotated[str, Field(pattern=ARN)]
    """What a worker may do: `workers policy` prints it."""
    execution_role: Annotated[str, Field(pattern=ARN)]
    """What ECS may do for it: pull the image, write the log."""
    cluster: Name = "default"
    region: Annotated[str, Field(pattern=REGION)] | None = None
    """By default the stack's."""
    subnets: list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")]] = []
    """By default those of the default VPC, one in each zone."""
    security_groups: list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$")]] = []
    """By default the VPC's own; workers need to reach out only."""
    public_address: bool = True
    """Without one, the subnets need a way to ECR, S3 and the target, such as a NAT gateway."""
    log_group: str | None = None
    """A log group that exists; None: what workers print is not kept on AWS."""
    cpu_per_thousand: Annotated[float, Field(gt=0, le=MOST_CPU_S)] | None = None
    """CPU seconds that 1,000 requests take the generator; by default what `make tools` has shown."""

    @model_validator(mode="after")
    def _groups_need_subnets(self) -> FargateSettings:
        if self.security_groups and not self.subnets:
            raise ValueError("securityGroups belong to a VPC: name its subnets as well")
        return self

    @property
    def account(self) -> str:
        """Id of the account that the roles belong to."""
        return self.task_role.split(":")[4]

    @property
    def partition(self) -> str:
        """`aws`, or that of another part of AWS."""
        return self.task_role.split(":")[1]


def read(path: Path) -> FargateSettings:
    """Read the settings.

    Raises:
        LoadTestError: The file is missing or wrong; the message names every value and its line.
    """
    try:
        source = yaml_positions.read(path)
    except OSError as error:
        raise LoadTestError(
            f"cannot read the settings of workers on Fargate in {path} ({error.strerror}); "
            "docs/workers.md says what belongs there (`--fargate FILE` names another file)"
        ) from error
    except YamlError as error:
        where = f"{path}, line {error.problem.position.line}"
        raise LoadTestError(f"{where}: {error.problem.text} (docs/workers.md)") from error
    try:
        return FargateSettings.model_validate(source.content)
    except ValidationError as error:
        problems = [f"  {_problem(one, source)}" for one in error.errors(include_url=False)]
        raise LoadTestError(
            "\n".join([f"{path} is wrong (docs/workers.md):", *problems])
        ) from error


def _problem(error: ErrorDetails, source: Source) -> str:
    location = source.resolve(error["loc"])
    # Of a key that is missing, the file has no position.
    name = ".".join(map(str, error["loc"])) or "the file"
    line = f"line {source.keys[location].line}, " if location else ""
    text = explain(error)
    match error["type"]:
        case "missing":
            text = "is missing"
        case "extra_forbidden":
            known = ", ".join(to_camel(field) for field in FargateSettings.model_fields)
            text = f"unknown key; known are {known}"
        case _:
            pass
    return f"{line}{name}: {text}"
