"""`make tools`: what each load generator costs and how well it counts, on a server that knows the truth.

Three runs per generator: the published scenario on a server that answers at once, which is what it costs;
250 requests a second on one that fails on purpose; and as many visitors while every answer takes 10 s.
Only those that are installed (`python -m toolchain tool NAME`). With `--limits`, short runs at rising rates
instead, until one is INVALID: where this computer ends.

Examples:
    python -m benchmarks.generators
    python -m benchmarks.generators --generator k6 --generator locust --markdown
    python -m benchmarks.generators --limits
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import recorder as trivial
from benchmarks.command import Parser, run
from commandline.errors import UserError
from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.generators import registry
from loadtest.engine.generators.base import Load
from loadtest.engine.generators.jmeter.process import RESULTS
from loadtest.engine.generators.jmeter.settings import HEAP
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES, Phase, Profile
from loadtest.runs import host, paths, recording
from loadtest.runs.journal import Journal, locate
from loadtest.runs.recording import Usage
from loadtest.scenario import credentials, scenario
from loadtest.stack import outputs
from toolchain import paths as toolchain_paths

RATES = (50, 125, 250, 500, 1000)
"""Visitors a second of the runs at rising rates; each sends two requests."""
LIMIT_S = 8
SLOW_S = 10.0
"""What each answer takes in the run that shows whether a generator waits for its target."""
PROGRAMS = {
    "artillery": "scenario.yml",
    "k6": "k6/*.js",
    "locust": "locustfile.py",
    "jmeter": "test-plan.jmx",
}
"""What each reads in a run's directory. k6's script is the same for every scenario."""
SCENARIO = """\
config: {http: {timeout: 10}}
scenarios:
  - flow:
      - get: {url: /, name: index page, expect: {statusCode: 200}}
      - get: {url: /two, name: second page, expect: {statusCode: 200}}
"""
SLOW_SCENARIO = """\
config: {http: {timeout: 20}}
scenarios:
  - flow:
      - get: {url: /, name: index page, expect: {statusCode: 200}}
"""


@dataclass(frozen=True)
class Measured:
    """One generator's run on the server that knows the truth."""

    summary: RunSummary
    truth: dict[Outcome, int]
    truth_p99_ms: float
    published: RunSummary
    """Of the published scenario's run on a server that answers at once."""
    slow: RunSummary
    """Of a run in which every answer takes `SLOW_S`."""
    startup_s: float
    startup_cpu_s: float
    own_cpu_s: float
    """Of haproof's own process: probe, display, and reading what the generator prints."""
    own_report: str
    """What the generator itself makes of the run for a reader."""


def installed(names: Iterable[str]) -> Iterator[str]:
    """Yield the generators that can be started; say why the others cannot."""
    for name in names:
        try:
            tools.generator(name)
        except GeneratorError as error:
            print(f"{name}: left out: {error}", file=sys.stderr, flush=True)
        else:
            yield name


def measure(name: str, directory: Path) -> Measured:
    """Run a generator against the oracle, and read what it took."""
    # Only here: the tests' oracle imports pytest.
    from tests.loadtest.engine import test_oracle as oracle

    before = datetime.now(UTC)
    summary, truth = oracle.measure(directory, name)
    run = next(directory.glob("results/*/run.json")).parent
    began_ms = summary.load_began_at.timestamp() * 1000
    journal = locate(run, paths.GENERATOR)
    events = list(recording.events(Journal(journal))) if journal else []
    usage = [one for one in events if isinstance(one, Usage)]
    samples = host.read_host(locate(run, paths.HOST) or run / paths.HOST)
    assert summary.started_at >= before
    return Measured(
        summary,
        dict(truth.counts),
        truth.p99_ms,
        _published(name),
        _slow(name),
        (summary.load_began_at - summary.started_at).total_seconds(),
        max((one.cpu_seconds for one in usage if one.at_ms <= began_ms), default=0.0),
        samples[-1].ours_s["runner"] - samples[0].ours_s["runner"],
        own_report(run),
    )


def _published(name: str) -> RunSummary:
    """Run the published scenario, profile quick, against a trivial server."""
    with tempfile.TemporaryDirectory() as scratch, target() as url:
        return load(name, PROFILES["quick"], "login", url, Path(scratch))


def _slow(name: str) -> RunSummary:
    """Run as many visitors as the other runs have, while every answer takes long."""
    with tempfile.TemporaryDirectory() as scratch, target(SLOW_S) as url:
        directory = Path(scratch)
        (directory / "slow.yml").write_text(SLOW_SCENARIO)
        profile = Profile("slow", (Phase("hold", LIMIT_S, 250),))
        return load(name, profile, str(directory / "slow.yml"), url, directory)


def own_report(run: Path) -> str:
    """Return what JMeter's own dashboard of a run takes; the others make none."""
    if not (run / RESULTS).exists():
        return "-"
    java, *rest = tools.generator("jmeter")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [
                *(java, *HEAP, "-Djava.awt.headless=true", *rest),
                *("--reportonly", str(run / RESULTS), "--reportoutputfolder", f"{scratch}/report"),
                *("--jmeterlogfile", f"{scratch}/log"),
            ],
            cwd=scratch,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.monotonic() - began
        files = [one for one in Path(scratch, "report").rglob("*") if one.is_file()]
        size = sum(one.stat().st_size for one in files)
    return f"{len(files)} files, {size / 2**20:.1f} MiB, made in {seconds:.0f} s"


def install_bytes(name: str) -> int:
    """Return how much a generator's own files take, without the Node, Java or Python below them."""
    directory = toolchain_paths.TOOLS / name
    files = directory.rglob("*") if directory.exists() else [Path(tools.generator(name)[0])]
    return sum(one.stat().st_size for one in files if one.is_file() and not one.is_symlink())


def lines_to_write(name: str) -> str:
    """Return the lines of what the generator itself reads for the published scenario.

    With haproof a user writes Artillery's script for each of them.
    """
    loaded, profile = scenario.load("login"), Profile("one", (Phase("hold", 2, 1),))
    chosen = registry.named(name)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        installation = chosen.inspect(tools.generator(name))
        credentials.write(directory / paths.CREDENTIALS, profile, installation.workers)
        chosen.prepare(Load(directory, "http://localhost", loaded, profile, installation))
        lines = [
            line
            for file in directory.glob(PROGRAMS[name])
            for line in file.read_text().splitlines()
        ]
    return f"{sum(bool(line.strip()) for line in lines)} in {PROGRAMS[name].rpartition('.')[2]}"


PUBLISHED = "CPU per 1,000 requests, published scenario"
Row = tuple[str, Callable[[str, Measured], str]]


def _cpu_per_1000(summary: RunSummary) -> float:
    return summary.generator.cpu_seconds / summary.requests.total * 1000


def _of_artillerys(found: Mapping[str, Measured]) -> list[str]:
    """Return the row that holds each against Artillery, in the published scenario."""
    whole = _cpu_per_1000(found[registry.DEFAULT].published)
    shares = [_cpu_per_1000(one.published) / whole for one in found.values()]
    return ["in parts of Artillery's", *(f"{share:.0%}" for share in shares)]


def _after_start(_: str, m: Measured) -> str:
    used = m.summary.generator.cpu_seconds - m.startup_cpu_s
    return f"{used / m.summary.requests.total * 1000:.2f} s"


def _difference(outcome: Outcome) -> Callable[[str, Measured], str]:
    def shown(_: str, m: Measured) -> str:
        true = m.truth.get(outcome, 0)
        return f"{m.summary.requests.count(outcome) - true:+d} of {true:,}"

    return shown


def _p99(_: str, m: Measured) -> str:
    answered = m.summary.latency.answered
    found = answered["p99"].value_ms if answered else float("nan")
    return f"{found - m.truth_p99_ms:+.0f} ms of {m.truth_p99_ms:,.0f}"


def _failed_checks(m: Measured) -> str:
    """Return which of the three runs are not valid: what is in the rows above of such a run is nothing."""
    failed = [
        f"{name}: {check.name}"
        for name, run in (("published", m.published), ("oracle", m.summary), ("10 s", m.slow))
        for check in run.validity.checks
        if not check.passed
    ]
    return f"INVALID ({'; '.join(failed)})" if failed else "valid"


ROWS: tuple[Row, ...] = (
    ("version", lambda _, m: m.summary.generator.release),
    (PUBLISHED, lambda _, m: f"{_cpu_per_1000(m.published):.2f} s"),
    (
        "CPU per 1,000 requests, a tenth unanswered",
        lambda _, m: f"{_cpu_per_1000(m.summary):.2f} s",
    ),
    ("the same after start-up", _after_start),
    ("CPU of haproof's own process, whole run", lambda _, m: f"{m.own_cpu_s:.1f} s"),
    ("peak memory", lambda _, m: f"{m.summary.generator.peak_rss_bytes / 2**20:,.0f} MiB"),
    ("start-up until the first visitor", lambda _, m: f"{m.startup_s:.1f} s"),
    ("installed", lambda name, _: f"{install_bytes(name) / 2**20:,.0f} MiB"),
    ("arrivals late, 99 %", lambda _, m: f"{m.summary.generator.schedule_lag_p99_ms:.1f} ms"),
    (
        f"the same if every answer takes {SLOW_S:.0f} s",
        lambda _, m: f"{m.slow.generator.schedule_lag_p99_ms:.1f} ms",
    ),
    *((f"counted against the truth: {outcome}", _difference(outcome)) for outcome in Outcome),
    ("p99 of the answered against the truth", _p99),
    ("lines that it reads for the published scenario", lambda name, _: lines_to_write(name)),
    ("its own report of the run", lambda _, m: m.own_report),
    ("the three runs", lambda _, m: _failed_checks(m)),
)


def compare(names: Sequence[str]) -> list[list[str]]:
    """Return the table of one run per generator, its titles first."""
    found = dict[str, Measured]()
    for name in names:
        with tempfile.TemporaryDirectory() as scratch:
            found[name] = measure(name, Path(scratch))
    titles = [registry.named(name).title for name in found]
    rows = [[what, *(shown(name, one) for name, one in found.items())] for what, shown in ROWS]
    if registry.DEFAULT in found:
        after = next(index for index, row in enumerate(rows, 1) if row[0] == PUBLISHED)
        rows.insert(after, _of_artillerys(found))
    return [["", *titles], *rows]


# --- limits ---


@contextmanager
def target(delay_s: float = 0) -> Generator[str]:
    """Serve a trivial application that answers after `delay_s`, and yield its address."""
    with trivial.serving(delay_s) as (url, _):
        yield url


def try_rate(name: str, rate: int) -> RunSummary | str:
    """Run a generator at a rate of visitors against a trivial server; its summary or why there is none."""
    profile = Profile(f"{rate}-a-second", (Phase("hold", LIMIT_S, rate),))
    with tempfile.TemporaryDirectory() as scratch, target() as url:
        directory = Path(scratch)
        (directory / "limit.yml").write_text(SCENARIO)
        try:
            return load(name, profile, str(directory / "limit.yml"), url, directory)
        except LoadTestError as error:
            return str(error).splitlines()[0]


def load(
    name: str,
    profile: Profile,
    scenario: str,
    url: str,
    directory: Path,
    *,
    command: Sequence[str] | None = None,
) -> RunSummary:
    """Run a generator against a trivial server, by its own `command` unless one is given."""
    return runner.run_load(
        outputs.parse(_outputs(url, profile.planned_users), "benchmark"),
        runner.LoadTest(
            profile, generator=name, command=command or tools.generator(name), scenario=scenario
        ),
        console=Console(stderr=True, quiet=True),
        base=directory / "results",
    ).summary


def _outputs(url: str, users: int) -> str:
    import json

    from tests.loadtest.engine.stack_outputs import OUTPUTS

    return json.dumps({**OUTPUTS, "url": url, "seedUsers": users})


def limit(name: str) -> tuple[int, str]:
    """Return the highest rate of requests whose run is valid, and what ended the next.

    A rate counts as too high only if a second run says so as well.
    """
    reached = 0
    for rate in RATES:
        ended = ""
        for _ in range(2):
            found = try_rate(name, rate)
            ended = found if isinstance(found, str) else _first_failure(found)
            shown = ended or "valid"
            print(f"{name}: {rate * 2:,} requests/s: {shown}", file=sys.stderr, flush=True)
            if not ended:
                break
        if ended:
            return reached, f"at {rate * 2:,}: {ended}"
        reached = rate * 2
    return reached, "not reached"


def _first_failure(summary: RunSummary) -> str:
    failed = next((one for one in summary.validity.checks if not one.passed), None)
    return "" if failed is None else f"{failed.name}: {failed.detail}"


def limits(names: Sequence[str]) -> list[list[str]]:
    """Return the table of where this computer ends for each generator."""
    found = {name: limit(name) for name in names}
    return [
        ["", "valid up to", "what ends it"],
        *(
            [registry.named(name).title, f"{reached:,} requests/s", why]
            for name, (reached, why) in found.items()
        ),
    ]


def _print(rows: Sequence[Sequence[str]], *, markdown: bool) -> None:
    if markdown:
        head, *rest = rows
        print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for row in rest:
            print(f"| {' | '.join(row)} |")
        return
    table = Table(*rows[0])
    for row in rows[1:]:
        table.add_row(*row)
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = Parser(__doc__)
    parser.add_argument("--generator", action="append", choices=tuple(registry.GENERATORS))
    parser.add_argument("--limits", action="store_true", help="runs at rising rates instead")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args()
    names = list(installed(given.generator or registry.GENERATORS))
    if not names:
        raise UserError("no generator is installed: `python -m toolchain setup` installs Artillery")
    _print(limits(names) if given.limits else compare(names), markdown=given.markdown)


if __name__ == "__main__":
    run(main)
