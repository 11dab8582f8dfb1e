"""Whatever the terminal, the streams and the directory are: the same words, the same code, no traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from commandline.disk import require_writable
from tests.front_door.attempt import ROOT, copy_of_ha, prepare

PLAN = "rehearsal capacity --request-ms 1"
NONE = "rehearsal env --root r"
"""Fails in every directory: no region runs there."""


def typed(
    directory: Path,
    command: str,
    around: str = "",
    /,
    *,
    reading: str = "utf-8",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Type `python -m COMMAND AROUND` into a shell; `around` redirects, `reading` decodes what it says."""
    own = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(directory)}
    return subprocess.run(
        ["/bin/bash", "-c", f"{shlex.quote(sys.executable)} -m {command} {around}"],
        cwd=directory,
        env=own | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding=reading,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "around", "code"),
    [
        (PLAN, ">&-", 0),
        (PLAN, "<&- >&- 2>&-", 0),
        (NONE, "2>&-", 4),
        (NONE, "2>/dev/full", 4),
    ],
)
def test_streams_that_nobody_reads_change_no_code(
    command: str, around: str, code: int, tmp_path: Path
):
    done = typed(tmp_path, command, f"{around}; exit ${{PIPESTATUS[0]}}")

    assert done.returncode == code, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("width", ["0", "-5", "abc", "1", "20"])
def test_a_width_that_no_terminal_has_hides_nothing(width: str, tmp_path: Path):
    done = typed(tmp_path, "loadtest plan --profile smoke", COLUMNS=width)
    assert (done.returncode, done.stderr) == (0, "")
    assert "up to 40 users/s" in " ".join(done.stdout.split())


@pytest.mark.parametrize("command", [PLAN, "rehearsal --help"])
def test_a_reader_who_has_seen_enough_is_told_nothing(command: str, tmp_path: Path):
    done = typed(tmp_path, command, "| head -1; exit ${PIPESTATUS[0]}")

    # 4 where it was still writing; never 1, a bug.
    assert done.returncode in (0, 4)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", [PLAN, "rehearsal --help"])
def test_a_full_disk_behind_standard_output_is_told(command: str, tmp_path: Path):
    done = typed(tmp_path, command, ">/dev/full")

    assert done.returncode == 4
    assert done.stderr == "error: cannot write the output: No space left on device\n"


def test_a_closed_standard_input_is_an_empty_one(tmp_path: Path):
    done = typed(tmp_path, "loadtest run --outputs -", "<&-")

    assert done.returncode == 4
    assert done.stderr.startswith("error: standard input is not JSON")


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path):
    """Or the first one that is opened would receive what programs print."""
    script = (
        "import os, sys; from commandline.run import command_line, run_cli; app = command_line('x')\n"
        "@app.command()\n"
        "def one(): os.write(3, str(os.open('made', os.O_CREAT)).encode())\n"
        "run_cli(app, 'x', [])\n"
    )
    (tmp_path / "script.py").write_text(script)
    own = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    line = f"{shlex.quote(sys.executable)} script.py 3>number <&- >&- 2>&-"
    subprocess.run(["bash", "-c", line], cwd=tmp_path, env=own, check=True)

    assert int((tmp_path / "number").read_text()) > 3


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "xx_XX.nosuch", "TZ": "Mars/Base"},
        {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "1"},
        {"COLUMNS": "0", "TERM": ""},
        {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"},
        {"FORCE_COLOR": "", "COLUMNS": "no", "LINES": "-1"},
        {"AWS_PROFILE": "prod", "PULUMI_STACK": "prod", "PULUMI_OPTION_JSON": "true"},
        {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "VIRTUAL_ENV": "/gone"},
        {"PATH": "", "SHELL": "/bin/false", "BASH_ENV": "/gone"},
    ],
    ids=lambda one: " ".join(map("=".join, one.items())),
)
def test_a_terminal_of_any_kind_gets_the_one_message(environment: dict[str, str], tmp_path: Path):
    done = typed(tmp_path, "rehearsal env --root '한글 r'", **environment)

    assert done.returncode == 4
    # A locale that does not exist also makes bash itself speak.
    [line] = [one for one in done.stderr.splitlines() if "bash: warning: " not in one]
    assert line.startswith("error: no local region is running; start one: python -m rehearsal")


EACH = ["rehearsal --help", "loadtest experiment list", "region --help", "toolchain --help",
        "docgen --help", "guardrails --help"]  # fmt: skip
"""Of every command line, one that ends with success and prints several lines."""


@pytest.mark.parametrize("command", EACH)
def test_each_command_line_does_the_same_in_odd_surroundings(command: str, tmp_path: Path):
    path = f"{ROOT}:{ROOT / 'policies'}"
    odd = {
        "TZ": "<+1245>-12:45", "COLUMNS": "20", "LC_ALL": "ko_KR.EUC-KR", "PYTHONIOENCODING": "euc-kr",
        "HOME": "/etc/passwd", "TMPDIR": "/etc/passwd", "PATH": "/nowhere",
    }  # fmt: skip
    done = typed(tmp_path, command, "<&- >printed", PYTHONPATH=path, **odd)
    said = [line for line in done.stderr.splitlines() if "bash: warning: " not in line]
    assert (done.returncode, said) == (0, [])
    first = typed(tmp_path, command, "| head -1; exit ${PIPESTATUS[0]}", PYTHONPATH=path)
    assert first.returncode in (0, 4)
    assert (len(first.stdout.splitlines()), first.stderr) == (1, "")


def test_a_directory_that_is_gone_is_told(tmp_path: Path):
    (tmp_path / "gone").mkdir()
    line = f"cd gone; rmdir ../gone; {shlex.quote(sys.executable)} -m rehearsal env --root x"
    own = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env=own, capture_output=True, text=True, check=False
    )

    assert done.returncode == 4
    assert "the current directory has been removed" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_shell_writes_into_a_pipe_is_a_file(tmp_path: Path):
    prepare(tmp_path, {"ours.yaml": copy_of_ha})
    done = typed(tmp_path, "loadtest run --outputs", "<(sleep 0.3; echo '{}')")

    assert done.returncode == 4
    assert "missing output url" in done.stderr


@pytest.mark.parametrize(
    ("target", "variable", "value", "says"),
    [
        (
            "rehearse",
            "PROFILE",
            "typo",
            "PROFILE=typo is not a load profile; choose quick, seed or smoke",
        ),
        ("rehearse", "PROFILE", "a'; touch made; '", "is not a load profile"),
        ("rehearse", "EXPERIMENTS", "maybe", "EXPERIMENTS=maybe is neither 1 nor 0"),
        (
            "prove",
            "PROFILE",
            "typo",
            "PROFILE=typo is not a load profile; choose quick, seed or smoke",
        ),
        ("tools", "LIMITS", "all", "LIMITS=all is neither 1 nor 0"),
    ],
)
def test_make_tells_a_wrong_variable_before_it_installs_anything(
    target: str, variable: str, value: str, says: str, tmp_path: Path
):
    # Without what `make setup` needs: it would fail if it were tried.
    makefile = tmp_path / "Makefile"
    makefile.write_text((ROOT / "Makefile").read_text())
    done = subprocess.run(
        ["make", target, f"{variable}={value}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    [message] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert says in message
    assert done.stderr.rstrip().endswith("Error 4")
    assert list(tmp_path.iterdir()) == [makefile]


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("prove PROFILE=seed", "rehearsal prove --profile seed"),
        ("tools LIMITS=0", "benchmarks.generators"),
        ("tools LIMITS=1", "benchmarks.generators --limits"),
        ("rehearse EXPERIMENTS=0", "rehearsal run --profile quick"),
    ],
)
def test_make_heeds_its_variables(given: str, called: str):
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *given.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].rstrip().endswith(f"-m {called}")


def test_a_report_that_can_be_written_is_left_as_it_was(tmp_path: Path):
    report = tmp_path / "new" / "report.md"
    require_writable(report)
    assert list(tmp_path.iterdir()) == []
    report.parent.mkdir()
    report.write_text("before")
    require_writable(report)
    assert report.read_text() == "before"
