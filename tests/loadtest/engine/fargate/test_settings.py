"""Settings of workers on Fargate: what is wrong is named, all of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtest.engine.fargate import settings as fargate_settings
from loadtest.errors import LoadTestError
from tests.loadtest.engine.fargate.account import SETTINGS


def write(directory: Path, content: Any) -> Path:
    file = directory / "fargate.yml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_the_account_is_that_of_the_roles(tmp_path: Path):
    found = fargate_settings.read(write(tmp_path, SETTINGS))
    assert (found.account, found.partition, found.prefix) == ("123456789012", "aws", "haproof-load")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bucket": "Our_Bucket"}, "bucket: "),
        ({"taskRole": "haproof-worker"}, "taskRole: "),
        ({"subnets": ["10.0.0.0/24"]}, "subnets.0: "),
        ({"subnets": [], "securityGroups": ["sg-0a"]}, "name its subnets as well"),
        ({"cluster": "arn:aws:ecs:x"}, "cluster: "),
        ({"prefix": "/absolute"}, "prefix: "),
        ({"region": "Seoul"}, "region: "),
        ({"cpuPerThousand": 0}, "cpuPerThousand: "),
        ({"cpuPerThousand": float("inf")}, "cpuPerThousand: "),
        ({"cpuPerThousand": float("nan")}, "cpuPerThousand: "),
        ({"vpc": "vpc-1"}, "line 9, vpc: unknown key; known are image, bucket"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, changes: dict[str, Any], said: str):
    with pytest.raises(LoadTestError, match=said.replace(".", r"\.")):
        fargate_settings.read(write(tmp_path, {**SETTINGS, **changes}))


def test_no_file_and_no_yaml_have_a_remedy(tmp_path: Path):
    with pytest.raises(LoadTestError, match=r"docs/workers\.md"):
        fargate_settings.read(tmp_path / "none.yml")
    (tmp_path / "broken.yml").write_text("a: [")
    with pytest.raises(LoadTestError, match="line 1: not YAML"):
        fargate_settings.read(tmp_path / "broken.yml")
    (tmp_path / "empty.yml").write_text("")
    with pytest.raises(LoadTestError, match="line 1: the file is empty"):
        fargate_settings.read(tmp_path / "empty.yml")
    with pytest.raises(LoadTestError, match="image: is missing"):
        fargate_settings.read(write(tmp_path, {"bucket": "ours"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "the file: input should be a mapping"),
        ("bucket: 2026-13-45", "line 1: .* is not a valid timestamp"),
        ("bucket: a\nbucket: b", "line 2: `bucket` is already given on line 1"),
        ("[" * 2000, "line 1: .*nested"),
    ],
)
def test_any_text_ends_in_one_message(tmp_path: Path, text: str, said: str):
    (tmp_path / "fargate.yml").write_text(text)
    with pytest.raises(LoadTestError, match=said):
        fargate_settings.read(tmp_path / "fargate.yml")


def test_nobody_is_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "fargate.yml")
    with pytest.raises(LoadTestError, match="it is a named pipe"):
        fargate_settings.read(tmp_path / "fargate.yml")
