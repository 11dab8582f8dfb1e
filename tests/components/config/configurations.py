"""Configurations as the engine passes them to a program: accepted or rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from components.config.loader import settings_from
from components.config.settings import Settings
from components.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]

CERTIFICATE = "arn:aws:acm:ap-northeast-2:123456789012:certificate/" + "0" * 36
SINGLE = {"topology": "single", "deploymentConfig": "CodeDeployDefault.AllAtOnce"}


def configuration(**changes: str) -> dict[str, str]:
    """Return the HA stack's keys as the engine passes them: strings only."""
    values = {key: str(entry["default"]) for key, entry in SCHEMA.items() if "default" in entry}
    values |= {"haproof:topology": "ha", "haproof:vpcCidr": "10.20.0.0/16", "aws:region": "x"}
    return {**values, **{f"haproof:{key}": value for key, value in changes.items()}}


def read(**changes: str) -> Settings:
    return settings_from(configuration(**changes), "haproof")


def rejection(**changes: str) -> str:
    """Return the message with which a configuration is rejected."""
    with pytest.raises(ConfigurationError) as raised:
        read(**changes)
    return str(raised.value)
