"""The objects that coordinator and workers exchange in the bucket, below the run's prefix.

in/03.tar.gz       a worker's share, with its plan; written before the worker is started
coordinator.json   when to begin, whether to stop, and a beat: written before any worker is started
out/03/000017.tar  a piece of what a worker has recorded, and its status; numbered from 0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from loadtest.engine.fargate import aws
from loadtest.errors import LoadTestError
from loadtest.stack.clock_offset import TimedCalls

COORDINATOR: Final = "coordinator.json"
MOST_DELETED: Final = 1000
"""Objects that one call deletes."""


@dataclass(frozen=True)
class Store:
    """The objects of one run. Every answer tells a little about AWS's clock."""

    client: Any
    """boto3's `s3`."""
    bucket: str
    prefix: str
    timed: TimedCalls

    def put(self, name: str, content: bytes) -> None:
        """Write an object.

        Raises:
            LoadTestError: S3 refused, or did not answer.
        """
        self._call(
            f"write {self._where(name)}", self.client.put_object, Key=self._key(name), Body=content
        )

    def get(self, name: str) -> bytes:
        """Read an object.

        Raises:
            LoadTestError: It does not exist, or S3 did not answer.
        """
        what = f"read {self._where(name)}"
        body = self._call(what, self.client.get_object, Key=self._key(name))["Body"]
        return aws.call(what, lambda: {"content": body.read()})["content"]

    def after(self, directory: str, last: str | None) -> list[str]:
        """Return the names of the objects in a directory that come after `last`, in order.

        Raises:
            LoadTestError: S3 refused, or did not answer.
        """
        where = {"Prefix": self._key(f"{directory}/")}
        if last is not None:
            where["StartAfter"] = self._key(last)
        found = self._call(f"list {self._where(directory)}", self.client.list_objects_v2, **where)
        cut = len(self.prefix) + 1
        return [one["Key"][cut:] for one in found.get("Contents", ())]

    def clear(self) -> None:
        """Delete all objects of the run.

        Raises:
            LoadTestError: S3 refused, or did not answer.
        """
        for keys in self._pages():
            answer = self._call(
                f"delete {self._where('')}",
                self.client.delete_objects,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
            for error in answer.get("Errors", ()):
                raise LoadTestError(f"cannot delete {self._where('')}: {error.get('Message')}")

    def _pages(self) -> Iterator[list[str]]:
        while True:
            found = self._call(
                f"list {self._where('')}",
                self.client.list_objects_v2,
                Prefix=f"{self.prefix}/",
                MaxKeys=MOST_DELETED,
            )
            keys = [one["Key"] for one in found.get("Contents", ())]
            if not keys:
                return
            yield keys

    def _call(self, what: str, method: Any, **parameters: Any) -> dict[str, Any]:
        return aws.call(what, partial(self.timed, method), Bucket=self.bucket, **parameters)

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def _where(self, name: str) -> str:
        return f"s3://{self.bucket}/{self._key(name)}"


def share(worker: int) -> str:
    """Return the name of a worker's share."""
    return f"in/{worker:02}.tar.gz"


def records(worker: int) -> str:
    """Return the directory of what a worker has recorded."""
    return f"out/{worker:02}"


def piece(worker: int, number: int) -> str:
    """Return the name of a piece of it."""
    return f"{records(worker)}/{number:06}.tar"
