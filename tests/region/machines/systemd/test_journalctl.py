from __future__ import annotations

import os

import pytest

from region.machines.systemd.journalctl import Logs, journalctl


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "log").mkdir()
    files = {"log/web.log": "one\ntwo\nthree\n", "log/app@1.log": "red\n", "console.log": "boot\n"}
    for age, (name, text) in enumerate(files.items()):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    return Logs(tmp_path / "log", tmp_path / "console.log")


def lines(logs, *arguments):
    outcome = journalctl(arguments, logs)
    assert outcome.status == 0, outcome.stderr
    return outcome.stdout.splitlines()


def test_units_and_numbers_of_lines(logs):
    assert lines(logs, "-u", "web", "-o", "cat") == ["one", "two", "three"]
    assert lines(logs, "-xeu", "web.service", "-n", "2") == ["web: two", "web: three"]
    assert lines(logs, "-n1", "--unit=web", "--no-pager", "-b") == ["web: three"]
    assert lines(logs, "-u", "web", "-r", "-n") == ["web: three", "web: two", "web: one"]
    assert lines(logs, "-u", "app@*", "-u", "web", "-n", "2", "-o", "cat") == ["two", "three"]
    assert lines(logs, "_SYSTEMD_UNIT=app@1.service") == ["app@1: red"]
    assert lines(logs, "-u", "web", "-g", "T") == ["-- No entries --"]
    assert lines(logs, "-u", "web", "-g", "^t") == ["web: two", "web: three"]
    assert lines(logs, "-u", "absent") == ["-- No entries --"]


def test_without_a_unit_everything_is_shown_the_latest_last(logs):
    shown = lines(logs)
    assert shown == ["console: boot", "app@1: red", "web: one", "web: two", "web: three"]


def test_following_shows_complete_lines_once(logs):
    first = lines(logs, "-u", "web", "--show-cursor", "--lines=1")
    assert first[0] == "web: three"
    cursor = first[-1].removeprefix("-- cursor: ")
    with (logs.directory / "web.log").open("a") as file:
        file.write("four\nfi")
    again = lines(logs, "-u", "web", "--show-cursor", f"--after-cursor={cursor}")
    assert again[:-1] == ["web: four"]
    with (logs.directory / "web.log").open("a") as file:
        file.write("ve\n")
    cursor = again[-1].removeprefix("-- cursor: ")
    assert lines(logs, "-u", "web", f"--after-cursor={cursor}") == ["web: five"]
    # A log that began anew is shown from its beginning.
    (logs.directory / "web.log").write_text("new\n")
    assert lines(logs, "-u", "web", f"--after-cursor={cursor}") == ["web: new"]


def test_a_long_log_is_cut_at_a_line(logs, monkeypatch):
    monkeypatch.setattr("region.machines.systemd.log_file.MOST_BYTES", 12)
    assert lines(logs, "-u", "web", "-o", "cat") == ["two", "three"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--since", "today"], "--since"),
        (["-o", "json"], "json"),
        (["-p", "err"], "-p"),
        (["-n", "all", "--nonsense"], "nonsense"),
        (["--after-cursor=x"], "Failed to seek"),
        (["_PID=1"], "_PID=1"),
        (["-g", "("], "Bad pattern"),
    ],
)
def test_what_cannot_be_honored_is_refused(logs, arguments, named):
    outcome = journalctl(arguments, logs)
    assert outcome.status == 1
    assert named in outcome.stderr
