"""First boot: the cloud-config document, and its files run for real."""

from __future__ import annotations

import ast
import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from components.user_data import (
    MAX_BYTES,
    InstanceEnvironment,
    boot_digest,
    encode_user_data,
    render_user_data,
)

FILES = Path(__file__).resolve().parents[2] / "components" / "instance_files"
TOKEN = "a-token"


def environment(**changes):
    values = {
        "region": "ap-northeast-2",
        "app_port": 8080,
        "health_path": "/health",
        "database_host": "db.example",
        "database_port": 5432.0,
        "database_name": "app",
        "database_secret_arn": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1",
        "seed_users": 27000,
        "search_index": False,
    }
    return InstanceEnvironment(**{**values, **changes})


def test_it_is_cloud_config_with_supported_keys_only():
    text = render_user_data(environment())
    document = yaml.safe_load(text)
    assert text.startswith("#cloud-config\n")
    assert set(document) == {"swap", "write_files", "runcmd"}
    assert document["swap"]["size"] == 512 * 1024 * 1024
    assert document["runcmd"] == [["/bin/bash", "/opt/haproof/boot.sh"]]
    for entry in document["write_files"]:
        assert set(entry) == {"path", "permissions", "content"}
        assert entry["path"].startswith("/opt/haproof/")


def test_the_files_arrive_byte_for_byte():
    document = yaml.safe_load(render_user_data(environment()))
    written = {Path(entry["path"]).name: entry["content"] for entry in document["write_files"]}
    for name in ("boot.sh", "placeholder.py", "placeholder.service"):
        assert written[name] == (FILES / name).read_text(encoding="utf-8")


def test_it_fits_into_ec2s_limit_before_and_with_base64():
    text = render_user_data(environment())
    assert len(text.encode()) < MAX_BYTES
    assert len(encode_user_data(text)) < MAX_BYTES


def test_the_environment_has_the_documented_keys():
    lines = dict(line.split("=", 1) for line in environment().lines().splitlines())
    assert list(lines) == [
        "AWS_REGION",
        "APP_PORT",
        "HEALTH_PATH",
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_SECRET_ARN",
        "SEED_USERS",
        "SEARCH_INDEX",
    ]
    assert lines["DATABASE_PORT"] == "5432"
    assert lines["SEARCH_INDEX"] == "false"
    assert "SEARCH_INDEX=true" in environment(search_index=True).lines()


@pytest.mark.parametrize("evil", ["a b", "x\nROOT=1", "$(id)", "a'b", "`id`", "x;y"])
def test_values_that_would_break_the_file_are_rejected(evil):
    with pytest.raises(ValueError, match="DATABASE_HOST is"):
        environment(database_host=evil).lines()


def test_user_data_that_is_too_large_is_rejected():
    with pytest.raises(ValueError, match="EC2 accepts 16384"):
        render_user_data(environment(database_name="x" * 20000))


def test_the_boot_digest_is_stable():
    assert boot_digest() == boot_digest()
    assert len(boot_digest()) == 64


def test_the_scripts_are_valid_bash():
    subprocess.run(["bash", "-n", str(FILES / "boot.sh")], check=True)


def test_the_placeholder_runs_on_the_python_of_amazon_linux_2023():
    ast.parse((FILES / "placeholder.py").read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_no_complaints():
    subprocess.run(["shellcheck", str(FILES / "boot.sh")], check=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def started_placeholder(port, program, deployments):
    return subprocess.Popen(
        [sys.executable, str(program), str(deployments)],
        env={
            "APP_HOST": "127.0.0.1",
            "APP_PORT": str(port),
            "HEALTH_PATH": "/health",
            "INSTANCE_ID": "i-1",
        },
    )


@pytest.fixture
def placeholder(tmp_path):
    port = free_port()
    process = started_placeholder(port, FILES / "placeholder.py", tmp_path / "deployment-root")
    yield port
    process.kill()
    process.wait()


def ask(port, path, method="GET"):
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request(method, path)
            response = connection.getresponse()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return response.status, response.read(), response.headers


def test_the_placeholder_is_healthy_and_serves_nothing_else(placeholder):
    status, body, headers = ask(placeholder, "/health")
    assert (status, body) == (200, b"placeholder\n")
    assert headers["X-Instance-Id"] == "i-1"
    assert ask(placeholder, "/health?from=alb")[0] == 200
    assert ask(placeholder, "/")[0] == 503
    assert ask(placeholder, "/health", "HEAD")[:2] == (200, b"")


def test_the_placeholder_leaves_its_port_when_a_deployment_begins(tmp_path):
    """The application may listen there at once, and the placeholder stays away after a reboot."""
    root, program, port = tmp_path / "deployment-root", tmp_path / "placeholder.py", free_port()
    of_the_image = root / "0a1b" / "d-BAKED"
    of_the_image.mkdir(parents=True)
    os.utime(of_the_image, (1, 1))
    (root / "deployment-instructions").mkdir()
    shutil.copyfile(FILES / "placeholder.py", program)
    process = started_placeholder(port, program, root)
    try:
        assert ask(port, "/health")[0] == 200
        (root / "0a1b" / "d-FIRST").mkdir()
        assert process.wait(60) == 0
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            listener.listen()
    finally:
        process.kill()
    process = started_placeholder(port, program, root)
    try:
        assert process.wait(60) == 0
    finally:
        process.kill()


class Metadata(BaseHTTPRequestHandler):
    """IMDSv2: nothing without a token."""

    answers = {  # noqa: RUF012 - constant
        "instance-id": "i-0abc",
        "local-ipv4": "10.20.0.7",
        "placement/availability-zone": "ap-northeast-2a",
    }

    def do_PUT(self):
        known = "X-aws-ec2-metadata-token-ttl-seconds" in self.headers
        self.answer(200 if known and self.path.endswith("/latest/api/token") else 400, TOKEN)

    def do_GET(self):
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            self.answer(401, "")
            return
        name = self.path.split("/latest/meta-data/")[1]
        self.answer(200, self.answers[name])

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def metadata():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/imds/i-0abc/"
    server.shutdown()


class Host:
    """A directory that stands for an instance: the script's home in it, commands recorded."""

    def __init__(self, root):
        self.home = root / "haproof"
        self.home.mkdir()
        self.commands = root / "bin"
        self.commands.mkdir()
        self.calls = root / "calls"
        (self.home / "environment").write_text(environment().lines(), encoding="utf-8")
        self.settings = root / "conf" / "codedeployagent.yml"
        # These places are fixed on an instance; only the lines that name them differ here.
        script = (FILES / "boot.sh").read_text(encoding="utf-8")
        for fixed, here in (
            ("readonly home=/opt/haproof\n", f"readonly home={self.home}\n"),
            (
                "readonly agent_settings=/etc/codedeploy-agent/conf/codedeployagent.yml\n",
                f"readonly agent_settings={self.settings}\n",
            ),
        ):
            assert fixed in script
            script = script.replace(fixed, here)
        (self.home / "boot.sh").write_text(script, encoding="utf-8")

    def command(self, name, body="exit 0"):
        path = self.commands / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>{self.calls}\n{body}\n', encoding="utf-8")
        path.chmod(0o755)

    def fetches(self, installer=":"):
        """Lets the agent's installer be found, version 1 only; it does what is given."""
        body = DOWNLOAD.replace("CALLS", str(self.calls)).replace("INSTALLER", installer)
        self.command("curl", body.replace("REAL", shutil.which("curl")))

    def boot(self, endpoint):
        return subprocess.run(
            ["/bin/bash", str(self.home / "boot.sh")],
            env={
                "PATH": f"{self.commands}:{os.environ['PATH']}",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def called(self):
        return self.calls.read_text(encoding="utf-8").splitlines()

    def values(self):
        text = (self.home / "environment").read_text(encoding="utf-8")
        return [line.split("=", 1) for line in text.splitlines()]


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


ACTIVE = "exit 0"
INACTIVE = '[[ "$1" != is-active ]]'

# Answers metadata through the real curl, and the installer's download by a script of its own.
DOWNLOAD = """
for argument in "$@"; do
  case "${argument}" in
    https://*latestv2*) exit 22 ;;
    https://*latest*) out=1 ;;
  esac
done
if [[ -n "${out:-}" ]]; then
  while [[ "$1" != --output ]]; do shift; done
  printf '#!/bin/bash\\necho "installer $*" >>%q\\nINSTALLER\\n' "CALLS" >"$2"
  exit 0
fi
exec REAL "$@"
"""


def test_boot_records_the_instances_identity_and_starts_the_placeholder(host, metadata):
    host.command("systemctl", ACTIVE)
    result = host.boot(metadata)
    assert result.returncode == 0, result.stderr
    values = dict(host.values())
    assert values["INSTANCE_ID"] == "i-0abc"
    assert values["APP_HOST"] == "10.20.0.7"
    assert values["AVAILABILITY_ZONE"] == "ap-northeast-2a"
    assert values["DATABASE_HOST"] == "db.example"
    assert host.called() == [
        f"systemctl enable --now {host.home}/placeholder.service",
        "systemctl is-active --quiet codedeploy-agent",
    ]


def test_a_second_boot_replaces_values_instead_of_repeating_them(host, metadata):
    host.command("systemctl", ACTIVE)
    host.boot(metadata)
    host.boot(metadata)
    names = [name for name, _ in host.values()]
    assert len(names) == len(set(names)) == 12


def test_the_agent_comes_last_and_falls_back_to_version_one(host, metadata):
    host.command("systemctl", INACTIVE)
    host.command("dnf")
    host.fetches()
    result = host.boot(metadata)
    assert result.returncode == 0, result.stderr
    calls = [call for call in host.called() if not call.startswith("curl ")]
    assert calls == [
        f"systemctl enable --now {host.home}/placeholder.service",
        "systemctl is-active --quiet codedeploy-agent",
        "dnf install --assumeyes --quiet ruby",
        "installer auto",
        "systemctl enable --now codedeploy-agent",
    ]
    downloads = [call for call in host.called() if "amazonaws.com" in call]
    assert "aws-codedeploy-ap-northeast-2.s3.ap-northeast-2.amazonaws.com/latestv2" in downloads[0]


def agent_settings(host):
    lines = host.settings.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "---"
    return dict(line.lstrip(":").split(":", 1) for line in lines[1:])


def test_the_agents_settings_exist_when_it_is_installed(host, metadata):
    host.command("systemctl", INACTIVE)
    host.command("dnf")
    seen = host.settings.with_name("seen")
    host.fetches(installer=f"cp {host.settings} {seen}")
    assert host.boot(metadata).returncode == 0
    assert seen.read_text(encoding="utf-8") == host.settings.read_text(encoding="utf-8")
    settings = agent_settings(host)
    assert settings["disable_imds_v1"] == " true"
    assert settings["max_revisions"] == " 2"
    assert settings["root_dir"] == " '/opt/codedeploy-agent/deployment-root'"


def test_settings_from_the_package_are_replaced(host, metadata):
    host.command("systemctl", INACTIVE)
    host.command("dnf")
    host.fetches(installer=f"echo :max_revisions: 5 >{host.settings}")
    assert host.boot(metadata).returncode == 0
    assert agent_settings(host)["disable_imds_v1"] == " true"
    calls = [call for call in host.called() if "codedeploy-agent" in call]
    assert calls[-2:] == [
        "systemctl restart codedeploy-agent",
        "systemctl enable --now codedeploy-agent",
    ]


def test_boot_stops_at_the_first_failure(host, metadata):
    host.command("systemctl", "exit 5")
    assert host.boot(metadata).returncode == 5


def test_boot_without_metadata_fails(host):
    host.command("systemctl", ACTIVE)
    host.command("curl", "exit 7")
    assert host.boot("http://127.0.0.1:9/").returncode != 0
    assert "systemctl" not in host.calls.read_text(encoding="utf-8")
