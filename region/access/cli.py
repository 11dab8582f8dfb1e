"""The commands that list instances and lead into them: `instances`, `shell`, `logs`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commandline.exit_codes import ExitCode
from region import rootless, session
from region.access import inventory, log_files
from region.access.terminal import Cleaner, printable
from region.options import DEFAULT_ROOT, Root

FOLLOWED_LINES = 10

app = typer.Typer()

Named = Annotated[
    str,
    typer.Argument(
        metavar="INSTANCE", help="An instance id, the beginning of one, or a unique Name tag."
    ),
]


@app.command()
def instances(
    root: Root = DEFAULT_ROOT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the instances of the region. Exit code 4 if it is not running.

    Example: `python -m rehearsal instances --json`
    """
    root = root.resolve()
    found = inventory.instances(root, session.require(root))
    now = datetime.now(UTC)
    if as_json:
        print(json.dumps([item.as_json(now) for item in found], indent=2))
        return
    if not found:
        print("no instances")
        return
    columns = {
        "instance": [item.instance_id for item in found],
        "name": [item.name for item in found],
        "type": [item.instance_type for item in found],
        "zone": [item.zone for item in found],
        "address": [item.private_ip for item in found],
        "state": [item.state for item in found],
        "health": [
            item.health + (", user data failed" if item.user_data_failure else "") for item in found
        ],
        "age": [inventory.duration(item.age(now)) for item in found],
    }
    table, width = fitting(columns, Console())
    # As wide as it is, also in a pipe: an id that is broken over two lines is of no use.
    Console(width=width).print(table, soft_wrap=True)


def fitting(columns: Mapping[str, Sequence[str]], console: Console) -> tuple[Table, int]:
    """Return a table of columns and its width; on a terminal that is too narrow, without the least ones."""
    shown = dict(columns)
    for least in ("age", "type"):
        table, width = _table(shown)
        if width <= console.width or not console.is_terminal:
            return table, width
        shown.pop(least)
    return _table(shown, gap=1)


def _table(columns: Mapping[str, Sequence[str]], gap: int = 2) -> tuple[Table, int]:
    """Return a table of columns by their headings, and how wide it is."""
    table = Table(*columns, box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*(escape(printable(cell)) for cell in cells))
    return table, Console(width=1000).measure(table).maximum


@app.command(
    name="shell",
    # As with ssh, everything behind INSTANCE is the command's.
    context_settings={"allow_interspersed_args": False},
)
def enter(
    instance: Named,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND…]", help="Run this instead of a login shell."),
    ] = None,
    user: Annotated[str, typer.Option(help="User to run it as, such as ec2-user.")] = "root",
    root: Root = DEFAULT_ROOT,
) -> None:
    """Open a shell in a running instance, or run one command in it.

    Options go before INSTANCE: everything after it is the command, as with ssh.

    The exit code is that of the shell or the command, or 4 if the instance cannot be entered. In a pipe,
    the command reads what is piped to it.

    Examples:
    - `python -m rehearsal shell i-0ab1`
    - `python -m rehearsal shell --user ec2-user web systemctl status app`
    - `python -m rehearsal shell web tar x -C /srv < files.tar`
    """
    # Imported here: the machines take a time that no other command has to pay.
    from region.access import shell  # noqa: PLC0415
    from region.machines.container.runtime import Runtime  # noqa: PLC0415

    own, words = _own_options(command or ())
    user, root = own.get("--user", user), Path(own.get("--root", root))
    root = root.resolve()
    running = session.require(root)
    rootless.join(running.pid)
    found = inventory.find(inventory.instances(root, running), instance)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    shell.replace_process(shell.command_line(Runtime(root), found, words, user=user, tty=terminal))


def _own_options(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Take options of `shell` off the beginning of a command, which no program's name is like."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest and (name := rest[0].partition("=")[0]) in ("--user", "--root"):
        word = rest.pop(0)
        if "=" not in word and not rest:
            raise inventory.AccessError(f"{name} has no value; write it before INSTANCE")
        found[name] = word.partition("=")[2] if "=" in word else rest.pop(0)
    return found, rest[1:] if rest[:1] == ["--"] else rest


@app.command()
def logs(
    instance: Named,
    unit: Annotated[
        str,
        typer.Argument(
            help="A systemd unit (with or without .service), codedeploy-agent, or cloud-init; "
            "by default, the console."
        ),
    ] = log_files.CONSOLE,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing new lines until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option("--lines", "-n", min=0, help="Only the last lines; 10 with --follow."),
    ] = None,
    root: Root = DEFAULT_ROOT,
) -> None:
    """Print the console of an instance, or the log of a unit in it.

    By id, it also works for instances of a region that no longer runs. `--follow` waits for a log that
    does not exist yet, and ends when the instance is terminated or the region stops.

    Examples:
    - `python -m rehearsal logs i-0ab1`
    - `python -m rehearsal logs web app --follow`
    - `python -m rehearsal logs web codedeploy-agent --lines 50`
    """
    root = root.resolve()
    directory, running = _directory_of(root, instance), session.running(root)
    file = log_files.log_file(directory, unit, must_exist=not follow)
    if not follow:
        _print([log_files.last_lines(file, lines)])
        return
    if not file.exists():
        known = ", ".join([log_files.CONSOLE, *log_files.units(directory)])
        typer.echo(f"waiting for the log of {unit}; there are logs of: {known}", err=True)
    try:
        count = FOLLOWED_LINES if lines is None else lines
        _print(
            log_files.follow(
                file, count, lambda: directory.is_dir() and running is not None and running.alive()
            )
        )
    except KeyboardInterrupt:
        return
    gone = f"{directory.name} is gone"
    typer.echo("no local region is running any more" if directory.is_dir() else gone, err=True)


def _directory_of(root: Path, wanted: str) -> Path:
    running = session.running(root)
    if running is None:
        return inventory.find_directory(root, wanted)
    found = inventory.find(inventory.instances(root, running), wanted)
    directory = inventory.directory(root, found.instance_id)
    if not directory.is_dir():
        ended = found.state in inventory.ENDED
        raise inventory.AccessError(
            f"{found.instance_id} is {found.state}: "
            + ("its logs were removed with it" if ended else "it has no logs yet, try again")
        )
    return directory


def _print(pieces: Iterable[bytes]) -> None:
    """Write pieces of a log: as they are to a file or pipe, harmless to a terminal."""
    clean = Cleaner() if sys.stdout.isatty() else None
    try:
        for piece in pieces:
            if clean is not None:
                sys.stdout.write(clean(piece))
            else:
                sys.stdout.buffer.write(piece)
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python would complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.SUCCESS) from None
