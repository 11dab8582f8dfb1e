"""AWS as far as workers on Fargate use it: S3 and task definitions by moto, tasks played as processes.

RunTask starts the command of the task definition, with its environment and the overrides, where the image's
files would be: in this checkout. So it is the very program of the image that runs. Also played are the
task's metadata (its clock) and the quota, which moto does not have.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import boto3
import psutil
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from loadtest.cli import tools
from loadtest.engine.fargate.documents import CONTAINER, WORKER
from tests.loadtest.engine.fargate.account import BUCKET, REGION

ROOT = Path(__file__).parents[4]
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "played",
    "AWS_SECRET_ACCESS_KEY": "played",
    "AWS_DEFAULT_REGION": REGION,
}
_ECS, _QUOTAS = "AmazonEC2ContainerServiceV20141113", "ServiceQuotasV20190624"


class Quiet(WSGIRequestHandler):
    """Prints no line per request."""

    def log(self, *_: object) -> None:
        pass


@dataclass
class Task:
    """A task: a process of this computer."""

    arn: str
    worker: int
    started_by: str
    process: subprocess.Popen[bytes]
    log: Path
    stopped_reason: str | None = None

    def described(self) -> dict[str, Any]:
        ended = self.process.poll() is not None
        container: dict[str, Any] = {"name": CONTAINER}
        if ended:
            container["exitCode"] = self.process.returncode % 256
        return {
            "taskArn": self.arn,
            "lastStatus": "STOPPED" if ended else "RUNNING",
            "stoppedReason": self.stopped_reason or ("Essential container exited" if ended else ""),
            "containers": [container],
        }

    def tree(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def kill(self) -> None:
        """End all of it at once, as Fargate ends a container."""
        for one in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait()


@dataclass
class PlayedAws:
    """The endpoint, and what was done there."""

    directory: Path
    quota: float = 64.0
    clocks: Mapping[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    """Worker -> `ClockDrift` of its task's metadata; others are synchronised to a millisecond."""
    tasks: list[Task] = field(default_factory=list[Task])
    calls: list[str] = field(default_factory=list[str])

    def __enter__(self) -> Self:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._ids = itertools.count(1)
        self._server = make_server("127.0.0.1", 0, self._answer, True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.client("s3").create_bucket(Bucket=BUCKET)
        self.client("ecs").create_cluster(clusterName="load")
        self.calls.clear()
        return self

    def __exit__(self, *_: object) -> None:
        for task in self.tasks:
            task.kill()
        # Another test has an account of its own.
        Client(self._moto).post("/moto-api/reset")
        self._server.shutdown()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="played",
            aws_secret_access_key="played",
        )

    def environment(self) -> dict[str, str]:
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.url}

    def objects(self) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=BUCKET)
        return [one["Key"] for one in found.get("Contents", ())]

    def running(self) -> list[psutil.Process]:
        return [one for task in self.tasks for one in task.tree() if one.status() != "zombie"]

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/metadata/"):
            return self._metadata(request)(environ, start_response)
        target = request.headers.get("X-Amz-Target", "")
        operation = target.partition(".")[2]
        self.calls.append(operation or f"{request.method} {request.path}")
        played = {
            f"{_ECS}.RunTask": self._run_task,
            f"{_ECS}.DescribeTasks": self._describe,
            f"{_ECS}.StopTask": self._stop,
            f"{_ECS}.ListTasks": self._list,
            f"{_QUOTAS}.GetServiceQuota": self._quota,
        }
        data = request.get_data() if target in played else b""
        body = json.loads(data or b"{}")
        # Tasks by what they were started by are ours; moto says whether there is such a cluster.
        if body and ("startedBy" in body or not target.endswith("ListTasks")):
            answer = Response(
                json.dumps(played[target](body)), mimetype="application/x-amz-json-1.1"
            )
            return answer(environ, start_response)
        if data:
            environ = {**environ, "wsgi.input": io.BytesIO(data)}
        return self._moto(environ, start_response)

    def _metadata(self, request: Request) -> Response:
        worker = int(request.path.split("/")[2])
        drift = self.clocks.get(
            worker, {"ClockErrorBound": 1.0, "ClockSynchronizationStatus": "SYNCHRONIZED"}
        )
        return Response(json.dumps({"ClockDrift": drift}), mimetype="application/json")

    def _quota(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body == {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
        return {"Quota": {"Value": self.quota, "QuotaCode": body["QuotaCode"]}}

    def _run_task(self, body: dict[str, Any]) -> dict[str, Any]:
        found = self.client("ecs").describe_task_definition(taskDefinition=body["taskDefinition"])
        container = found["taskDefinition"]["containerDefinitions"][0]
        given = container["environment"]
        given = given + body["overrides"]["containerOverrides"][0]["environment"]
        variables = {one["name"]: one["value"] for one in given}
        number = int(variables[WORKER])
        log = self.directory / f"task-{number}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                container["command"],
                cwd=ROOT,
                env={
                    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                    "HOME": str(self.directory),
                    "TMPDIR": str(self.directory),
                    # What the image and ECS set.
                    "HAPROOF_ARTILLERY": shlex.join(tools.artillery()),
                    "ECS_CONTAINER_METADATA_URI_V4": f"{self.url}/metadata/{number}",
                    **self.environment(),
                    **variables,
                },
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        arn = f"arn:aws:ecs:{REGION}:123456789012:task/load/{next(self._ids):032x}"
        task = Task(arn, number, body["startedBy"], process, log)
        self.tasks.append(task)
        return {"tasks": [task.described()], "failures": []}

    def _describe(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"tasks": [one.described() for one in self.tasks if one.arn in body["tasks"]]}

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        found = [
            one.arn
            for one in self.tasks
            if one.started_by == body["startedBy"] and one.process.poll() is None
        ]
        return {"taskArns": found}

    def _stop(self, body: dict[str, Any]) -> dict[str, Any]:
        task = next(one for one in self.tasks if one.arn == body["task"])
        task.stopped_reason = body["reason"]
        # To `timeout`, which passes it on, as the container's init does.
        task.process.terminate()
        return {"task": task.described()}
