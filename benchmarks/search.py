"""`python -m benchmarks.search`: is a search without an index found as the bottleneck, and only that?

Brings up the HA stack with two instances on a local region of its own, once without and once with the
search's index, puts each under half a minute of the scenario `api`, and prints which
bottleneck the report would name. Takes about five minutes. Prints; asserts nothing. The runs are kept with
all other results.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks.command import Parser, run
from loadtest.analysis import bottleneck, run_loading
from loadtest.cli import tools
from loadtest.engine.runner import LoadTest, run_load
from loadtest.profiles import Phase, Profile
from loadtest.reporting import findings
from loadtest.stack import outputs
from region import background
from rehearsal.pulumi_project import Project
from toolchain import paths

PROFILE = Profile("search", (Phase("ramp", 25, 2, 12), Phase("hold", 5, 12)))
STACK = "ha"
FLEET = {"minSize": "2", "desiredCapacity": "2", "maxSize": "2"}


def measure(project: Project, console: Console, *, index: bool) -> bottleneck.BottleneckFinding:
    """Bring the stack up, load it and remove it again."""
    settings = {**FLEET, "searchIndex": str(index).lower(), "appPath": str(paths.REVISION)}
    with console.status(f"stack {STACK}, searchIndex {settings['searchIndex']}"):
        project.prepare(STACK, settings)
        project.up(STACK)
    try:
        known = outputs.StackOutputs.model_validate(project.outputs(STACK))
        done = run_load(
            known,
            LoadTest(PROFILE, command=tools.artillery(), scenario="api"),
            console=console,
        )
        console.print(f"results: {done.directory}", highlight=False, soft_wrap=True)
        for reason in done.summary.validity.reasons:
            console.print(f"not valid: {reason}", highlight=False)
        return bottleneck.find(run_loading.load_requests(done.directory))
    finally:
        with console.status("remove the stack"):
            project.destroy(STACK)


def main() -> None:
    """Measure both ways."""
    Parser(__doc__).parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "region")
        with console.status("start the local region"):
            session = background.launch(root, [])
        try:
            for index in (False, True):
                found = measure(Project(session, root), console, index=index)
                console.print(f"searchIndex {str(index).lower()}: {found.kind}", highlight=False)
                console.print(findings.render(found))
        finally:
            with console.status("stop the local region"):
                background.stop(session)


if __name__ == "__main__":
    run(main)
