from __future__ import annotations

import signal
from pathlib import PurePosixPath

import pytest

from region.machines.errors import UnitError
from region.machines.systemd.service import expand
from region.machines.systemd.unit_file import (
    EnvironmentFile,
    Unit,
    parse_environment_file,
    parse_seconds,
    parse_unit,
)


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
    unit = _unit("ExecStart=/bin/true\nDynamicUser=yes\nLimitNOFILE=65536")
    assert unit.ignored == ("DynamicUser", "LimitNOFILE")


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("Type=notify\nExecStart=/bin/true", "Type=notify is not supported"),
        ("Type=forking\nExecStart=/bin/true", "Type=forking"),
        ("Restart=always", "ExecStart= is missing"),
        ("ExecStart=/bin/true\nExecStart=/bin/false", "oneshot only"),
        ("ExecStart=/bin/true\nRestart=sometimes", "Restart=sometimes"),
        ("ExecStart=/bin/true\nRestartSec=soon", "RestartSec=soon"),
        ("ExecStart=/bin/true\nWorkingDirectory=app", "WorkingDirectory=app"),
        ("ExecStart=/bin/true\nEnvironmentFile=env", "EnvironmentFile=env"),
        ("ExecStart=/bin/true\nEnvironment=A", "Environment=A"),
        ("ExecStart='/bin/true", "quotes"),
        ("ExecStart=@/bin/true x", "prefix"),
        ("ExecStart=/bin/echo %h", "%h"),
        ("ExecStart=/bin/true\nKillMode=process", "KillMode=process"),
        ("ExecStart=/bin/true\nKillSignal=TERM", "KillSignal=TERM"),
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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("5s", 5), ("250ms", 0.25), ("1min 30s", 90), ("2h", 7200), ("1.5s", 1.5)],
)
def test_time_spans(text: str, seconds: float):
    assert parse_seconds(text) == pytest.approx(seconds)


def test_time_span_infinity_and_nonsense():
    assert parse_seconds("infinity") is None
    for text in ("", "5 parsecs", "s", "5s!"):
        with pytest.raises(ValueError, match="time span"):
            parse_seconds(text)


def test_environment_file():
    text = "# comment\n; too\nA=1\nB=\"two words\"\nC='x=y'\nD=\nbroken\n E = spaced \n"
    assert parse_environment_file(text) == {
        "A": "1", "B": "two words", "C": "x=y", "D": "", "E": "spaced",
    }  # fmt: skip


def test_variables_of_command_lines():
    environment = {"HOST": "127.0.0.1", "WORDS": "a b", "PORT": "80"}
    argv = ("serve", "${HOST}:${PORT}", "$WORDS", "${WORDS}", "$$HOME", "$MISSING", "x$PORT")
    assert expand(argv, environment) == [
        "serve", "127.0.0.1:80", "a", "b", "a b", "$HOME", "x80",
    ]  # fmt: skip
