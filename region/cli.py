"""The commands that start, stop and show a region; `python -m rehearsal` has them too."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from commandline.exit_codes import ExitCode
from commandline.option_groups import with_groups
from commandline.run import command_line, run_cli
from region import (
    background,
    calibration,
    daemons,
    environment,
    heap,
    image_options,
    private,
    reuse,
    rootless,
    session,
    shortages,
)
from region.access import cli as access_cli
from region.options import DEFAULT_ROOT, Root, command
from region.start_options import PreviewOnly, RegionOptions, StartOptions
from region.usage.recorder import instance_samples

HELP = """
A local AWS region made of real parts: moto's APIs, HAProxy, PostgreSQL, and containers limited to an
instance type's CPU and memory.

- `python -m region start`
- `eval "$(python -m region env)"; pulumi up -s ha`
- `python -m region shell INSTANCE`, `python -m region logs INSTANCE`
- `python -m region stop`
"""

app = command_line(HELP)
app.add_typer(access_cli.app)
app.add_typer(shortages.app)
console = Console(stderr=True, soft_wrap=True)
log = logging.getLogger(__name__)
_Value = TypeVar("_Value")


@app.command()
@with_groups
def start(
    context: typer.Context,
    *,
    root: Root = DEFAULT_ROOT,
    wanted: RegionOptions,
) -> None:
    """Start the region in the background.

    Example: `python -m rehearsal start --port 4566`
    """
    options = wanted.for_root(root.resolve())
    found = session.running(root.resolve())
    if found is None:
        for line in image_options.announce(options.config(root.resolve())):
            console.print(line, highlight=False, markup=False)
        with console.status("starting the local region"):
            found = background.launch(root.resolve(), options.arguments())
        console.print(f"local region {found.region} is running (process {found.pid})")
        if found.forgotten:
            text = f"warning: {found.forgotten}"
            console.print(text, style="yellow", highlight=False, markup=False)
        if speed_of_cores := calibration.read(root.resolve()):
            console.print(f"  CPU: {calibration.describe(speed_of_cores)}", highlight=False)
    else:
        reuse.require_same(
            root.resolve(),
            found,
            reuse.Wanted(
                image=wanted.image,
                region=_if_given(context, "region", wanted.region),
                speed=_if_given(context, "speed", wanted.speed),
                port=_if_given(context, "port", wanted.port),
                cpu_factor=wanted.cpu_factor,
                cpu_credits=wanted.cpu_credits,
            ),
        )
        console.print(f"local region {found.region} is already running (process {found.pid})")
    use, end = command("env", root.resolve()), command("stop", root.resolve())
    console.print(f'  use it:  eval "$({use})"', highlight=False, markup=False)
    console.print(f"  stop it: {end}", highlight=False, markup=False)


def _if_given(context: typer.Context, name: str, value: _Value) -> _Value | None:
    """Return an option's value if the user gave it; None if it is the default."""
    source = context.get_parameter_source(name)
    return value if source is not None and source.name == "COMMANDLINE" else None


@app.command(hidden=True)
def prepare_images(root: Root = DEFAULT_ROOT, image: image_options.Option = None) -> None:
    """Prepare the images of a region and print which instances have them.

    Example: `python -m region prepare-images --image al2023`
    """
    rootless.enter()
    options = StartOptions(images=image_options.chosen(root.resolve(), image))
    print(*image_options.announce(options.config(root.resolve())), sep="\n")


@app.command(hidden=True)
@with_groups
def serve(
    *,
    root: Root = DEFAULT_ROOT,
    wanted: RegionOptions,
    preview_only: PreviewOnly = False,
) -> None:
    """Run the region in this process until SIGTERM or Ctrl-C.

    Example: `python -m region serve --port 4566`
    """
    session.announce(root.resolve(), os.getpid())
    _enter(root.resolve())

    # Imported here: the servers that it knows are those of the region's process alone.
    from region.loopback import connections  # noqa: PLC0415

    connections.raise_descriptor_limit()
    heap.keep_small()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    options = wanted.for_root(root.resolve(), preview_only=preview_only)
    config = options.config(root.resolve())
    ended = threading.Event()
    with session.exclusive(config.root) as is_there:
        image_options.remember(config.root, options.images)
        with heap.uncollected():
            # Imported here: moto takes a second that no other command has to pay.
            from region.region import Region  # noqa: PLC0415

            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
            local = Region(config)
            local.start()
        background.settle()
        try:
            while not ended.wait(1.0):
                if not is_there():
                    # Nothing that it keeps would be kept, and nobody could stop it any more.
                    log.error("somebody has removed %s: the region ends", config.root)
                    break
        finally:
            local.stop()


@app.command()
def stop(
    root: Root = DEFAULT_ROOT,
    remove: Annotated[
        bool, typer.Option("--remove", help="Also remove its state directory.")
    ] = False,
) -> None:
    """Stop the region and everything it started, and clean up after one that was killed.

    Example: `python -m rehearsal stop`
    """
    found = session.running(root.resolve())
    # Also one that is not ready yet, or that is ending.
    ours = found or session.starting(root.resolve())
    if ours is not None:
        with console.status("stopping the local region"):
            background.stop(ours, _tell)
        console.print("local region stopped")
    elif rootless.MARK not in os.environ:
        console.print("no local region is running")
    if not root.is_dir():
        _clean_up_removed(root.resolve())
        return
    if found is not None and not remove:
        return
    _enter(root.resolve())
    from region.machines.inside.files import remove_tree  # noqa: PLC0415
    from region.region import clean_up  # noqa: PLC0415

    with session.exclusive(root.resolve()):
        for line in clean_up(root.resolve()):
            console.print(f"cleaned up after an earlier region: {line}")
        if remove:
            remove_tree(root.resolve())


def _clean_up_removed(root: Path) -> None:
    """Clean up after a region whose directory has been removed, without creating it again."""
    from region.network import leftovers  # noqa: PLC0415

    if not leftovers(root):
        return
    from region.region import clean_up  # noqa: PLC0415

    for line in clean_up(root):
        console.print(f"cleaned up after an earlier region: {line}")


@app.command()
def status(
    root: Root = DEFAULT_ROOT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show whether the region is running, and its instances. Exit code 4 if it is not.

    Example: `python -m rehearsal status --json`
    """
    found = session.running(root.resolve())
    if found is None:
        if as_json:
            print(json.dumps({"running": False}))
        else:
            hint = command("start", root.resolve())
            console.print(f"no local region is running; start one: {hint}", markup=False)
        raise typer.Exit(ExitCode.FAILURE)
    machines = _latest_usage(root.resolve())
    if as_json:
        print(json.dumps({"running": True, "pid": found.pid, "machines": machines}, indent=2))
        return
    table = Table("instance", "zone", "CPU s", "throttled s", "memory peak MiB")
    for m in machines:
        memory = f"{m['memory_peak_bytes'] / 2**20:.0f}"
        cpu, throttled = f"{m['cpu_seconds']:.1f}", f"{m['throttled_seconds']:.1f}"
        table.add_row(m["name"], m["zone"], cpu, throttled, memory)
    out = Console()
    out.print(f"{found.region}: process {found.pid}, API on 127.0.0.1:{found.api_port}")
    factor = machines[0]["vcpu_seconds"] if machines else calibration.factor_in(root.resolve())
    about = (
        f"limits by {found.limits}, {factor:.2f} CPUs here per vCPU, "
        f"clock {found.speed:g}x, image {found.image}"
    )
    out.print(about, highlight=False, markup=False)
    if found.why_no_volumes:
        shared = f"instances share this computer's disk: {found.why_no_volumes}"
        out.print(shared, highlight=False, markup=False)
    if not machines:
        out.print("no instances")
        return
    # As wide as it is, also in a pipe: an id that is cut is of no use.
    width = Console(width=1000).measure(table).maximum
    Console(width=width).print(table, soft_wrap=True)


def _tell(line: str) -> None:
    console.print(line, highlight=False, markup=False)


def _enter(root: Path) -> None:
    """Without root, enter the namespaces of a region in `root`, which must not be running."""
    if not rootless.needed():
        return
    from region.machines.machine_pool import end_processes  # noqa: PLC0415

    # First: the root of a new namespace may not end what a region that died had in its own.
    with session.exclusive(root):
        end_processes(root)
        daemons.sweep(root)
    rootless.enter()


def _latest_usage(root: Path) -> list[dict[str, Any]]:
    records = list(instance_samples(root))
    newest = records[-1]["at"] if records else 0.0
    return [record for record in records if record["at"] == newest]


@app.command()
def calibrate(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how fast this computer's cores are, as a region does when it starts.

    This takes about 1.8 s and changes nothing, not even a running region.

    Example: `python -m rehearsal calibrate`
    """
    found = calibration.measure()
    if as_json:
        print(json.dumps(calibration.as_json(found), indent=2))
    else:
        print(calibration.describe(found))


@app.command()
def env(root: Root = DEFAULT_ROOT) -> None:
    """Print the shell commands that point Pulumi, boto3 and the AWS CLI at the region.

    Example: `eval "$(python -m rehearsal env)"`
    """
    root = root.resolve()
    found = session.require(root)
    private.directory(root / "pulumi")
    print("\n".join(environment.shell_lines(found, root)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    environment.isolate()
    background.keep_errors()
    return run_cli(app, "python -m region", arguments)
