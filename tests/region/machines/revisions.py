"""Revisions for machines: packed, uploaded to an S3 that answers here, and run by the agent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from region.api import state
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.machine import Machine

GROUP = "group-0001"
IN_ORDER = (
    *("ApplicationStop", "DownloadBundle", "BeforeInstall", "Install"),
    *("AfterInstall", "ApplicationStart", "ValidateService"),
)
Files = Mapping[str, str | bytes]


class Store:
    """An S3 on the loopback device with one bucket."""

    def __init__(self) -> None:
        state.reset()  # moto is one per process: other tests leave buckets behind
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",
        )
        self.client.create_bucket(Bucket="revisions")
        self._count = 0

    def close(self) -> None:
        self._server.stop()

    def upload(self, files: Files, name: str = "", **options: Any) -> AgentDeployment:
        """Zip files (scripts not executable), upload them and return their deployment."""
        self._count += 1
        identifier = name or f"d-{self._count:04}"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as bundle:
            for path, content in files.items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = 0o644 << 16
                bundle.writestr(entry, content)
        key = f"{identifier}.zip"
        put = self.client.put_object(Bucket="revisions", Key=key, Body=packed.getvalue())
        return AgentDeployment(
            deployment_id=identifier,
            application_name="music-note",
            deployment_group_name="ha",
            deployment_group_id=GROUP,
            bucket="revisions",
            key=key,
            etag=put["ETag"],
            **options,
        )


def run(
    machine: Machine, deployment: AgentDeployment, events: Iterable[str] = IN_ORDER
) -> dict[str, EventResult]:
    """Run lifecycle events until one fails."""
    results: dict[str, EventResult] = {}
    for event in events:
        results[event] = machine.agent.run_event(event, deployment)
        if results[event].status == "Failed":
            break
    return results


def hook(script: str, timeout: int = 60, event: str = "AfterInstall") -> dict[str, str]:
    """A revision of one hook script."""
    appspec = (
        f"version: 0.0\nos: linux\nhooks: {{{event}: [{{location: x.sh, timeout: {timeout}}}]}}\n"
    )
    return {"appspec.yml": appspec, "x.sh": f"#!/bin/bash\n{script}\n"}


def run_hook(machine: Machine, store: Store, script: str, timeout: int = 60) -> EventResult:
    """Deploy a revision whose only hook is `script`, and return how that ended."""
    deployment = store.upload(hook(script, timeout))
    return run(machine, deployment, ("DownloadBundle", "AfterInstall"))["AfterInstall"]


def entries_of_host(*directories: str) -> set[Path]:
    """What the host has in these directories, without what tests make there meanwhile."""
    found = (entry for directory in directories for entry in Path(directory).iterdir())
    return {entry for entry in found if "haproof" not in entry.name}
