"""The local region has no ECS: workers of a load test on Fargate are refused there."""

from __future__ import annotations

import pytest

from loadtest.engine.fargate import aws as aws_calls
from loadtest.errors import LoadTestError
from region.api.server import ControlPlane
from tests.region.fakes import REGION


def test_workers_on_fargate_are_refused(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", plane.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    with pytest.raises(LoadTestError, match="is a local region, and it has no ECS"):
        aws_calls.connect(REGION)
