"""Images as instances see them: in containers."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from region.machines.images import resolve
from tests.region.machines.images.containers import Container, running
from tests.region.machines.images.roots import make_root

pytestmark = pytest.mark.region

SERVER = textwrap.dedent(
    """
    import http.server, sys, urllib.parse
    class Handler(http.server.BaseHTTPRequestHandler):
        asked = 0
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            words = [value for _, value in urllib.parse.parse_qsl(body, keep_blank_values=True)]
            out = "|".join([self.path, self.headers["X-Haproof-Token"], *words]) + "\\n"
            if "--show-cursor" in words:
                Handler.asked += 1
                out += f"-- cursor: {Handler.asked}\\n"
            status = 3 if "is-active" in words else 0
            answer = f"{status} {len(out.encode())}\\n{out}to stderr\\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        def log_message(self, *_): pass
    server = http.server.ThreadingHTTPServer(("169.254.170.1", 8), Handler)
    print("ready", flush=True)
    server.serve_forever()
    """
)


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    """A network namespace in which something answers like the region's control port."""
    name = f"haproof-test-{uuid.uuid4().hex[:8]}"
    ip = ["ip", "-n", name]
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run([*ip, "link", "set", "lo", "up"], check=True)
        subprocess.run([*ip, "addr", "add", "169.254.170.1/32", "dev", "lo"], check=True)
        with subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, "-c", SERVER],
            stdout=subprocess.PIPE, text=True,
        ) as server:  # fmt: skip
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            yield name
            server.kill()
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def host(directory: Path, network: str) -> Iterator[Container]:
    image = resolve("host", directory / "cache")
    with running(image, directory / "host", network) as container:
        container.out("mkdir -p /run/haproof; echo secret >/run/haproof/token")
        container.out("chmod 600 /run/haproof/token")
        yield container


@pytest.fixture(scope="module")
def small(directory: Path, network: str) -> Iterator[Container]:
    root = make_root(directory / "small-root")
    image = resolve(str(root), directory / "cache")
    with running(image, directory / "small", network) as container:
        container.out("mkdir -p /run/haproof; echo secret >/run/haproof/token")
        yield container


def test_the_host_shows_its_software_and_nothing_of_its_people(host: Container):
    assert host.out("ls /home /root /srv /mnt") == "/home:\nec2-user\n\n/mnt:\n\n/root:\n\n/srv:"
    assert host.out("cat /etc/os-release") == Path("/etc/os-release").read_text().strip()
    assert host.out("cut -d: -f2 /etc/shadow | sort -u") == "*"
    people = [
        line for line in Path("/etc/passwd").read_text().splitlines()
        if 1000 <= int(line.split(":")[2]) < 65534
    ]  # fmt: skip
    for line in people:
        assert line not in host.out("cat /etc/passwd")
    assert host.out("cat /etc/machine-id") == ""


def test_this_checkout_is_not_there(host: Container):
    checkout = Path(__file__).resolve().parents[4]
    assert host.run(f"ls -d {checkout}").returncode != 0


def test_no_file_of_the_host_is_there_that_not_everybody_may_read(host: Container):
    found = host.out("find /etc -xdev ! -type l ! -perm -o+r")
    assert set(found.split()) <= {
        "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/subuid", "/etc/subgid",
    }  # fmt: skip


def test_modes_are_those_of_a_system(host: Container):
    paths = "/ /etc /usr /var /root /home /home/ec2-user /tmp /var/tmp /etc/sudoers /etc/shadow"
    assert host.out(f"stat -c '%a %U' {paths}").splitlines() == [
        "755 root", "755 root", "755 root", "755 root", "700 root", "755 root", "700 ec2-user",
        "1777 root", "1777 root", "440 root", "600 root",
    ]  # fmt: skip


def test_nothing_that_an_instance_does_reaches_the_host(host: Container):
    before = {path.name for path in Path("/etc").iterdir()}
    host.out("rm -rf /etc/ssl /usr/share/doc /opt/* /var/www; touch /etc/made /usr/made /opt/made")
    after = {path.name for path in Path("/etc").iterdir()}
    assert before <= after
    assert "made" not in after
    assert Path("/etc/ssl").is_dir()
    assert not Path("/usr/made").exists()
    assert not Path("/opt/made").exists()


def test_python_of_this_program_runs_for_everybody(host: Container):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for user in (0, 1000):
        code = "import ssl, sqlite3, sys; print(sys.version.split()[0])"
        found = host.out(f"python{version} -c '{code}'", user)
        assert found == sys.version.split()[0]


def test_sudo_works_for_ec2_user(host: Container):
    assert host.out("sudo id -u", 1000) == "0"
    assert host.out("sudo -u ec2-user id -un") == "ec2-user"


def test_the_regions_endpoint_survives_sudo_and_other_variables_do_not(host: Container):
    printed = host.out("AWS_ENDPOINT_URL=http://169.254.170.1:4566 OTHER=1 sudo env", 1000)
    assert "AWS_ENDPOINT_URL=http://169.254.170.1:4566" in printed.splitlines()
    assert "OTHER" not in printed


def test_systemctl_asks_the_region_with_its_arguments_as_they_are(host: Container):
    done = host.run("systemctl start 'a b&c=d' \"it's\" ''")
    assert (done.returncode, done.stdout, done.stderr) == (
        0, "/systemctl|secret|start|a b&c=d|it's|\n", "to stderr\n",
    )  # fmt: skip
    assert host.run("systemctl is-active app").returncode == 3
    assert host.out("systemctl") == "/systemctl|secret"


def test_service_and_chkconfig_are_front_ends_of_systemctl(host: Container):
    assert host.out("service httpd start") == "/systemctl|secret|start|httpd"
    assert host.out("chkconfig httpd on") == "/systemctl|secret|enable|httpd"


def test_without_the_token_access_is_denied_and_sudo_is_the_way(host: Container):
    done = host.run("systemctl restart app", 1000)
    assert (done.returncode, done.stderr) == (4, "Failed to restart app: Access denied\n")
    assert host.out("sudo systemctl restart app", 1000) == "/systemctl|secret|restart|app"


def test_no_other_user_sees_the_token_in_a_command_line(host: Container):
    host.run("(while :; do cat /proc/[0-9]*/cmdline; done) >/tmp/seen 2>/dev/null & "
             "for i in 1 2 3 4 5; do systemctl start x; done; kill $!")  # fmt: skip
    assert host.out("grep -c secret /tmp/seen; true") == "0"


def test_journalctl_follows_by_asking_for_what_comes_after_the_cursor(host: Container):
    done = host.run("timeout 3 journalctl -u app -n 5 -f")
    assert done.stdout.splitlines()[:2] == [
        "/journalctl|secret|-u|app|-n|5|--show-cursor",
        "/journalctl|secret|-u|app|--after-cursor=1|--show-cursor",
    ]


def test_packages_that_are_there_are_installed_and_others_are_named(host: Container):
    done = host.run("yum install -y -q curl bash --setopt=x=y")
    assert (done.returncode, done.stdout) == (
        0, "Package curl is already installed\nPackage bash is already installed\n",
    )  # fmt: skip
    done = host.run("apt-get install -y curl no-such-package java-99-amazon-corretto")
    assert done.returncode == 1
    assert "not in this instance's image: no-such-package java-99-amazon-corretto." in done.stderr
    assert "--image" in done.stderr
    assert "nothing to do for 'update'" in host.out("dnf update -y")
    assert host.out("yum remove -y no-such-package") == "No match for argument: no-such-package"


def test_the_state_of_an_instance_survives_its_container(directory: Path):
    image = resolve("host", directory / "cache")
    with running(image, directory / "again") as container:
        container.out("touch /etc/kept /home/ec2-user/kept")
        container.remove()
        time.sleep(0.2)
        container.start()
        assert container.out("ls /etc/kept /home/ec2-user/kept").count("kept") == 2


def test_a_directory_is_a_system_of_its_own(small: Container):
    assert small.out("cat /etc/os-release") == 'PRETTY_NAME="Small"'
    assert small.out("id -un 999; id -un 1000").split() == ["app", "ec2-user"]
    assert small.out("systemctl start app") == "/systemctl|secret|start|app"
    assert small.out("sudo systemctl stop app") == "/systemctl|secret|stop|app"
    assert small.run("sudo id", 1000).returncode == 1
    assert small.run("yum install -y httpd").returncode == 1


def test_a_directory_stays_as_it_was(small: Container, directory: Path):
    small.out("rm -rf /srv/* /etc/os-release; touch /etc/made")
    assert (directory / "small-root/etc/os-release").is_file()
    assert not (directory / "small-root/etc/made").exists()


def test_the_running_python_is_added_to_a_system_without_one(small: Container):
    if sys.base_prefix.startswith("/usr"):
        pytest.skip("this Python belongs to the system")
    assert small.out("python3 -c 'print(6 * 7)'") == "42"
