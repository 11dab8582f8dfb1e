"""A stack's configuration: types and bounds of every key.

Defaults live in Pulumi.yaml, where the engine takes them from. `combinations` rejects values that do
not fit together, and `loader` reads the configuration and applies both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components.config import fields
from components.config.constants import HTTPS_PORT
from components.config.minimum_healthy_hosts import (
    MinimumHealthyHosts,
    all_but_a_zone,
    parse_minimum,
)
from components.instance_spec import architecture_of
from loadspec import setting

IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
"""Public SSM parameter with the id of the newest Amazon Linux 2023 image."""

_NOT_IN_DIGEST = (
    "release_on_up",
    "app_path",
    "alarm_email",
    "monthly_budget",
    "log_retention",
    "price_source",
)
"""Settings that change nothing that is released or measured; the revision's content has its own
digest."""

ALL_AT_ONCE = "CodeDeployDefault.AllAtOnce"
"""Of a single instance none can stay in service."""

Port = Annotated[int, Field(ge=1, le=65535)]
Size = Annotated[int, Field(ge=1, le=500)]


def _optional(parse: Callable[[str], object]) -> BeforeValidator:
    return BeforeValidator(fields.optional(parse), json_schema_input_type=str | None)


class Settings(BaseModel):
    """One stack's configuration; immutable, every value validated."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, hide_input_in_errors=True
    )

    topology: Literal["single", "ha"]
    vpc_cidr: Annotated[str, AfterValidator(fields.vpc_cidr)]
    availability_zone_count: Annotated[int, Field(ge=2, le=6)]
    network: Literal["public", "nat"]
    flow_logs: bool
    instance_type: Annotated[str, AfterValidator(fields.instance_type)]
    instance_types: Annotated[
        tuple[str, ...],
        BeforeValidator(fields.json_list),
        AfterValidator(fields.instance_types),
        Field(max_length=39),  # 40 with instance_type, Auto Scaling's maximum (its API reference)
    ]
    spot_percentage: Annotated[int, Field(ge=0, le=100)]
    machine_image: Annotated[str, AfterValidator(fields.machine_image)]
    cpu_credits: Literal["standard", "unlimited"]
    app_path: Annotated[str, AfterValidator(fields.directory)]
    app_port: Port
    health_path: Annotated[str, AfterValidator(fields.health_path)]
    health_check_grace_period: Annotated[int, Field(ge=0, le=7200)]
    seed_users: Annotated[int, Field(ge=1, le=10_000_000)]
    search_index: bool
    listener_port: Port
    domain_name: Annotated[str | None, _optional(fields.domain_name)]
    certificate_arn: Annotated[str | None, _optional(fields.certificate_arn)]
    hosted_zone_id: Annotated[str | None, _optional(fields.hosted_zone_id)]
    access_logs: bool
    min_size: Size
    desired_capacity: Size
    max_size: Size
    requests_per_target: Annotated[int, Field(ge=1)]
    database_class: Annotated[str, AfterValidator(fields.database_class)]
    database_engine_version: Annotated[str, AfterValidator(fields.engine_version)]
    database_multi_az: bool
    deployment_config: Annotated[str | None, _optional(fields.deployment_config)]
    first_zone_monitor: Annotated[int, Field(ge=0, le=7200)]
    minimum_healthy_hosts: Annotated[MinimumHealthyHosts | None, _optional(parse_minimum)]
    alarm_email: Annotated[str | None, _optional(fields.email)]
    monthly_budget: Annotated[int, Field(ge=0, le=1_000_000)]
    log_retention: Annotated[int, AfterValidator(fields.retention_days)]
    load_profile: Annotated[str, AfterValidator(setting.checked)]
    release_on_up: bool
    price_source: Literal["table", "price-list"]
    protect: bool

    @property
    def instance_count(self) -> int:
        """The number of instances that the stack starts with."""
        return self.desired_capacity if self.topology == "ha" else 1

    @property
    def pace(self) -> str | MinimumHealthyHosts:
        """The deployment configuration to use, or the minimum healthy hosts of the stack's own."""
        if self.minimum_healthy_hosts is not None:
            return self.minimum_healthy_hosts
        if self.deployment_config is not None:
            return self.deployment_config
        if self.topology == "single":
            return ALL_AT_ONCE
        return all_but_a_zone(self.availability_zone_count, self.min_size)

    @property
    def zone_monitor(self) -> int | None:
        """Seconds for which a deployment watches its first zone; None if it does not go by zones."""
        by_zones = self.topology == "ha" and not isinstance(self.pace, str)
        return self.first_zone_monitor if by_zones else None

    @property
    def listener_ports(self) -> tuple[int, ...]:
        """The load balancer's ports; empty without a load balancer."""
        if self.topology == "single":
            return ()
        https = () if self.domain_name is None else (HTTPS_PORT,)
        return (self.listener_port, *https)

    @property
    def pinned_image(self) -> bool:
        """Whether the user chose the image, rather than taking the newest."""
        return self.machine_image != fields.LATEST_IMAGE

    @property
    def image_parameter(self) -> str | None:
        """The SSM parameter that holds the image's id; None if the id itself is configured."""
        if self.machine_image.startswith("ami-"):
            return None
        if self.pinned_image:
            return self.machine_image
        return IMAGE_PARAMETER.format(architecture=architecture_of(self.instance_type))

    def digest(self) -> str:
        """Return the SHA-256 of everything whose change warrants a release and a load test."""
        content = self.model_dump(mode="json", exclude=set(_NOT_IN_DIGEST))
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
