from __future__ import annotations

import signal
from pathlib import PurePosixPath

import pytest

from region.machines.errors import UnitError
from region.machines.systemd.unit import EnvironmentFile, Output, Unit
from region.machines.systemd.unit_file import parse_unit


def _unit(service: str, extra: str = "") -> Unit:
    text = f"[Unit]\nDescription=A test\n[Service]\n{service}\n{extra}"
    return parse_unit(text, PurePosixPath("/opt/haproof/x.service"))


def test_a_whole_unit():
    unit = _unit(
        "\n".join(
            [
                "# a comment",
                "; another",
                "Type=exec",
                "ExecStartPre=-/bin/rm -f /tmp/x",
                "ExecStartPre=/bin/true",
                'ExecStart=/usr/bin/python3 -m app "two words" \\',
                "  --name=%n --percent=100%%",
                "WorkingDirectory=/opt/app",
                "Environment=A=1 'B=two words'",
                "Environment=C=3",
                "EnvironmentFile=-/opt/haproof/optional",
                "EnvironmentFile=/opt/haproof/environment",
                "Restart=on-failure",
                "RestartSec=500ms",
                "TimeoutStopSec=1min 30s",
                "KillSignal=SIGINT",
                "SuccessExitStatus=143",
            ]
        ),
        "[Install]\nWantedBy=multi-user.target\n",
    )
    assert unit.exec_start[0].argv == (
        *("/usr/bin/python3", "-m", "app", "two words"),
        *("--name=x.service", "--percent=100%"),
    )
    assert [command.ignore_failure for command in unit.exec_start_pre] == [True, False]
    assert unit.environment == {"A": "1", "B": "two words", "C": "3"}
    assert unit.environment_files == (
        EnvironmentFile("/opt/haproof/optional", optional=True),
        EnvironmentFile("/opt/haproof/environment"),
    )
    assert (unit.kind, unit.restart, unit.restart_sec) == ("exec", "on-failure", 0.5)
    assert (unit.timeout_stop, unit.kill_signal) == (90.0, signal.SIGINT)
    assert unit.success_exit_status == {0, 143}
    assert unit.installable
    assert unit.ignored == ()


def test_empty_value_clears_earlier_ones():
    unit = _unit(
        "ExecStart=/bin/false\nExecStart=\nExecStart=/bin/true\nEnvironment=A=1\nEnvironment="
    )
    assert [command.argv for command in unit.exec_start] == [("/bin/true",)]
    assert unit.environment == {}


def test_defaults():
    unit = _unit("ExecStart=/bin/true")
    assert (unit.kind, unit.restart, unit.restart_sec, unit.timeout_stop) == (
        *("simple", "no", 0.1, 90.0),
    )
    assert (unit.start_limit_burst, unit.start_limit_interval) == (5, 10.0)
    assert not unit.installable
    assert _unit("Type=oneshot\nExecStart=/bin/true").timeout_start is None


def test_settings_without_effect_are_reported():
    unit = _unit("ExecStart=/bin/true\nPrivateTmp=yes\nLimitNPROC=64\nX-Own=1")
    assert unit.ignored == ("PrivateTmp", "LimitNPROC")


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("Type=magic\nExecStart=/bin/true", "Type=magic is not supported"),
        ("Type=simple", "ExecStart= is missing"),
        ("Type=oneshot", "ExecStart= is missing"),
        ("ExecStart=/bin/true\nExecStart=/bin/false", "oneshot only"),
        ("ExecStart=/bin/true\nRestart=sometimes", "Restart=sometimes"),
        ("ExecStart=/bin/true\nRestartSec=soon", "RestartSec=soon"),
        ("ExecStart=/bin/true\nWorkingDirectory=app", "WorkingDirectory=app"),
        ("ExecStart=/bin/true\nEnvironmentFile=env", "EnvironmentFile=env"),
        ("ExecStart=/bin/true\nEnvironment=A", "Environment=A"),
        ("ExecStart='/bin/true", "quotes"),
        ("ExecStart=|/bin/true x", "prefix"),
        ("ExecStart=/bin/true\nKillMode=never", "KillMode=never"),
        ("ExecStart=/bin/true\nKillSignal=BOGUS", "KillSignal=BOGUS"),
        ("ExecStart=/bin/true\nUMask=rwx", "UMask=rwx"),
        ("ExecStart=/bin/true\nLimitNOFILE=many", "LimitNOFILE=many"),
        ("ExecStart=/bin/true\nStateDirectory=/var/lib/x", "StateDirectory=/var/lib/x"),
        ("ExecStart=/bin/true\nStateDirectory=../x", r"StateDirectory=\.\./x"),
        ("ExecStart=/bin/true\nStandardOutput=fd:x", "StandardOutput=fd:x"),
        ("ExecStart=/bin/true\nSuccessExitStatus=odd", "SuccessExitStatus=odd"),
        ("ExecStart=/bin/true\nGuessMainPID=maybe", "GuessMainPID=maybe"),
        ("Type=oneshot\nExecStart=/bin/true\nRestart=always", "Restart=always"),
        ("nonsense", "x.service:4"),
    ],
)
def test_bad_units_are_refused_by_key(service: str, message: str):
    with pytest.raises(UnitError, match=message):
        _unit(service)


def test_only_services_are_units():
    with pytest.raises(UnitError, match=r"x\.timer"):
        parse_unit("", PurePosixPath("/opt/x.timer"))


def test_prefixes_of_command_lines():
    unit = _unit("ExecStart=-@/bin/app my-name x\nExecStop=+/bin/a\nExecStop=!:/bin/b $A")
    assert unit.exec_start[0].argv == ("/bin/app", "x")
    assert unit.exec_start[0].ignore_failure
    assert [command.privileged for command in unit.exec_stop] == [True, True]
    assert [command.literal for command in unit.exec_stop] == [False, True]


def test_instances_and_specifiers():
    text = (
        "[Service]\nExecStart=/bin/app %n %N %p %i %I %H %t %S %L %C %u %U %h %% %Z\n"
        "WorkingDirectory=/srv/%i\nEnvironment=NAME=%I\nPIDFile=%p-%i.pid\n"
        "RuntimeDirectory=%p/%i\nStandardOutput=append:%L/%i.log\n"
    )
    path = PurePosixPath("/etc/systemd/system/app@.service")
    unit = parse_unit(text, path, name=r"app@a\x2db-c.service", hostname="host")
    assert unit.exec_start[0].argv[1:] == (
        *(r"app@a\x2db-c.service", r"app@a\x2db-c", "app", r"a\x2db-c", "a-b/c", "host"),
        *("/run", "/var/lib", "/var/log", "/var/cache", "root", "0", "/root", "%", "%Z"),
    )
    assert unit.working_directory == r"/srv/a\x2db-c"
    assert unit.environment == {"NAME": "a-b/c"}
    assert unit.pid_file == r"/run/app-a\x2db-c.pid"
    assert unit.execution.output == Output("file", r"/var/log/a\x2db-c.log")


def test_drop_ins_add_and_replace():
    drop_in = "[Service]\nExecStart=\nExecStart=/bin/new\nEnvironment=B=2\n"
    unit = parse_unit(
        "[Service]\nExecStart=/bin/old\nEnvironment=A=1\n",
        PurePosixPath("/etc/systemd/system/x.service"),
        drop_ins=[(PurePosixPath("/etc/systemd/system/x.service.d/a.conf"), drop_in)],
    )
    assert [command.argv for command in unit.exec_start] == [("/bin/new",)]
    assert unit.environment == {"A": "1", "B": "2"}


def test_limits_of_starts_are_read_from_both_sections():
    unit = _unit("ExecStart=/bin/true\nStartLimitBurst=3\nStartLimitInterval=1min")
    assert (unit.start_limit_burst, unit.start_limit_interval) == (3, 60)


def test_exit_statuses_by_number_signal_and_name():
    unit = _unit("ExecStart=/bin/true\nSuccessExitStatus=143 SIGKILL DATAERR")
    assert unit.success_exit_status == {0, 143, -signal.SIGKILL, 65}
