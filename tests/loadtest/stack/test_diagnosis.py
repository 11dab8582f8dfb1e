"""What an instance shows becomes a sentence that names the cause and the remedy."""

from __future__ import annotations

import pytest

from loadtest.stack import diagnosis

SETTING = "setting\t10.0.0.7\t8080\t/health"
STARTED = "ActiveState=active SubState=running Result=success ExecMainStatus=0 NRestarts=0 "
FAILING = (
    "ActiveState=activating SubState=auto-restart Result=exit-code ExecMainStatus=1 NRestarts=7"
)


def told(*facts: str) -> list[str]:
    return diagnosis.findings(diagnosis.read("\n".join([SETTING, *facts])))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8080", "[::1]:8080", "[::ffff:127.0.0.1]:8080", "127.0.0.53%lo:8080"],
)
def test_what_listens_on_loopback_only(address: str):
    [line] = told(f"listens\t{address}\tjava")
    assert line.startswith(f"{address} (java) is reached from the instance alone")
    assert line.endswith("let it listen on 0.0.0.0 (every address), or on $APP_HOST")


@pytest.mark.parametrize("address", ["*:8080", "0.0.0.0:8080", "[::]:8080", "10.0.0.7:8080"])
def test_one_that_is_reached_and_answers_200_is_no_fault(address: str):
    assert told(f"listens\t{address}\tjava", "answer\t200\t") == []


def test_what_listens_on_another_port_is_named_with_the_setting():
    [line] = told("listens\t0.0.0.0:22\tsshd", "listens\t*:9000\tledger", "answer\t000\t")
    assert "nothing listens on port 8080" in line
    assert "only *:9000 (ledger)" in line
    assert "`-c appPort=9000`" in line


def test_a_program_that_ended_is_told_with_the_end_of_its_log():
    lines = told(
        "listens\t0.0.0.0:22\tsshd",
        f"unit\tapp.service\t{FAILING}",
        *(f"log\tapp.service\tline {letter}" for letter in "abcdefghijklmnop"),
        "log\tapp.service\tpassword authentication failed\tfor user app",
    )
    assert lines[0].startswith("no program listens on port 8080")
    assert lines[1] == (
        "app.service is activating (auto-restart), result exit-code, its program's last status was "
        "1, restarted 7 times"
    )
    assert lines[-1] == "  password authentication failed\tfor user app"
    assert len(lines) == 2 + diagnosis.LOG_LINES


def test_one_that_still_starts_shows_what_it_does():
    lines = told(f"unit\tapp.service\t{STARTED}", "log\tapp.service\tmigrating …")
    assert "is still starting" in lines[0]
    assert lines[1:] == ["app.service is active (running)", "  migrating …"]


def test_one_that_is_not_started_again_has_ended():
    failed = "ActiveState=failed SubState=failed Result=start-limit-hit NRestarts=4"
    lines = told(f"unit\tapp.service\t{failed}", "log\tapp.service\tno such table")
    assert lines[0].endswith("nor on any other: the application has ended")


def test_one_that_a_hook_left_in_the_background_has_no_unit():
    lines = told()
    assert "has installed no unit" in lines[1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("401\t", "*:8080 (java) answers 401 to /health; a healthy instance answers 200 without a login"),
        ("302\thttp://10.0.0.7/login", "answers 302 (to http://10.0.0.7/login) to /health"),
        ("404\t", "answers 404 to /health; a healthy instance answers 200: change"),
    ],
)  # fmt: skip
def test_an_answer_that_the_health_check_does_not_take(answer: str, words: str):
    [line] = told("listens\t*:8080\tjava", f"answer\t{answer}", f"unit\tapp.service\t{STARTED}")
    assert words in line
    assert "-c healthPath=" in line


def test_an_error_of_the_program_is_told_with_its_log():
    lines = told(
        "listens\t*:8080\tjava",
        "answer\t500\t",
        f"unit\ta.service\t{STARTED}",
        "log\ta.service\tNPE",
    )
    assert "answers 500" in lines[0]
    assert lines[1:] == ["a.service is active (running)", "  NPE"]


def test_no_answer_in_time():
    lines = told("listens\t*:8080\tjava", "answer\t000\t")
    assert "does not answer within 5 s" in lines[0]


def test_lines_that_differ_in_their_times_only_are_told_once():
    lines = told(
        f"unit\tapp.service\t{FAILING}",
        "log\tapp.service\tstarting",
        *(f"log\tapp.service\t15:00:4{second} no such table" for second in range(5)),
    )
    assert lines[2:] == ["  starting", "  15:00:44 no such table (5 times)"]


def test_why_a_program_ended_is_told_although_it_runs_again():
    again = "ActiveState=active SubState=running Result=success ExecMainStatus=0 NRestarts=1"
    lines = told(
        "listens\t*:8080\tpython3",
        "answer\t200\t",
        f"unit\tapp.service\t{again}",
        "log\tapp.service\tRunning upgrade -> 0001",
        'log\tapp.service\tpsycopg.errors.UniqueViolation: duplicate key value violates "pg_type"',
        *(f"log\tapp.service\t{letter} INFO: started" for letter in "abcdefghij"),
    )
    assert lines[1] == '  psycopg.errors.UniqueViolation: duplicate key value violates "pg_type"'
    assert lines[2:] == [f"  {letter} INFO: started" for letter in "cdefghij"]


def test_a_program_that_takes_more_memory_than_there_is():
    killed = (
        "log\tapp.service\tapp.service: A process of this unit has been killed by the OOM killer."
    )
    lines = told("memory\t512", f"unit\tapp.service\t{STARTED}", killed)
    assert "more memory than the instance has (512 MiB)" in lines[2]
    assert "`-c instanceType=t4g.small`" in lines[2]
    oom = FAILING.replace("exit-code", "oom-kill")
    assert "more memory than the instance has: let" in told(f"unit\tapp.service\t{oom}")[2]


FAILED = "ActiveState=failed SubState=failed Result=start-limit-hit NRestarts=4"


@pytest.mark.parametrize(
    ("facts", "lasts"),
    [
        (["listens\t127.0.0.1:8080\tjava"], True),
        (["listens\t*:9000\tjava", f"unit\tapp.service\t{STARTED}"], True),
        # One of its processes has another port, and the one that is wanted starts again.
        (["listens\t*:9000\tjava", f"unit\tapp.service\t{FAILING}"], False),
        ([f"unit\tapp.service\t{FAILED}"], True),
        ([f"unit\tjob.service\t{FAILED}", f"unit\tapp.service\t{STARTED}"], False),
        ([f"unit\tapp.service\t{FAILING}"], False),
        ([f"unit\tapp.service\t{STARTED}"], False),
        ([], False),
        (["listens\t*:8080\tjava", "answer\t401\t"], True),
        (["listens\t*:8080\tjava", "answer\t404\t"], True),
        (["listens\t*:8080\tjava", "answer\t503\t"], False),
        (["listens\t*:8080\tjava", "answer\t000\t"], False),
        (["listens\t*:8080\tjava", "answer\t200\t"], False),
    ],
)
def test_whether_waiting_may_help(facts: list[str], lasts: bool):
    assert diagnosis.will_last(diagnosis.read("\n".join([SETTING, *facts]))) is lasts


@pytest.mark.parametrize("text", ["", "setting\t10.0.0.7\t\t/health", "sh: not found"])
def test_what_is_no_report_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        diagnosis.read(text)
