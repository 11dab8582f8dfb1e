"""A load test with workers on (played) Fargate, as a process of its own that can be killed.

python -m tests.loadtest.engine.fargate.coordinate DIRECTORY OUTPUTS
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from rich.console import Console

from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.fargate import plan as plans
from loadtest.engine.fargate import settings as fargate_settings
from loadtest.engine.fargate.generator import FargateWorkers
from loadtest.engine.fargate.plan import Pace
from loadtest.engine.generators.base import Generator
from loadtest.engine.workers.generator import Split
from loadtest.profiles import Phase, Profile
from loadtest.scenario.scenario import load
from loadtest.stack import outputs as stack_outputs
from tests.loadtest.engine.fargate.account import SETTINGS

WORKERS = 4
LOAD = Profile("ours", (Phase("ramp", 6, 10, 60), Phase("hold", 4, 60)))
PACE = Pace(beat_s=0.5, poll_s=0.2, abandoned_s=30, ready_s=150, head_start_s=4)
SCENARIO = """\
config:
  http: {timeout: 5}
  payload:
    - {path: names.csv, fields: [name], order: sequence, skipHeader: true}
    - {path: words.csv, fields: [word], order: random}
scenarios:
  - flow:
      - post:
          url: /
          name: greeting
          json: {name: "{{ name }}", word: "{{ word }}"}
          expect: {statusCode: 200}
"""


def write(directory: Path) -> None:
    """Write scenario, payloads and settings."""
    (directory / "ours.yml").write_text(SCENARIO)
    names = "".join(f"name-{number:05}\n" for number in range(LOAD.planned_users + 8))
    (directory / "names.csv").write_text(f"name\n{names}")
    (directory / "words.csv").write_text("sun\nmoon\n")
    (directory / "fargate.yml").write_text(yaml.safe_dump(SETTINGS))


def run(directory: Path, outputs: str) -> runner.RunResult:
    """Run the load; AWS is what the environment says."""
    stack = stack_outputs.parse(outputs, "outputs")
    settings = fargate_settings.read(directory / "fargate.yml")
    scenario = str(directory / "ours.yml")
    clients = plans.connect(settings, stack.region, stack.url)
    plan = plans.make(
        settings,
        stack_region=stack.region,
        profile=LOAD,
        scenario=load(scenario),
        workers=WORKERS,
        pace=PACE,
        clients=clients,
    )
    console = Console(stderr=True)

    def elsewhere(sender: Generator, _workers: int) -> Generator:
        return FargateWorkers(sender, plan, clients, console.print)

    return runner.run_load(
        stack,
        runner.LoadTest(
            LOAD,
            workers=Split(WORKERS, elsewhere=elsewhere),
            command=tools.artillery(),
            scenario=scenario,
        ),
        console=console,
        base=directory / "results",
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2])
