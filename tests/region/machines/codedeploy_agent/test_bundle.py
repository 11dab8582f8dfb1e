from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from region.machines.codedeploy_agent import bundle
from region.machines.codedeploy_agent.messages import AgentDeployment
from region.machines.errors import BundleError


class _Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Any:
        return iter(lambda: self.read(size), b"")


class _S3:
    def __init__(self) -> None:
        self.asked: dict[str, str] = {}

    def get_object(self, **wanted: str) -> dict[str, Any]:
        self.asked = wanted
        return {"ETag": '"abc"', "Body": _Body(b"content")}


def _deployment(**extra: Any) -> AgentDeployment:
    return AgentDeployment("d-1", "app", "group", "gid", "bucket", "key.zip", **extra)


def test_download_asks_for_the_version_and_checks_the_etag(tmp_path: Path):
    s3, target = _S3(), tmp_path / "out"
    bundle.download(s3, _deployment(version_id="v7", etag='"abc"'), target)
    assert s3.asked == {"Bucket": "bucket", "Key": "key.zip", "VersionId": "v7"}
    assert target.read_bytes() == b"content"
    with pytest.raises(BundleError, match=r"s3://bucket/key\.zip.*abc.*other"):
        bundle.download(s3, _deployment(etag="other"), target)
