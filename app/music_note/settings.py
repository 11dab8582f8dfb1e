"""The service's settings from its environment (`/opt/haproof/environment`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A variable is missing or has an invalid value; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One instance's settings; every field has the environment variable's name in lower case."""

    app_host: str
    app_port: int
    health_path: str
    aws_region: str
    database_host: str
    database_port: int
    database_name: str
    database_secret_arn: str
    seed_users: int
    search_index: bool
    instance_id: str
    availability_zone: str
    password_iterations: int
    database_connections: int
    version: str


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; it belongs in /opt/haproof/environment")
    return value


def _number(environment: Mapping[str, str], name: str, default: str | None = None) -> int:
    text = environment.get(name) or default or _required(environment, name)
    if not text.isdigit():
        raise SettingsError(f"{name} is {text!r}; it must be a whole number")
    return int(text)


def _switch(environment: Mapping[str, str], name: str, default: str) -> bool:
    text = environment.get(name) or default
    if text not in {"true", "false"}:
        raise SettingsError(f"{name} is {text!r}; it must be true or false")
    return text == "true"


def _version() -> str:
    file = Path(__file__).parent.parent / "VERSION"
    return file.read_text(encoding="ascii").strip() if file.exists() else "unreleased"


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: A variable is missing or has an invalid value.
    """
    env = os.environ if environment is None else environment
    return Settings(
        app_host=_required(env, "APP_HOST"),
        app_port=_number(env, "APP_PORT"),
        health_path=_required(env, "HEALTH_PATH"),
        aws_region=_required(env, "AWS_REGION"),
        database_host=_required(env, "DATABASE_HOST"),
        database_port=_number(env, "DATABASE_PORT", "5432"),
        database_name=_required(env, "DATABASE_NAME"),
        database_secret_arn=_required(env, "DATABASE_SECRET_ARN"),
        seed_users=_number(env, "SEED_USERS", "0"),
        search_index=_switch(env, "SEARCH_INDEX", "false"),
        instance_id=_required(env, "INSTANCE_ID"),
        availability_zone=_required(env, "AVAILABILITY_ZONE"),
        password_iterations=_number(env, "PASSWORD_ITERATIONS", "2700"),
        database_connections=_number(env, "DATABASE_CONNECTIONS", "4"),
        version=_version(),
    )
