"""Exit codes and messages, the same for every command line of the project."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import guardrails.__main__ as guardrails_cli
import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

import docgen.__main__ as docgen_cli
import loadtest.cli.main as loadtest_cli
import region.cli as region_cli
import rehearsal.cli as rehearsal_cli
import toolchain.__main__ as toolchain_cli
from commandline.errors import UserError
from commandline.exit_codes import ExitCode
from commandline.run import UsageError, command_line, run_cli
from loadtest.errors import ComparisonError, LoadTestError
from region.api.server import ControlPlaneError
from region.background import BackgroundError
from region.config import RegionConfigError
from region.daemons import DaemonError
from region.loopback.addresses import GuardError
from region.machines.cgroups import LimitsUnavailable
from region.session import SessionError
from rehearsal.pulumi_project import EngineError
from toolchain.errors import ToolError

ROOT = Path(__file__).parents[2]

COMMAND_LINES: dict[str, Any] = {
    "docgen": docgen_cli,
    "guardrails": guardrails_cli,
    "loadtest": loadtest_cli,
    "region": region_cli,
    "rehearsal": rehearsal_cli,
    "toolchain": toolchain_cli,
}


def commands(name: str) -> list[str]:
    """The subcommands of a command line; one without a name where it has none."""
    command = get_command(COMMAND_LINES[name].app)
    return list(command.commands) if isinstance(command, TyperGroup) else [""]


EVERY_COMMAND = [(name, command) for name in COMMAND_LINES for command in ["", *commands(name)]]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, BaseException], int]:
    """Run a command line, one command of which raises an error."""

    def run(name: str, error: BaseException) -> int:
        module = COMMAND_LINES[name]

        def app(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(module, "app", app)
        return module.main([])

    return run


FORESEEN = [
    (UserError("no"), ExitCode.FAILURE),
    (LoadTestError("no"), ExitCode.FAILURE),
    (ComparisonError("no"), ExitCode.NO_VERDICT),
    (EngineError("no"), ExitCode.FAILURE),
    (ToolError("no"), ExitCode.FAILURE),
    (SessionError("no"), ExitCode.FAILURE),
    (BackgroundError("no"), ExitCode.FAILURE),
    (GuardError("no"), ExitCode.FAILURE),
    (RegionConfigError("no"), ExitCode.FAILURE),
    (DaemonError("no"), ExitCode.FAILURE),
    (ControlPlaneError("no"), ExitCode.FAILURE),
    (LimitsUnavailable("no"), ExitCode.FAILURE),
]


@pytest.mark.parametrize("name", COMMAND_LINES)
@pytest.mark.parametrize(
    ("error", "code"), FORESEEN, ids=lambda value: type(value).__name__ + str(value)
)
def test_a_foreseen_error_is_one_message(
    name: str,
    error: BaseException,
    code: int,
    failing: Callable[[str, BaseException], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert failing(name, error) == code
    printed = capsys.readouterr()
    assert printed.err == "error: no\n"
    assert printed.out == ""


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_a_full_disk_is_one_message_with_the_file(
    name: str, failing: Callable[[str, BaseException], int], capsys: pytest.CaptureFixture[str]
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/run.json")
    assert failing(name, full) == ExitCode.FAILURE
    assert capsys.readouterr().err == "error: No space left on device: results/run.json\n"


def test_a_program_that_is_not_on_path_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = command_line("x")

    @app.command()
    def one() -> None:
        subprocess.run(["nosuchprogram"], check=False)

    monkeypatch.setenv("PATH", "/gone")
    assert run_cli(app, "x", []) == ExitCode.FAILURE
    said = "error: there is no program 'nosuchprogram' on PATH, which is '/gone': set it right\n"
    assert capsys.readouterr().err == said


def test_no_place_for_temporary_files_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = command_line("x")

    @app.command()
    def one() -> None:
        tempfile.mkdtemp()

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/gone"])
    assert run_cli(app, "x", []) == ExitCode.FAILURE
    assert "make room in /tmp, or set TMPDIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "raise the limit (`ulimit -n 65536`)"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "a.csv"), "raise the limit (`ulimit -n"),
        (OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "raise the limit (`ulimit -u`"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "has no memory left"),
        (RuntimeError("can't start new thread"), "raise the limit (`ulimit -u`"),
    ],
)
def test_a_limit_of_the_computer_is_told_with_its_name(
    error: BaseException,
    said: str,
    failing: Callable[[str, BaseException], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert failing("loadtest", error) == ExitCode.FAILURE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMAND_LINES)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()], ids=["ctrl-c", "abort"])
def test_an_interruption_is_130(
    name: str,
    error: BaseException,
    failing: Callable[[str, BaseException], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert failing(name, error) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_an_unforeseen_error_keeps_its_traceback(
    name: str, failing: Callable[[str, BaseException], int]
) -> None:
    with pytest.raises(ZeroDivisionError):
        failing(name, ZeroDivisionError("a bug"))


@pytest.mark.parametrize(("name", "command"), EVERY_COMMAND)
def test_a_wrong_option_is_named_with_the_remedy_and_never_a_broken_promise(
    name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert COMMAND_LINES[name].main([*filter(None, [command]), "--nonsense"]) == ExitCode.FAILURE
    printed = capsys.readouterr().err
    called = f"python -m {name} {command}".strip()
    assert "No such option: --nonsense" in printed
    assert f"Try '{called} --help' for help." in printed


WITH_COMMANDS = [name for name in COMMAND_LINES if commands(name) != [""]]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["gate", "--slos", "x"], "--json or --slo"), (["history", "--topologi", "ha"], "--topology")],
)
def test_a_misspelt_option_comes_with_what_may_have_been_meant(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert loadtest_cli.main(arguments) == ExitCode.FAILURE
    assert f"No such option: {arguments[1]}. Did you mean {meant}?\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_a_wrong_command_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert COMMAND_LINES[name].main(["dance"]) == ExitCode.FAILURE
    assert "No such command 'dance'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("region", ["start", "--port", "x"], "'x' is not a whole number"),
        ("rehearsal", ["start", "--port", "x"], "'x' is not a whole number"),
        ("rehearsal", ["run", "--speed", "0"], "0.0 is not in the range 0.1<=x<=1000"),
        ("loadtest", ["run", "--repeat", "0"], "0 is not in the range 1<=x<=99"),
        ("loadtest", ["recover"], "Missing argument 'DIRECTORY'"),
        ("docgen", ["config-schema", "more"], "no document 'more'; choose from config-schema"),
        ("toolchain", ["doctor", "more"], "unexpected extra argument(s) (more)"),
        ("guardrails", ["more"], "unexpected extra argument(s) (more)"),
    ],
)
def test_a_wrong_value_is_named(
    name: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert COMMAND_LINES[name].main(arguments) == ExitCode.FAILURE
    assert message in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(("name", "command"), EVERY_COMMAND)
def test_help_has_an_example(name: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert COMMAND_LINES[name].main([*filter(None, [command]), "--help"]) == ExitCode.SUCCESS
    lines = [line for line in capsys.readouterr().out.splitlines() if "Usage:" not in line]
    # The region's commands are part of both, with one example.
    programs = {"region", "rehearsal"} if name in {"region", "rehearsal"} else {name}
    calls = [f"python -m {program} {command}".strip() for program in programs]
    assert any(call in " ".join(" ".join(lines).split()) for call in calls)


def test_without_arguments_it_shows_the_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    for name in WITH_COMMANDS:
        assert COMMAND_LINES[name].main([]) == ExitCode.FAILURE
        assert f"python -m {name}" in capsys.readouterr().out


def test_every_usage_error_is_recognized() -> None:
    """Of the library's errors only this subclass is public: its base has to stay that of all."""
    assert UsageError.__name__ == "UsageError"
    assert issubclass(typer.BadParameter, UsageError)
    assert not issubclass(UserError, UsageError)


@pytest.mark.parametrize("code", [*ExitCode, 7])
def test_a_commands_own_exit_code_is_kept(code: int) -> None:
    app = command_line("One command.")

    @app.command()
    def returns() -> int:
        return code

    @app.command()
    def exits() -> None:
        raise typer.Exit(code)

    assert run_cli(app, "python -m x", ["returns"]) == code
    assert run_cli(app, "python -m x", ["exits"]) == code


def test_a_terminated_command_cleans_up_as_after_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)
    app = command_line("One command.")
    cleaned: list[bool] = []

    @app.command()
    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleaned.append(True)

    assert run_cli(app, "python -m x", []) == ExitCode.INTERRUPTED
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("name", ["region", "rehearsal"])
@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["env"]])
def test_without_a_region_it_fails(
    name: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert COMMAND_LINES[name].main([*arguments, "--root", str(tmp_path)]) == ExitCode.FAILURE
    printed = capsys.readouterr()
    if "--json" in arguments:
        assert printed.out == '{"running": false}\n'
    else:
        assert "python -m rehearsal start" in printed.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["rehearsal", "run", "--profile", "nope"], 4, "error: unknown load profile 'nope'"),
        (["loadtest", "run", "--outputs", "absent.json"], 4, "cannot read the stack outputs"),
        (["toolchain", "dance"], 4, "No such command 'dance'"),
        (["region", "status"], 4, "no local region is running"),
    ],
)
def test_the_process_ends_with_the_code(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", *arguments]
    if arguments[0] in {"region", "rehearsal"}:
        command += ["--root", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_without_the_characters_is_no_bug() -> None:
    code = (
        "from commandline.run import command_line, run_cli\n"
        "import sys\n"
        "app = command_line('')\n"
        "app.command(no_args_is_help=False)(lambda: print('\\u2265 1'))\n"
        "sys.exit(run_cli(app, 'x', []))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, ">= 1\n", "")


def test_a_closed_pipe_is_not_reported_as_a_bug() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "loadtest", "plan"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, cwd=ROOT)
    os.close(writer)
    assert done.returncode == ExitCode.FAILURE
    assert b"Traceback" not in done.stderr
