"""A running region under attack by another user of the computer, and by a web page."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from region import credentials, session
from region.provider.clients import Clients
from tests.ended_regions import ending
from toolchain import locate
from toolchain.errors import ToolError

pytestmark = pytest.mark.region

ROOT = Path(__file__).parents[2]
STRANGER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
LAUNCH = "Action=RunInstances&Version=2016-11-15&ImageId=ami-12345678&MinCount=1&MaxCount=1"


class Victim:
    """The region of this test's user, in a directory that others may enter."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.session = session.require(root)
        self.endpoint = f"http://127.0.0.1:{self.session.api_port}"
        self.user = credentials.read(root)
        self.aws = Clients(self.endpoint, self.session.region, self.user)

    def instances(self) -> list[Any]:
        return self.aws.ec2.describe_instances()["Reservations"]


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    # Not pytest's directory, which is closed to others already.
    root = Path(tempfile.mkdtemp(prefix="haproof-attacked-", dir="/tmp"))
    root.chmod(0o755)
    command = [sys.executable, "-m", "region"]
    start, stop = ([*command, verb, "--root", str(root)] for verb in ("start", "stop"))
    with ending(root):
        subprocess.run(start, cwd=ROOT, check=True, timeout=120)
        try:
            yield Victim(root)
        finally:
            subprocess.run(stop, cwd=ROOT, check=True, timeout=120)
    shutil.rmtree(root)


def as_stranger(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program of the standard library as the user nobody."""
    python = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin")
    if python is None:
        pytest.skip("no python3 that other users may run")
    return subprocess.run(
        [*STRANGER, python, "-I", "-c", program, *arguments],
        cwd="/", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


CALL = """
import sys, urllib.error, urllib.request
endpoint, body, authorization = sys.argv[1:]
headers = {"Authorization": authorization} if authorization else {}
request = urllib.request.Request(endpoint, body.encode(), headers)
try:
    print(urllib.request.urlopen(request, timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@pytest.mark.parametrize("key", ["", "rehearsal", "AKIAIOSFODNN7EXAMPLE", "{known}"])
def test_another_user_launches_nothing(victim: Victim, key: str):
    # Even if he learned the id of the user's key, which is not a secret at AWS either.
    key = key.format(known=victim.user.access_key_id)
    scope = f"{key}/20260101/{victim.session.region}/ec2/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    done = as_stranger(CALL, victim.endpoint, LAUNCH, signed if key else "")
    assert done.stdout.startswith("403 "), done
    assert victim.instances() == []


READ = """
import pathlib, sys
for name in sys.argv[1:]:
    try:
        print("READ", name, pathlib.Path(name).read_bytes()[:4])
    except OSError as error:
        print(error.strerror)
"""


def test_another_user_reads_no_file_of_the_region(victim: Victim):
    victim.aws.secretsmanager.create_secret(Name="db", SecretString="hidden")
    files = [
        credentials.file(victim.root),
        session.record(victim.root),
        victim.root / "log" / "region.log",
        victim.root / "log" / "serve.log",
        Path(f"/proc/{victim.session.pid}/environ"),
        Path(f"/proc/{victim.session.pid}/maps"),
    ]
    assert all(file.exists() for file in files)
    done = as_stranger(READ, *map(str, files))
    assert done.stdout.splitlines() == ["Permission denied"] * len(files)


def test_the_secret_is_in_no_argument_environment_log_or_record(victim: Victim):
    region = psutil.Process(victim.session.pid)
    for process in (region, *region.children(recursive=True)):
        told = repr(process.cmdline()) + repr(process.environ())
        assert victim.user.secret_access_key not in told
        assert victim.user.access_key_id not in told
    secret = victim.user.secret_access_key.encode()
    holding = [
        path for path in victim.root.rglob("*") if path.is_file() and secret in path.read_bytes()
    ]
    assert holding == [credentials.file(victim.root)]


RELAY = """
import socket, sys, threading
def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.close()
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    onward = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    threading.Thread(target=copy, args=(client, onward), daemon=True).start()
    threading.Thread(target=copy, args=(onward, client), daemon=True).start()
"""


def relay(prefix: list[str], port: int) -> subprocess.Popen[str]:
    python = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin") or sys.executable
    return subprocess.Popen(
        [*prefix, python, "-I", "-c", RELAY, str(port)],
        cwd="/", stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("own", [True, False])
def test_the_provider_answers_processes_of_its_user_only(victim: Victim, own: bool):
    with relay([] if own else STRANGER, victim.session.provider_port) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                if own:
                    assert stub.GetPluginInfo(empty_pb2.Empty(), timeout=20).version
                    return
                with pytest.raises(grpc.RpcError) as refused:
                    stub.GetPluginInfo(empty_pb2.Empty(), timeout=20)
                assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
        finally:
            process.kill()


PAGE = """<!doctype html><title>evil</title>
<form id=form method=post target=frame></form><iframe name=frame></iframe>
<script>
async function attempt(name, work) {
  try { return [name, await work()]; } catch (error) { return [name, "refused"]; }
}
const launch = "LAUNCH", authorization = "AUTHORIZATION";
async function attack(port) {
  const api = `http://127.0.0.1:${port}/`, own = `http://evil.example:${port}/`;
  const form = {"Content-Type": "application/x-www-form-urlencoded"};
  const read = async (url, options) => (await fetch(url, options)).status;
  const blind = async (url, options) => (await fetch(url, {mode: "no-cors", ...options})).type;
  const results = [
    await attempt("fetch", () => read(api, {method: "POST", body: launch})),
    await attempt("signed", () => read(api, {method: "POST", body: launch,
      headers: {...form, authorization}})),
    await attempt("get", () => read(api + "?" + launch)),
    await attempt("no-cors", () => blind(api, {method: "POST", body: launch, headers: form})),
    await attempt("rebound", () => read(own, {method: "POST", body: launch, headers: form})),
    await attempt("socket", () => new Promise((opened, failed) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/?${launch}`);
      socket.onopen = () => opened("open"); socket.onerror = failed;
    })),
    await attempt("image", () => new Promise((loaded, failed) => {
      const image = new Image(); image.onload = () => loaded("loaded"); image.onerror = failed;
      image.src = api + "?" + launch;
    })),
  ];
  const target = document.getElementById("form");
  target.action = api;
  for (const pair of launch.split("&")) {
    const [name, value] = pair.split("="), field = document.createElement("input");
    field.name = name; field.value = value; target.append(field);
  }
  const answered = new Promise(done => document.querySelector("iframe").onload = done);
  target.submit();
  await answered;
  return results;
}
</script>"""


@pytest.mark.browser
def test_a_web_page_launches_nothing_and_reads_nothing(victim: Victim, tmp_path: Path):
    try:
        chromium = locate.chromium()
    except ToolError as error:
        pytest.skip(str(error))
    from playwright.sync_api import sync_playwright

    scope = f"{victim.user.access_key_id}/20260101/{victim.session.region}/ec2/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    (tmp_path / "index.html").write_text(
        PAGE.replace("LAUNCH", LAUNCH).replace("AUTHORIZATION", signed)
    )
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    answers: list[tuple[str, str, int]] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site, sync_playwright() as playwright:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                "--host-resolver-rules=MAP evil.example 127.0.0.1",
            ],
        )
        try:
            page = browser.new_page()
            page.on(
                "response",
                lambda answer: answers.append((answer.request.method, answer.url, answer.status)),
            )
            page.goto(f"http://evil.example:{site.server_address[1]}/")
            found = dict(page.evaluate("port => attack(port)", victim.session.api_port))
            # DNS rebinding: the page's own name now leads to the region, so it may read the answer.
            rebound = page.goto(f"http://evil.example:{victim.session.api_port}/?{LAUNCH}")
            assert rebound is not None
            assert (rebound.status, "Host of this request" in rebound.text()) == (403, True)
        finally:
            browser.close()
            site.shutdown()
    # The page at most learns that something answered.
    assert found == {
        "fetch": "refused",
        "signed": "refused",
        "get": "refused",
        "no-cors": "opaque",
        "rebound": "refused",
        "socket": "refused",
        "image": "refused",
    }
    port = f":{victim.session.api_port}/"
    reached = [(method, status) for method, url, status in answers if port in url]
    # What Chromium lets its debugger see of them: the blind request, the form, and the rebound name.
    assert [method for method, _ in reached] == ["POST", "POST", "GET"]
    assert {status for _, status in reached} == {403}
    assert victim.instances() == []
