"""Wrong surroundings: what the environment says is stale or wrong."""

from __future__ import annotations

from typing import Final

from tests.front_door.attempt import OUTPUTS, Row, row

_OUTPUTS = {"o.json": OUTPUTS}
_RELEASE = "loadtest release --outputs o.json"
_KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}

ROWS: Final[tuple[Row, ...]] = (
    row(
        _RELEASE,
        "AWS_ENDPOINT_URL='garbage' is not a URL",
        "unset it",
        files=_OUTPUTS,
        environment={"AWS_ENDPOINT_URL": "garbage"},
    ),
    row(
        _RELEASE,
        "AWS_ENDPOINT_URL='http://[::1' is not a URL",
        files=_OUTPUTS,
        environment={"AWS_ENDPOINT_URL": "http://[::1"},
    ),
    row(
        "loadtest experiment run instance-dies --outputs o.json --dry-run",
        "AWS_ENDPOINT_URL='garbage' is not a URL",
        files=_OUTPUTS,
        environment={"AWS_ENDPOINT_URL": "garbage", **_KEYS},
    ),
    row(
        _RELEASE,
        "profile (nosuch)",
        "check credentials",
        files=_OUTPUTS,
        environment={"AWS_PROFILE": "nosuch"},
    ),
    row(
        _RELEASE,
        "parse config file",
        files={**_OUTPUTS, "aws": b"\xff\xfe"},
        environment={"AWS_CONFIG_FILE": "aws"},
    ),
    row(
        "loadtest run --stack ha",
        "stack 'ha' has no readable outputs",
        "state directory",
        environment={"PULUMI_BACKEND_URL": "file:///nonexistent"},
    ),
    row(
        "loadtest run --stack ha",
        "generator 'wrk'",
        "artillery, k6",
        environment={"LOADTEST_GENERATOR": "wrk"},
    ),
    row(
        "rehearsal run --root r",
        "generator 'wrk'",
        environment={"LOADTEST_GENERATOR": "wrk"},
    ),
    row(
        "loadtest compare --to-baseline main",
        "nowhere.json has no baseline 'main'",
        environment={"LOADTEST_BASELINES": "nowhere.json"},
    ),
)
"""What a shell may have kept from yesterday. What must only be survived is in the tests."""
