"""What a stack's configuration may say: read once, checked whole, refused before any resource.

Defaults live in Pulumi.yaml, where the engine takes them from; this module knows types, bounds and
combinations.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from components.cidr import parse_vpc_cidr
from components.config import combinations, fields
from components.config.healthy_hosts import MinimumHealthyHosts, largest_possible, parse_minimum
from components.errors import ConfigurationError
from components.instance_spec import architecture_of
from components.observability.alarms import memory_gibibytes

LATEST_IMAGE = "latest"
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
"""Public SSM parameter with the id of the newest Amazon Linux 2023 image."""

HALF_AT_A_TIME = "CodeDeployDefault.HalfAtATime"

RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""CloudWatch Logs API reference, PutRetentionPolicy."""

_SEPARATE = (
    "release_on_up",
    "app_path",
    "alarm_email",
    "monthly_budget",
    "log_retention",
    "price_source",
)
"""Settings that change nothing that is released or measured; the revision's content has a digest
of its own."""


def _cidr(text: str) -> str:
    parse_vpc_cidr(text)
    return text


def _instance_type(text: str) -> str:
    architecture_of(text)
    return text


def _health_path(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", text):
        raise ValueError("is no plain path; start it with / and leave out blanks and query strings")
    return text


def _database_class(text: str) -> str:
    if not re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9]+", text):
        raise ValueError("is no RDS instance class; write it like db.t4g.micro")
    memory_gibibytes(text)
    return text


def _engine_version(text: str) -> str:
    match = re.fullmatch(r"(\d+)(\.\d+)?", text)
    if match is None or int(match[1]) < 13:
        raise ValueError("is no PostgreSQL version that RDS offers; use a major version such as 18")
    return text


def _machine_image(text: str) -> str:
    if text != LATEST_IMAGE and not re.fullmatch(r"ami-[0-9a-f]{8,17}|/\S+", text):
        raise ValueError(
            "is no image; use latest, an id like ami-0abc…, or an SSM parameter's path"
        )
    return text


def _deployment_config(text: str) -> str:
    if re.match(r"CodeDeployDefault\.(ECS|Lambda)", text):
        raise ValueError(
            "is for another compute platform; use CodeDeployDefault.OneAtATime, "
            "CodeDeployDefault.HalfAtATime or one of your own for EC2"
        )
    if not re.fullmatch(r"[A-Za-z0-9._+=,@-]{1,100}", text):
        raise ValueError("is no name of a deployment configuration; use letters, digits and ._-")
    return text


def _minimum(text: str) -> str:
    if text != fields.NONE:
        parse_minimum(text)
    return text


def _email(text: str) -> str:
    if text != fields.NONE and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text):
        raise ValueError("is no e-mail address; write it like you@example.org, or none")
    return text


def _retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        near = min(RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise ValueError(f"is no retention that CloudWatch Logs offers; the nearest is {near}")
    return days


def _directory(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; name the directory that has appspec.yml at its root")
    return text


Port = Annotated[int, Field(ge=1, le=65535)]
Size = Annotated[int, Field(ge=1, le=500)]


class Settings(BaseModel):
    """One stack's configuration; immutable, every value checked."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True
    )

    topology: Literal["single", "ha"]
    vpc_cidr: Annotated[str, AfterValidator(_cidr)]
    availability_zone_count: Annotated[int, Field(ge=2, le=6)]
    network: Literal["public", "nat"]
    flow_logs: bool
    instance_type: Annotated[str, AfterValidator(_instance_type)]
    instance_types: Annotated[
        tuple[str, ...],
        BeforeValidator(fields.listed),
        AfterValidator(fields.instance_types),
        Field(max_length=39),  # with the first one 40, Auto Scaling's most (its API reference)
    ]
    spot_percentage: Annotated[int, Field(ge=0, le=100)]
    machine_image: Annotated[str, AfterValidator(_machine_image)]
    cpu_credits: Literal["standard", "unlimited"]
    app_path: Annotated[str, AfterValidator(_directory)]
    app_port: Port
    health_path: Annotated[str, AfterValidator(_health_path)]
    health_check_grace_period: Annotated[int, Field(ge=0, le=7200)]
    seed_users: Annotated[int, Field(ge=1, le=10_000_000)]
    search_index: bool
    listener_port: Port
    domain_name: Annotated[str | None, BeforeValidator(fields.optional(fields.domain_name))]
    certificate_arn: Annotated[str | None, BeforeValidator(fields.optional(fields.certificate_arn))]
    hosted_zone_id: Annotated[str | None, BeforeValidator(fields.optional(fields.hosted_zone_id))]
    access_logs: bool
    min_size: Size
    desired_capacity: Size
    max_size: Size
    requests_per_target: Annotated[int, Field(ge=1)]
    database_class: Annotated[str, AfterValidator(_database_class)]
    database_engine_version: Annotated[str, AfterValidator(_engine_version)]
    database_multi_az: bool
    deployment_config: Annotated[str, AfterValidator(_deployment_config)]
    minimum_healthy_hosts: Annotated[str, AfterValidator(_minimum)]
    alarm_email: Annotated[str, AfterValidator(_email)]
    monthly_budget: Annotated[int, Field(ge=0, le=1_000_000)]
    log_retention: Annotated[int, AfterValidator(_retention)]
    load_profile: Literal["smoke", "quick", "seed", "none"]
    release_on_up: bool
    price_source: Literal["table", "price-list"]
    protect: bool

    @property
    def instance_count(self) -> int:
        """How many instances the stack starts with."""
        return self.desired_capacity if self.topology == "ha" else 1

    @property
    def healthy_hosts(self) -> MinimumHealthyHosts | None:
        """The minimum for a deployment configuration of the stack's own; None to use a named one."""
        if self.minimum_healthy_hosts == fields.NONE:
            return None
        return parse_minimum(self.minimum_healthy_hosts)

    @property
    def alarm_address(self) -> str | None:
        """Where alarms are mailed to; None for nowhere."""
        return None if self.alarm_email == fields.NONE else self.alarm_email

    @property
    def listener_ports(self) -> tuple[int, ...]:
        """The ports at which the world reaches the load balancer; empty where there is none."""
        if self.topology == "single":
            return ()
        https = () if self.domain_name is None else (combinations.HTTPS_PORT,)
        return (self.listener_port, *https)

    @property
    def pinned_image(self) -> bool:
        """Whether the image is the user's choice and not whatever is newest."""
        return self.machine_image != LATEST_IMAGE

    @property
    def image_parameter(self) -> str | None:
        """The SSM parameter to read the image's id from; None when the id itself is given."""
        if self.machine_image.startswith("ami-"):
            return None
        if self.pinned_image:
            return self.machine_image
        return IMAGE_PARAMETER.format(architecture=architecture_of(self.instance_type))

    def check_region(self, region: str) -> None:
        """Raises ConfigurationError when something given is in another Region than the stack."""
        arn = self.certificate_arn
        if arn is not None and fields.certificate_region(arn) != region:
            raise ConfigurationError(
                f'haproof:certificateArn is "{arn}", but the stack is in {region} and a load '
                f"balancer takes certificates of its own Region only; set the ARN of one in {region}."
            )

    def digest(self) -> str:
        """SHA-256 over everything that is worth a release and a load test when it changes."""
        content = self.model_dump(mode="json", exclude=set(_SEPARATE))
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @model_validator(mode="after")
    def _possible(self) -> Settings:
        problems = [problem for problem in (self._sizes(), self._batch(), self._image()) if problem]
        problems += combinations.problems(self)
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _sizes(self) -> str | None:
        if self.topology == "single" or self.min_size <= self.desired_capacity <= self.max_size:
            return None
        return (
            f"haproof:minSize {self.min_size}, haproof:desiredCapacity {self.desired_capacity} and "
            f"haproof:maxSize {self.max_size} are out of order; set them so that minSize <= "
            "desiredCapacity <= maxSize."
        )

    def _batch(self) -> str | None:
        # Percentages of healthy hosts are rounded up: half of one is one, and a deployment that has
        # to keep every host fails at once (CodeDeploy user guide, "Instance health").
        if self.healthy_hosts is not None:
            return self._minimum_impossible(self.healthy_hosts)
        if self.instance_count > 1 or self.deployment_config != HALF_AT_A_TIME:
            return None
        return (
            f'haproof:deploymentConfig is "{self.deployment_config}", but half of one instance is '
            "none, so every deployment would fail; use CodeDeployDefault.AllAtOnce instead."
        )

    def _minimum_impossible(self, minimum: MinimumHealthyHosts) -> str | None:
        # The smallest fleet is the strictest: what it can keep, every larger one can.
        fleet = self.min_size if self.topology == "ha" else 1
        if minimum.possible_for(fleet):
            return None
        count, percent = largest_possible(fleet)
        size = "one instance" if self.topology == "single" else f"haproof:minSize {fleet}"
        return (
            f'haproof:minimumHealthyHosts is "{self.minimum_healthy_hosts}": with {size}, '
            f"{minimum.arithmetic(fleet)}, which leaves none to deploy to, so every deployment "
            f"would fail; use at most {count} or {percent}%."
        )

    def _image(self) -> str | None:
        architecture = architecture_of(self.instance_type)
        other = {"arm64": "x86_64", "x86_64": "arm64"}[architecture]
        if other not in self.machine_image:
            return None
        return (
            f'haproof:machineImage is "{self.machine_image}", an image for {other}, but '
            f"haproof:instanceType {self.instance_type} is {architecture}; use the parameter's "
            f"{architecture} twin or set haproof:machineImage to latest."
        )


def settings_from(config: Mapping[str, Any], namespace: str) -> Settings:
    """Reads the keys under `namespace` out of a stack's whole configuration.

    Raises ConfigurationError with one sentence per problem, each with key, value and remedy.
    """
    prefix = f"{namespace}:"
    own = {
        key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)
    }
    known = sorted(_keys())
    problems = [_unknown(key, known, namespace) for key in own if key not in known]
    problems += _misspelt_namespaces(config, namespace)
    if problems:
        raise ConfigurationError("\n".join(problems))
    try:
        return Settings.model_validate(own)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise ConfigurationError(
            "\n".join(_sentence(detail, own, namespace) for detail in details)
        ) from error


def read_settings() -> Settings:
    """The settings of the stack that the engine runs this program for."""
    # All raw keys, and not pulumi.Config's getters: a key that nobody asks for would stay unseen.
    return settings_from({**get_config_env(), **CONFIG.get()}, pulumi.get_project())


def _keys() -> set[str]:
    return {field.alias or name for name, field in Settings.model_fields.items()}


def _unknown(key: str, known: list[str], namespace: str) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f'did you mean "{namespace}:{near[0]}"?' if near else f"known are {', '.join(known)}."
    return (
        f'"{namespace}:{key}" is no setting of this project; {hint} '
        f"Remove it with `pulumi config rm {namespace}:{key}`."
    )


def _misspelt_namespaces(config: Mapping[str, Any], namespace: str) -> list[str]:
    problems: list[str] = []
    for full in config:
        space, _, key = full.partition(":")
        if space != namespace and difflib.get_close_matches(space, [namespace], cutoff=0.8):
            problems.append(
                f'"{full}" belongs to no namespace of this project; '
                f'did you mean "{namespace}:{key}"?'
            )
    return problems


def _sentence(detail: ErrorDetails, own: Mapping[str, Any], namespace: str) -> str:
    reason = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:
        return reason
    key = str(detail["loc"][0])
    name = f"{namespace}:{key}"
    if detail["type"] == "missing":
        return f"{name} is not set; set it with `pulumi config set {name} <value>`."
    if detail["type"] != "value_error":
        reason = f"is refused: {reason[0].lower()}{reason[1:]}"
    return f'{name} "{own[key]}" {reason}. Change it with `pulumi config set {name} <value>`.'
