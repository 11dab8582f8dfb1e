"""S3's records: moto's objects as the region uses them."""

from __future__ import annotations

from typing import Protocol


class Bucket(Protocol):
    """A bucket: moto's FakeBucket."""

    name: str
    policy: bytes | None
