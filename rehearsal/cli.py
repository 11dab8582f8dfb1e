"""The commands of `python -m rehearsal`."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from region import background, environment, session, usage
from region.config import DEFAULT_REGION, RegionConfig, RegionConfigError
from toolchain import paths
from toolchain.errors import ToolError

DEFAULT_ROOT = paths.ROOT / ".rehearsal"

EXAMPLES = """
A local AWS region made of real parts: moto's APIs, HAProxy, PostgreSQL, processes held to an
instance type's CPU and memory.

\b
Examples:
  python -m rehearsal run                  # both stacks, load, verdict, report
  python -m rehearsal run --profile seed   # the published experiment
  python -m rehearsal preview              # both stacks under the policy pack; builds nothing
  python -m rehearsal start
  eval "$(python -m rehearsal env)"; pulumi up -s ha
  python -m rehearsal stop
"""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=EXAMPLES,
    rich_markup_mode=None,
)
console = Console(stderr=True, soft_wrap=True)

Root = Annotated[Path, typer.Option(help="Directory of the region's state.")]
Speed = Annotated[
    float, typer.Option(help="Run the region's waiting periods this many times faster.", min=0.1)
]
Port = Annotated[int, typer.Option(help="Port of the AWS API on 127.0.0.1; 0 takes a free one.")]
RegionName = Annotated[str, typer.Option("--region", help="Name of the AWS region to play.")]


@app.command()
def start(
    root: Root = DEFAULT_ROOT,
    port: Port = 0,
    region: RegionName = DEFAULT_REGION,
    speed: Speed = 1.0,
) -> None:
    """Start the region in the background."""
    found = session.running(root.resolve())
    if found is None:
        with console.status("starting the local region"):
            found = background.launch(
                root.resolve(), ["--port", str(port), "--region", region, "--speed", str(speed)]
            )
        console.print(f"local region {found.region} is running (process {found.pid})")
    else:
        console.print(f"local region {found.region} is already running (process {found.pid})")
    console.print('  use it:  eval "$(python -m rehearsal env)"', highlight=False)
    console.print("  stop it: python -m rehearsal stop", highlight=False)


@app.command(hidden=True)
def serve(
    root: Root = DEFAULT_ROOT,
    port: Port = 0,
    region: RegionName = DEFAULT_REGION,
    speed: Speed = 1.0,
) -> None:
    """Run the region in this process until it is told to end."""
    # Imported here: moto takes a second that no other command has to pay.
    from region.region import Region  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = RegionConfig(root=root.resolve(), region=region, api_port=port, speed=speed)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with session.exclusive(config.root):
        local = Region(config)
        local.start()
        try:
            while not ended.wait(1.0):
                pass
        finally:
            local.stop()


@app.command()
def stop(root: Root = DEFAULT_ROOT) -> None:
    """Stop the region and everything it started; also what a killed one left."""
    from region.region import clean_up  # noqa: PLC0415

    found = session.running(root.resolve())
    if found is not None:
        with console.status("stopping the local region"):
            background.stop(found)
        console.print("local region stopped")
        return
    with session.exclusive(root.resolve()):
        for line in clean_up(root.resolve()):
            console.print(f"ended what an earlier region left: {line}")
    console.print("no local region is running")


@app.command()
def status(
    root: Root = DEFAULT_ROOT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell whether the region runs, and what runs on it. Exit code 3 if it does not."""
    found = session.running(root.resolve())
    if found is None:
        if as_json:
            print(json.dumps({"running": False}))
        else:
            console.print("no local region is running; start one: python -m rehearsal start")
        raise typer.Exit(3)
    machines = _latest_usage(root.resolve())
    if as_json:
        print(json.dumps({"running": True, "pid": found.pid, "machines": machines}, indent=2))
        return
    table = Table("instance", "zone", "CPU s", "throttled s", "memory peak MiB")
    for m in machines:
        memory = f"{m['memory_peak_bytes'] / 2**20:.0f}"
        cpu, throttled = f"{m['cpu_seconds']:.1f}", f"{m['throttled_seconds']:.1f}"
        table.add_row(m["instance"], m["zone"], cpu, throttled, memory)
    out = Console()
    out.print(f"{found.region}: process {found.pid}, API on 127.0.0.1:{found.api_port}")
    out.print(f"limits by {found.limits}, clock {found.speed:g}x", highlight=False)
    out.print(table if machines else "no instances")


def _latest_usage(root: Path) -> list[dict[str, Any]]:
    records = list(usage.samples(root))
    newest = records[-1]["at"] if records else 0.0
    return [record for record in records if record["at"] == newest]


@app.command()
def env(root: Root = DEFAULT_ROOT) -> None:
    """Print the shell lines that point Pulumi, boto3 and the AWS CLI at the region."""
    root = root.resolve()
    found = session.require(root)
    (root / "pulumi").mkdir(parents=True, exist_ok=True)
    print("\n".join(environment.shell_lines(found, root)))


@app.command()
def run(
    root: Root = DEFAULT_ROOT,
    profile: Annotated[
        str, typer.Option(help="Load profile: quick, seed (the published one) or smoke.")
    ] = "quick",
    keep: Annotated[bool, typer.Option(help="Leave the stacks and the region running.")] = False,
    results: Annotated[Path, typer.Option(help="Where the results go.")] = paths.ROOT / "results",
    speed: Speed = 1.0,
) -> None:
    """Put both stacks up, load them, and tell what the difference is."""
    from rehearsal.run import Rehearsal  # noqa: PLC0415

    rehearsal = Rehearsal(
        root=root.resolve(), profile=profile, results=results.resolve(), keep=keep, speed=speed
    )
    raise typer.Exit(rehearsal.run())


@app.command()
def preview(
    root: Annotated[
        Path, typer.Option(help="Directory of the preview's own region.")
    ] = DEFAULT_ROOT / "preview",
    summary: Annotated[
        Path | None, typer.Option(help="File for the report; without it, standard output.")
    ] = None,
) -> None:
    """Preview both stacks under the policy pack and write the policy report (Markdown).

    Exit code 0: no mandatory violation; 2: at least one; 4: a preview failed.
    """
    from rehearsal.preview import Previews  # noqa: PLC0415

    raise typer.Exit(Previews(root=root.resolve(), summary=summary).run())


def main() -> int:
    """Runs one command: its exit code, with one clear message for everything that is foreseen."""
    from loadtest.errors import LoadTestError  # noqa: PLC0415
    from rehearsal.project import EngineError  # noqa: PLC0415

    try:
        code = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        console.print("interrupted")
        return 130
    except EngineError as error:
        console.print(f"error: {error}", style="red", highlight=False, markup=False)
        return 4
    except LoadTestError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except _foreseen() as error:
        # On stderr as one line: the background starter looks for it.
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        # Usage errors know how to show themselves; typer does not export their base class.
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return 2
    return code if isinstance(code, int) else 0


def _foreseen() -> tuple[type[Exception], ...]:
    """Errors whose message is written for the user. Imported late, as in `serve`."""
    found: list[type[Exception]] = [
        session.SessionError,
        background.BackgroundError,
        environment.GuardError,
        RegionConfigError,
        ToolError,
        OSError,
    ]
    if "region.region" in sys.modules:
        from region.api.server import ControlPlaneError  # noqa: PLC0415
        from region.daemons import DaemonError  # noqa: PLC0415
        from region.machines.cgroups import LimitsUnavailable  # noqa: PLC0415

        found += [ControlPlaneError, DaemonError, LimitsUnavailable]
    return tuple(found)
