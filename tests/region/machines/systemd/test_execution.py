from __future__ import annotations

import os
from dataclasses import replace

import pytest

from region.machines.container.oci import User, process
from region.machines.errors import MachineError, ServiceError
from region.machines.systemd.execution import expand

ME = User(os.getuid(), os.getgid())


@pytest.fixture
def started(manager, add_unit, processes):
    """Starts a oneshot with these settings and returns its command."""

    def start(settings: str, program: str = "/bin/true"):
        manager.start(add_unit("app", f"Type=oneshot\nExecStart={program}\n{settings}"))
        return processes.commands[-1]

    return start


def test_environment_files_override_the_unit_and_each_other(started, files):
    files.write("/etc/app/10-first", "PORT=8080\nFIRST=file\n")
    files.write("/etc/app/20-second", "PORT=9090\n")
    command = started(
        "Environment=FIRST=unit SECOND=unit HOST=%H\nEnvironmentFile=/etc/app/*\n"
        "EnvironmentFile=-/etc/absent\nEnvironmentFile=-/etc/absent/*\nUnsetEnvironment=PATH"
    )
    wanted = {"FIRST": "file", "SECOND": "unit", "PORT": "9090", "HOST": "ip-10-0-0-1"}
    assert {name: command.environment.get(name) for name in wanted} == wanted
    assert "PATH" not in command.environment
    for missing in ("/etc/absent", "/etc/absent/*"):
        with pytest.raises(ServiceError, match="/etc/absent"):
            started(f"EnvironmentFile={missing}")


def test_without_user_there_is_no_home_as_on_systemd(started):
    command = started("")
    assert command.user == User()
    assert "HOME" not in command.environment
    assert "USER" not in command.environment
    assert command.directory == "/"


def test_a_user_has_groups_home_and_shell(started, files):
    (files.root / "home/app").mkdir(parents=True)
    command = started("User=app\nWorkingDirectory=~\nSupplementaryGroups=root")
    assert command.user == User(ME.uid, ME.gid, (1234, 0))
    assert command.directory == "/home/app"
    login = ("USER", "LOGNAME", "HOME", "SHELL")
    assert [command.environment[name] for name in login] == ["app", "app", "/home/app", "/bin/bash"]
    assert started("User=app\nGroup=web").user.gid == 1234
    assert started("User=app", "+/bin/true").user == User()
    with pytest.raises(MachineError, match="no user 'nobody-here'"):
        started("User=nobody-here")


def test_a_user_may_have_some_of_what_root_may(started):
    command = started("User=app\nAmbientCapabilities=CAP_NET_BIND_SERVICE cap_chown")
    bind = ("CAP_NET_BIND_SERVICE", "CAP_CHOWN")
    assert command.user.capabilities == bind
    given = process(["/bin/true"], {}, user=replace(command.user, uid=1000))["capabilities"]
    assert {given[kind] == list(bind) for kind in ("ambient", "effective", "inheritable")} == {True}
    assert started("AmbientCapabilities=CAP_CHOWN").user.capabilities == ("CAP_CHOWN",)
    of_root = process(["/bin/true"], {})["capabilities"]
    assert (of_root["ambient"], of_root["effective"]) == ([], of_root["bounding"])
    with pytest.raises(MachineError, match="CAP_SYS_ADMIN is not one that instances have"):
        started("User=app\nAmbientCapabilities=CAP_SYS_ADMIN")


def test_a_dynamic_user_is_the_same_at_every_start(started, files):
    # A user that the machine has is taken.
    assert started("DynamicUser=yes\nUser=app").user.uid == ME.uid
    files.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    first = started("DynamicUser=yes").user
    assert first == started("DynamicUser=yes").user
    assert 61184 <= first.uid <= 65519
    assert first.gid == first.uid
    assert started("DynamicUser=yes\nUser=other").user != first


def test_directories_are_made_for_the_user_and_told_to_the_program(started, files, manager):
    files.write("/var/lib/app/kept", "data")
    command = started(
        "User=app\nRuntimeDirectory=app app/sockets\nStateDirectory=app\nStateDirectoryMode=0750\n"
        "CacheDirectory=app\nLogsDirectory=app"
    )
    assert command.environment["RUNTIME_DIRECTORY"] == "/run/app:/run/app/sockets"
    assert command.environment["STATE_DIRECTORY"] == "/var/lib/app"
    for path in ("var/lib/app", "var/cache/app", "var/log/app"):
        found = (files.root / path).stat()
        assert (found.st_uid, found.st_gid) == (ME.uid, ME.gid)
    assert (files.root / "var/lib/app").stat().st_mode & 0o777 == 0o750
    assert (files.root / "var/lib/app/kept").read_text() == "data"
    # What is in /run goes with the service.
    assert not (files.root / "run/app").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root hands files over")
def test_a_directory_of_somebody_else_is_handed_over_with_its_content(started, files):
    files.write("/var/lib/app/kept", "data")
    files.write("/etc/passwd", "app:x:4321:4321::/home/app:/bin/bash\n")
    started("User=app\nStateDirectory=app\nConfigurationDirectory=app")
    assert (files.root / "var/lib/app/kept").stat().st_uid == 4321
    assert (files.root / "etc/app").stat().st_uid == 0


def test_working_directory_that_is_missing(started):
    with pytest.raises(ServiceError, match=r"WorkingDirectory=/srv/app does not exist.*CHDIR"):
        started("WorkingDirectory=/srv/app")
    assert started("WorkingDirectory=-/srv/app").directory == "/"


def test_streams_go_to_files_of_the_machine(started, files, tmp_path):
    files.write("/var/log/old.log", "before\n")
    say = "/bin/sh -c 'echo out; echo err >&2'"
    started("StandardOutput=append:/var/log/old.log\nStandardError=file:/var/log/err.log", say)
    assert (files.root / "var/log/old.log").read_text() == "before\nout\n"
    assert (files.root / "var/log/err.log").read_text() == "err\n"
    assert (files.root / "var/log/err.log").stat().st_mode & 0o777 == 0o644
    started("StandardOutput=truncate:/var/log/old.log\nStandardError=journal", say)
    assert (files.root / "var/log/old.log").read_text() == "out\n"
    assert (tmp_path / "log/app.log").read_text() == "err\n"
    started("StandardOutput=null", say)
    assert (tmp_path / "log/app.log").read_text() == "err\n"


def test_a_link_cannot_lead_a_stream_out_of_the_machine(started, files, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("")
    (files.root / "var/log").mkdir(parents=True)
    (files.root / "var/log/link.log").symlink_to(outside)
    with pytest.raises(ServiceError, match=r"link\.log.*209/STDOUT"):
        started("StandardOutput=append:/var/log/link.log", "/bin/echo out")
    assert outside.read_text() == ""


def test_mask_and_limit_of_open_files(started, tmp_path):
    say = "/bin/sh -c 'umask; ulimit -Sn; ulimit -Hn'"
    started("UMask=0027\nLimitNOFILE=200:300", say)
    log = tmp_path / "log/app.log"
    assert log.read_text().split() == ["0027", "200", "300"]
    log.unlink()
    started("LimitNOFILE=999999999", "/bin/true")
    assert "LimitNOFILE=999999999 is not possible" in log.read_text()


def test_variables_of_command_lines():
    environment = {"HOST": "127.0.0.1", "WORDS": "a b", "PORT": "80"}
    argv = ("serve", "${HOST}:${PORT}", "$WORDS", "${WORDS}", "$$HOME", "$MISSING", "x$PORT")
    assert expand(argv, environment) == [
        "serve", "127.0.0.1:80", "a", "b", "a b", "$HOME", "x$PORT",
    ]  # fmt: skip


def test_a_prefix_keeps_dollar_signs(started, processes):
    assert started("Environment=A=1", ":/bin/echo $A ${A}").argv[-2:] == ["$A", "${A}"]
