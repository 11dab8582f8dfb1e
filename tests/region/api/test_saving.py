"""An acknowledged call is on the disk, whenever the region is killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from region.api.saving import NotSavedError, Saver
from tests.region.fakes import REGION, USER, give_credential

TRIES = 6
CHECKOUT = Path(__file__).resolve().parents[3]
SERVER = """
import sys, threading
from pathlib import Path
from region.api.server import ControlPlane
from region.config import RegionConfig
from region.services.install import install_patches
plane = ControlPlane(RegionConfig(root=Path(sys.argv[1])), install_patches)
plane.start()
print(plane.endpoint, flush=True)
threading.Event().wait()
"""


def test_a_call_waits_for_a_save_that_began_after_it() -> None:
    generation, saved = 1, threading.Event()
    begun = threading.Event()

    def save() -> int:
        begun.set()
        assert saved.wait(10)
        return generation

    saver = Saver(save, lambda: generation)
    saver.start(0)
    waiting = threading.Thread(target=saver.confirm, args=(1,))
    waiting.start()
    assert begun.wait(10)
    assert waiting.is_alive()
    saved.set()
    waiting.join(10)
    assert not waiting.is_alive()
    saver.stop()


def test_one_save_serves_all_calls_before_it() -> None:
    saves: list[int] = []
    generation = 0

    def save() -> int:
        now = generation
        time.sleep(0.05)
        saves.append(now)
        return now

    saver = Saver(save, lambda: generation)
    saver.start(0)
    generation = 50
    threads = [threading.Thread(target=saver.confirm, args=(n,)) for n in range(1, 51)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(saves) <= 2
    saver.stop()


def test_a_save_that_fails_is_told_to_who_waits_for_it() -> None:
    def save() -> int:
        raise OSError("No space left on device")

    saver = Saver(save, lambda: 1)
    saver.start(0)
    with pytest.raises(NotSavedError, match="No space left"):
        saver.confirm(1)
    saver.stop()


def test_what_no_call_changed_is_saved_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("region.api.saving.LAZY_SECONDS", 0.05)
    generation, saved = 0, threading.Event()

    def save() -> int:
        saved.set()
        return generation

    saver = Saver(save, lambda: generation)
    saver.start(0)
    generation = 1
    assert saved.wait(10)
    saver.stop()


def test_the_last_change_is_saved_at_the_end() -> None:
    saves: list[int] = []

    def save() -> int:
        saves.append(1)
        return 1

    saver = Saver(save, lambda: 1)
    saver.start(0)
    saver.stop()
    assert saves == [1]


def test_an_acknowledged_call_is_on_the_disk(aws: Any, plane: Any, tmp_path: Path) -> None:
    def state() -> bytes:
        return plane.config.state_file.read_bytes()

    vpc = aws.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    assert vpc.encode() in state()
    aws.s3.create_bucket(
        Bucket="revisions", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    aws.s3.put_object(Bucket="revisions", Key="large", Body=b"x" * 100_000)
    files = list((plane.config.root / "objects").iterdir())
    assert [file.stat().st_size for file in files] == [100_000]
    assert b"x" * 5000 not in state()
    aws.s3.delete_object(Bucket="revisions", Key="large")
    assert not list((plane.config.root / "objects").iterdir())


def test_contents_of_objects_survive_into_another_process(make_plane: Any, clients_of: Any) -> None:
    plane = make_plane()
    aws = clients_of(plane.endpoint)
    aws.s3.create_bucket(
        Bucket="revisions", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    aws.s3.put_object(Bucket="revisions", Key="large", Body=b"abc" * 100_000)
    plane.stop()
    again = clients_of(make_plane().endpoint)
    assert again.s3.get_object(Bucket="revisions", Key="large")["Body"].read() == b"abc" * 100_000


class _Region:
    """An API in a process of its own."""

    def __init__(self, root: Path) -> None:
        give_credential(root)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(root)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.endpoint = self.process.stdout.readline().strip()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=USER.access_key_id,
            aws_secret_access_key=USER.secret_access_key,
            config=Config(retries={"max_attempts": 0}),
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def test_kill_loses_no_acknowledged_call(tmp_path: Path) -> None:
    chance = random.Random(12)  # noqa: S311 - moments, not secrets
    root = tmp_path / "region"
    acknowledged: set[str] = set()

    clients: dict[int, Any] = {}

    def write(place: int) -> None:
        secrets = clients[place]
        number = 0
        try:
            while True:
                number += 1
                name = f"{place}-{len(acknowledged)}-{number}"
                secrets.create_secret(Name=name, SecretString=name)
                acknowledged.add(name)
        except (BotoCoreError, ClientError):
            return

    for attempt in range(TRIES):
        region = _Region(root)
        before = len(acknowledged)
        places = range(10 * attempt, 10 * attempt + 4)
        clients = {place: region.client("secretsmanager") for place in places}
        writers = [threading.Thread(target=write, args=(place,)) for place in places]
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + 30
        while len(acknowledged) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.0))
        region.kill()
        for writer in writers:
            writer.join()
        assert len(acknowledged) > before, "nothing was written before the kill"
    region = _Region(root)
    try:
        pages = region.client("secretsmanager").get_paginator("list_secrets").paginate()
        kept = {secret["Name"] for page in pages for secret in page["SecretList"]}
    finally:
        region.kill()
    assert not acknowledged - kept
