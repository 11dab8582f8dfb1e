from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from region.machines import logins
from region.machines.machine import Machine
from region.machines.machine_pool import AWS_ENDPOINT
from region.machines.root_file_system import RootFileSystem

ENDPOINT = {"AWS_ENDPOINT_URL": "http://169.254.170.1"}
LINE = "AWS_ENDPOINT_URL=http://169.254.170.1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, LINE),
        ("", LINE),
        ("PATH=/bin\n", f"PATH=/bin\n{LINE}"),
        ("PATH=/bin", f"PATH=/bin\n{LINE}"),
        (f"{LINE}MINE=1\n", f"{LINE}MINE=1\n"),
        ("export AWS_ENDPOINT_URL=mine\n", "export AWS_ENDPOINT_URL=mine\n"),
    ],
)
def test_what_image_and_machine_write_for_logins_stays(
    tmp_path: Path, before: str | None, after: str
) -> None:
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc/environment"
    if before is not None:
        file.write_text(before)
    for _ in range(2):
        logins.tell(RootFileSystem(lambda: tmp_path), ENDPOINT)
        assert file.read_text() == after


def test_an_unusable_file_is_the_machines_own_affair(tmp_path: Path) -> None:
    (tmp_path / "etc/environment").mkdir(parents=True)
    logins.tell(RootFileSystem(lambda: tmp_path), ENDPOINT)
    assert (tmp_path / "etc/environment").is_dir()


WAYS = (
    "su - ec2-user -c 'COMMAND'",
    "su ec2-user -c 'COMMAND'",
    "runuser -l ec2-user -c 'COMMAND'",
    "runuser ec2-user -c 'COMMAND'",
    "runuser -u ec2-user -- sh -c 'COMMAND'",
    "sudo su - ec2-user -c 'COMMAND'",
    "sudo -u ec2-user sh -c 'COMMAND'",
    "sudo -iu ec2-user sh -c 'COMMAND'",
    "sudo -u ec2-user sudo su - ec2-user -c 'COMMAND'",
)


@pytest.mark.region
def test_every_way_to_become_a_user_leads_to_its_home_and_to_the_region(
    boot_with: Callable[..., Machine], read: Callable[..., str]
) -> None:
    # A file of its own for each: the first way that fails would end the script.
    put = 'echo "$(cd ~ && pwd) $AWS_ENDPOINT_URL"'
    commands = [
        f"{way.replace('COMMAND', put)} > /srv/way{number} 2>&1 || true"
        for number, way in enumerate(WAYS)
    ]
    start = "ExecStart=/bin/sh -c 'echo $$HOME > /tmp/home'"
    unit = f"[Service]\nType=oneshot\nUser=ec2-user\n{start}\n"
    machine = boot_with(
        {"who.service": unit},
        "echo root:${HOME-none} > /srv/user-data",
        *commands,
        "su - -c 'echo $HOME' > /srv/root",
        "systemctl link /opt/haproof/who.service",
        "systemctl start who",
    )
    found = {way: read(machine, f"/srv/way{number}") for number, way in enumerate(WAYS)}
    expected = dict.fromkeys(WAYS, f"/home/ec2-user {AWS_ENDPOINT}\n")
    # PAM has no pam_env for it, neither in Debian nor in Amazon Linux.
    del expected[WAYS[2]]
    assert found.pop(WAYS[2]).split()[0] == "/home/ec2-user"
    assert found == expected
    assert read(machine, "/srv/user-data") == "root:none\n"
    assert read(machine, "/srv/root") == "/root\n"
    assert read(machine, "/tmp/home") == "/home/ec2-user\n"
    assert "HOME" not in read(machine, "/etc/environment")
