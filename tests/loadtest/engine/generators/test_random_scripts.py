"""Random scripts: every generator asks the same of a site, records the same, or refuses."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.generators.registry import DEFAULT, GENERATORS
from loadtest.errors import GeneratorError
from loadtest.profiles import Phase, Profile
from loadtest.runs.recording import Exchange, parse_exchange
from loadtest.scenario import scenario as scenarios
from loadtest.stack import outputs
from tests.loadtest.engine.generators.random_scripts import Script
from tests.loadtest.engine.generators.site import Visit, serving
from tests.loadtest.engine.stack_outputs import OUTPUTS

pytestmark = [pytest.mark.region, pytest.mark.slow]

PROFILE = Profile("few", (Phase("hold", 3, 20),))


def recorded(directory: Path) -> set[tuple[Any, ...]]:
    """What users did, as lines: endpoint, status, outcome, whether it was sent."""
    (file,) = directory.glob("results/*/requests.ndjson.gz")
    users: dict[str, list[Exchange]] = defaultdict(list)
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        one = parse_exchange(line)
        users[one.user].append(one)
    return {
        tuple(
            (one.endpoint, one.status, one.outcome, one.sent)
            for one in sorted(lines, key=lambda one: one.start_ms)
        )
        for lines in users.values()
    }


def play(
    name: str, directory: Path, file: Path, targets: set[str] | None = None
) -> tuple[dict[Visit, Any], Any, Any]:
    """Return what was asked, what was recorded, and the summary; `targets` takes what the requests name."""
    directory.mkdir()
    with serving() as site:
        done = runner.run_load(
            outputs.parse(json.dumps({**OUTPUTS, "url": site.url}), "few"),
            runner.LoadTest(
                PROFILE, generator=name, command=tools.generator(name), scenario=str(file)
            ),
            console=Console(stderr=True, quiet=True),
            base=directory / "results",
        )
        if targets is not None:
            targets.update(site.targets)
        return site.visits(), recorded(directory), done.summary


# The first two are run by all, the first by k6's extension; the last is refused by JMeter.
@pytest.mark.parametrize(("seed", "wide"), [(140, False), (143, False), (42, True)])
def test_all_do_the_same_or_refuse(seed: int, wide: bool, tmp_path: Path):
    file = Script(seed, wide=wide).write(tmp_path, PROFILE.planned_users)
    loaded = scenarios.load(str(file))
    visits, lines = dict[str, Any](), dict[str, Any]()
    for name, generator in GENERATORS.items():
        try:
            tools.generator(name)
        except GeneratorError:
            continue
        if generator.refused(loaded):
            continue
        visits[name], lines[name], summary = play(name, tmp_path / name, file)
        assert summary.users.created == PROFILE.planned_users
    theirs = visits.pop(DEFAULT)
    for name, found in visits.items():
        both = theirs.keys() & found.keys()
        assert len(both) > len(theirs) / 2
        for visit in both:
            assert found[visit] == theirs[visit], (name, visit)
        if theirs.keys() == found.keys():  # who follows which flow is a matter of chance
            assert lines[name] == lines[DEFAULT], name
