"""`python -m loadtest`: the commands, and how they are interrupted."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from urllib.parse import urlsplit

from commandline import proxies
from commandline.run import command_line, run_cli
from loadtest.cli import optional_value
from loadtest.cli.aa import aa_command
from loadtest.cli.baseline import app as baseline_app
from loadtest.cli.bottleneck import bottleneck_command
from loadtest.cli.capacity import capacity_command, size_command
from loadtest.cli.compare import BASELINE_OPTION, compare_command
from loadtest.cli.cost import cost_command
from loadtest.cli.experiment import app as experiment_app
from loadtest.cli.gate import gate_command
from loadtest.cli.history import history_command
from loadtest.cli.load_options import InOrder
from loadtest.cli.plan import plan_command
from loadtest.cli.post_up import post_up_command
from loadtest.cli.proof import proof_command
from loadtest.cli.recover import recover_command
from loadtest.cli.recover_faults import recover_faults_command
from loadtest.cli.release import release_command
from loadtest.cli.report import report_command
from loadtest.cli.run import run_command
from loadtest.cli.workers import app as workers_app

app = command_line(
    "Release the application to a stack, load it, and report what its users experienced."
    "\n\n"
    "Exit codes: **0** SLO kept, **2** broken, **3** the run is not valid, **4** anything else "
    "failed, **130** interrupted.\n\n"
    "- `python -m loadtest release --stack ha`\n"
    "- `python -m loadtest run --stack ha --profile quick`\n"
    "- `python -m loadtest run --stack ha --ramp 5:125:300s --hold 60s`\n"
    "- `pulumi stack output --json | python -m loadtest run --outputs -`\n"
    "- `python -m loadtest run --stack single --stack ha --repeat 3`\n"
    "- `python -m loadtest report`\n"
    "- `python -m loadtest proof`\n"
    "- `python -m loadtest history --topology ha`\n"
    "- `python -m loadtest compare RUN_A RUN_B`\n"
    "- `python -m loadtest aa --stack ha --pairs 5`\n"
    "- `python -m loadtest baseline set main latest-ha`\n"
    "- `python -m loadtest compare --to-baseline main`\n"
    "- `python -m loadtest cost --stack ha`\n"
    "- `python -m loadtest size --rate 400 --slo p99=25ms`\n"
    "- `python -m loadtest gate --slo our-slo.yml`\n"
    "- `python -m loadtest workers policy`\n"
    "- `python -m loadtest experiment run instance-dies --stack ha`\n"
    "- `python -m loadtest plan --availability 99.9 --confidence 95 --rate 250`"
)

for name, command in (
    ("release", release_command),
    ("run", run_command),
    ("aa", aa_command),
    ("capacity", capacity_command),
    ("size", size_command),
    ("compare", compare_command),
    ("cost", cost_command),
    ("history", history_command),
    ("gate", gate_command),
    ("plan", plan_command),
    ("report", report_command),
    ("proof", proof_command),
    ("recover", recover_command),
    ("recover-faults", recover_faults_command),
    ("bottleneck", bottleneck_command),
    ("post-up", post_up_command),
):
    app.command(name, cls=InOrder)(command)
app.add_typer(baseline_app, name="baseline")
app.add_typer(experiment_app, name="experiment")
app.add_typer(workers_app, name="workers")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    if _on_this_machine(os.environ.get("AWS_ENDPOINT_URL", "")):
        proxies.forget()
    given = sys.argv[1:] if arguments is None else arguments
    return run_cli(app, "python -m loadtest", optional_value.filled(given, BASELINE_OPTION))


def _on_this_machine(endpoint: str) -> bool:
    """Return whether AWS calls go to a local region: a proxy, which AWS may need, is in the way."""
    try:
        return ip_address(urlsplit(endpoint).hostname or "").is_loopback
    except ValueError:
        return False
