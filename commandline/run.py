"""How a command line is built and run, so that all of them fail in the same way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, cast

import typer

from commandline import characters
from commandline.errors import ERROR_PREFIX, UserError
from commandline.exit_codes import ExitCode
from commandline.text import visible

UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
"""Unknown commands and options, missing and malformed values: typer exports only this subclass."""


def command_line(help_text: str) -> typer.Typer:
    """Return an empty command line; `help_text` is Markdown and ends with examples."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=help_text,
        rich_markup_mode="markdown",
    )


def run_cli(app: typer.Typer, program: str, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; foreseen errors become one message on stderr.

    `program` is how a user calls it, such as `python -m rehearsal`. Commands return their exit code
    or raise `typer.Exit`. An unforeseen error is a bug: it propagates unchanged, so Python shows its
    traceback and exits with code 1.
    """
    _fill_closed_streams()
    _forget_an_impossible_width()
    if arguments is None:
        characters.use_utf8()
    characters.accept_all()
    try:
        with terminated_like_interrupted():
            code = app(arguments, standalone_mode=False, prog_name=program)
            # Here, where a full disk behind it is told, and not by Python at its end.
            sys.stdout.flush()
    except UserError as error:
        _report(str(error))
        return error.exit_code
    except UsageError as error:
        # Not the exit code 2 that it carries: here that is a broken promise.
        _suggest(error)
        error.show()
        return ExitCode.FAILURE
    except (BrokenPipeError, SystemExit):
        # The reader of a pipe has seen enough. Only typer and rich raise the latter, for the same
        # reason. Not 1: that is a bug.
        _discard(1)
        return ExitCode.FAILURE
    except OSError as error:
        # A full disk, a file that may not be read: the system's words and the name are the remedy.
        _report(_of_limits(error) or (_named(error) if error.filename else _words(error)))
        return ExitCode.FAILURE
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except RuntimeError as error:
        said = _of_runtime(str(error))
        if said is None:
            raise
        _report(said)
        return ExitCode.FAILURE
    if code == ExitCode.INTERRUPTED:
        typer.echo("interrupted", err=True)
    return code if isinstance(code, int) else ExitCode.SUCCESS


_NARROWEST = 20
"""Columns of a terminal in which a table can be read at all."""
_LIMITS = {
    errno.EMFILE: "this shell allows too few open files: raise the limit (`ulimit -n 65536`)",
    errno.ENFILE: "this computer has too many open files: end what has them (`lsof`), or raise fs.file-max",
    errno.EAGAIN: "no further process can be started: end others, or raise the limit (`ulimit -u`, a "
    "container's `pids` limit)",
    errno.ENOMEM: "this computer has no memory left: end other programs",
}
"""What an operating system says when it has no more of something, and the remedy."""


def _of_limits(error: OSError) -> str | None:
    return _LIMITS.get(error.errno or 0)


def _of_runtime(said: str) -> str | None:
    # What `Path.resolve` raises until Python 3.13, which raises an OSError.
    if said.startswith("Symlink loop"):
        return f"{said}; name what is not a symbolic link to itself"
    return _LIMITS[errno.EAGAIN] if said == "can't start new thread" else None


def _named(error: OSError) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    started = isinstance(error, FileNotFoundError) and frames[-1].filename == subprocess.__file__
    # A program, unless it is the directory that one was to run in.
    if started and os.sep not in str(error.filename):
        path = os.environ.get("PATH", "")
        return f"there is no program {error.filename!r} on PATH, which is {path!r}: set it right"
    return f"{error.strerror}: {error.filename}"


def _words(error: OSError) -> str:
    if error.errno == errno.ENOENT and "temporary" in str(error.strerror):
        # Of Python's `tempfile`, which has tried TMPDIR, /tmp, /var/tmp and the current directory.
        return "no directory for temporary files can be written: make room in /tmp, or set TMPDIR"
    if error.errno == errno.ENOENT:
        return "the current directory has been removed; `cd` to one that is there"
    # Of a file without a name: what a command prints goes there.
    if error.errno in (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT):
        _discard(1)
    return f"cannot write the output: {error.strerror}" if error.strerror else str(error)


def _discard(stream: int) -> None:
    """Let what a stream still holds go nowhere: Python would end with 120 where it cannot be written."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream)
    os.close(null)


def _forget_an_impossible_width() -> None:
    # With COLUMNS=0, as some terminals and CI systems set it, rich would print nothing.
    width = os.environ.get("COLUMNS", "")
    if width and not (width.isdecimal() and int(width) >= _NARROWEST):
        del os.environ["COLUMNS"]


def _fill_closed_streams() -> None:
    """Open /dev/null for standard streams that the caller closed (`>&-`).

    Otherwise the next file that is opened gets the number of one of them, and the programs that are
    started take it for their own.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            mode = os.O_RDONLY if number == 0 else os.O_WRONLY
            os.set_inheritable(os.open(os.devnull, mode), True)
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", closefd=False, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, stream)


def _suggest(error: typer.BadParameter) -> None:
    """Put a message in plain words, with similar options: typer 0.26 would print a Python tuple."""
    for kind in ("float", "integer"):
        words = "a whole number" if kind == "integer" else "a number"
        for name in (f"a valid {kind} range", f"a valid {kind}"):
            error.message = error.message.replace(name, words)
    similar = getattr(error, "possibilities", None)
    if similar:
        error.message = f"{error.message}. Did you mean {' or '.join(sorted(similar))}?"
        error.possibilities = None  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def terminated_like_interrupted() -> Generator[None]:
    """Let SIGTERM unwind the command as Ctrl-C does, so that it ends what it started."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _report(message: str) -> None:
    # Not through rich: a message must not be wrapped or read as markup. The color is for terminals only.
    try:
        typer.echo(typer.style(ERROR_PREFIX, fg="red") + visible(message), err=True)
    except OSError:
        # Not even that can be written: the exit code still says it.
        _discard(2)
