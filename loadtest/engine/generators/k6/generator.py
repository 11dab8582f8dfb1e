"""k6 as a load generator: found, given the user's plan and the arrivals, and started.

A scenario in plain steps is run by k6's extension itself (`flow.js`, `plain_flow.py`). Through any other,
a script (`user.js`) walks as Artillery walks through its own. Both scripts are the same for every
scenario; the plan, the arrivals and the rows of payloads are data beside them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from loadtest.array_types import Times
from loadtest.engine.generators import script_failures
from loadtest.engine.generators.base import Installation, Load, Running
from loadtest.engine.generators.k6 import plain_flow
from loadtest.engine.generators.k6.plain_flow import NeedsJavaScript
from loadtest.engine.generators.k6.support import REFUSED, judge
from loadtest.engine.generators.process import GeneratorProcess, answer
from loadtest.engine.generators.recorded_process import RecordedProcess
from loadtest.engine.generators.translation import parts, user_plan
from loadtest.errors import GeneratorError
from loadtest.profiles import Profile
from loadtest.runs import paths
from loadtest.scenario import walk
from loadtest.scenario.scenario import Scenario
from loadtest.scenario.steps import requests_in
from loadtest.yaml_positions import Problem

ENTRY, PLAIN_ENTRY = "user.js", "flow.js"
"""Where k6 begins: with what walks through a script, or with what leaves that to the extension."""
SCRIPTS = tuple(
    sorted(set(Path(__file__).parent.glob("*.js")) - {Path(__file__).with_name(PLAIN_ENTRY)})
)
PLAIN_SCRIPTS = tuple(Path(__file__).with_name(name) for name in (PLAIN_ENTRY, "options.js"))
"""What k6 runs; the second for plain steps."""
DIRECTORY = "k6"
"""Where these and their data lie in a run's directory."""
SCHEDULE = f"{DIRECTORY}/schedule.json"
FLOW = f"{DIRECTORY}/flow.json"
"""The scenario in plain steps; there is none if JavaScript walks through it."""
REMEDY = "run `.venv/bin/python -m toolchain tool k6`"
USER_BYTES = 400_000
"""Memory that one of k6's virtual users takes, by measurement, rounded up."""
PLAIN_USER_BYTES = 50_000
"""The same of a visitor of plain steps, a goroutine with a connection: 15 kB without TLS, measured."""
MEMORY_SHARE = 0.5
"""Of the memory that is free, what they may take all together."""
READY_S = 0.25
"""The free users last for so long of arrivals: k6 makes more as soon as fewer are free."""
LEAST_USERS = 20
ONE_THREADS_RATE = 1000
"""Requests of plain steps a second that one thread sends, in a third of its time. Go's threads look for
work in each other's queues before they sleep: below this rate, two cost more than they do."""
EXTENSION = "k6/x/haproof"
"""What `toolchain/k6` adds to k6, as its `version` lists it."""
_VERSION = re.compile(r"\bv?(\d+\.\d+\.\d+\S*)")
_VARIABLES = {
    # HTTP/1.1 as Artillery; what is sent must not depend on the generator.
    "GODEBUG": "http2client=0",
    "K6_AUTO_EXTENSION_RESOLUTION": "false",
    "K6_NO_USAGE_REPORT": "true",
    "NO_COLOR": "1",
}
_ARGUMENTS = (
    "run", "--quiet", "--no-color", "--no-thresholds", "--address", "", "--log-output", "stdout",
    "--log-format", "raw",
)  # fmt: skip

# The extension counts by itself: nobody reads k6's metrics.
_PLAIN_ARGUMENTS = (*_ARGUMENTS, "--no-summary")


class K6:
    """k6 with what `toolchain/k6` adds to it."""

    name = "k6"
    title = "k6"
    log = "k6.log"

    def inspect(self, command: Sequence[str]) -> Installation:
        """Read k6's version.

        Raises:
            GeneratorError: It does not run.
        """
        said = answer([*command, "version"], _VARIABLES, title=self.title, remedy=REMEDY)
        found = _VERSION.search(said)
        if found is None:
            raise GeneratorError(f"{command[0]} is not k6: it says {said.strip()[:80]!r}; {REMEDY}")
        if EXTENSION not in said:
            raise GeneratorError(f"{command[0]} has no {EXTENSION}: it is k6 alone; {REMEDY}")
        cpus = len(psutil.Process().cpu_affinity() or ()) if _AFFINITY else os.cpu_count()
        return Installation(tuple(command), found[1], cpus or 1, workers=1)

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return what k6 would run differently, or not at all."""
        return parts.refused(scenario, REFUSED, judge)

    def prepare(self, load: Load) -> None:
        """Write the script, the plan, the arrivals and the rows into the run's directory.

        Raises:
            GeneratorError: The phases differ in how many users there may be at once.
            ResultsError: The directory cannot be written to.
        """
        directory = load.directory / DIRECTORY
        schedule = load.profile.schedule()
        with paths.writing_to(load.directory):
            directory.mkdir()
            found = plain_flow.translated(load.scenario)
            because = found.why if isinstance(found, NeedsJavaScript) else None
            for script in PLAIN_SCRIPTS if because is None else SCRIPTS:
                shutil.copyfile(script, directory / script.name)
            _write(load.directory / SCHEDULE, [round(float(at), 6) for at in schedule])
            _write(directory / "plan.json", _plan(load, schedule, because))
            if not isinstance(found, NeedsJavaScript):
                _write(load.directory / FLOW, plain_flow.make(load, found))
            # Credentials: the runner removes them after the load.
            _write(load.directory / paths.ROWS, user_plan.rows(load))

    def start(self, load: Load) -> GeneratorProcess:
        """Start `k6 run`.

        Raises:
            GeneratorError: It cannot be started.
        """
        let_in = {name: os.environ[name] for name in load.pass_env if name in os.environ}
        entry = PLAIN_ENTRY if (load.directory / FLOW).exists() else ENTRY
        # Else it would read the user's own configuration of k6.
        own = {"XDG_CONFIG_HOME": str(load.directory.resolve()), **_heap()}
        if entry == PLAIN_ENTRY and most_requests_a_second(load) <= ONE_THREADS_RATE:
            own["GOMAXPROCS"] = "1"
        arguments = _PLAIN_ARGUMENTS if entry == PLAIN_ENTRY else _ARGUMENTS
        return RecordedProcess(
            [*load.installation.command, *arguments, f"{DIRECTORY}/{entry}"],
            load,
            {**let_in, **_VARIABLES, **own},
            log=self.log,
            title=self.title,
            remedy=REMEDY,
        )

    def script_error(
        self, process: Running, directory: Path, recorded: Iterable[str]
    ) -> str | None:
        """Return what the script has printed of its own errors."""
        del directory, recorded
        return script_failures.describe(process.script_errors)


_AFFINITY = hasattr(psutil.Process, "cpu_affinity")


def _heap() -> dict[str, str]:
    """Return what tells Go to collect garbage more rarely, as long as there is memory.

    Users that only wait are live memory, which every collection looks through.
    """
    most = int(psutil.virtual_memory().available * MEMORY_SHARE)
    return {"GOGC": "300", "GOMEMLIMIT": f"{most}B"}


def _write(path: Path, content: Any) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False, separators=(",", ":"))


def _plan(load: Load, schedule: Times, because: str | None) -> dict[str, Any]:
    """Return the user's plan, with what only k6 needs; `because` is why JavaScript walks through it."""
    script = load.scenario.script
    longest_s, limit = load.scenario.longest_s, _limit(load.profile)
    free_bytes = psutil.virtual_memory().available
    each = PLAIN_USER_BYTES if because is None else USER_BYTES
    most = limit or most_users(schedule, longest_s + READY_S, free_bytes, each)
    most = min(most, len(schedule))
    plain = {"flow": FLOW, "rows": paths.ROWS, "totals": paths.TOTALS}
    return {
        **(plain if because is None else user_plan.make(load, agent=plain_flow.AGENT)),
        "walks": "k6's extension" if because is None else f"JavaScript, {because}",
        "run": load.directory.name,
        "schedule": SCHEDULE,
        "arrivals": len(schedule),
        # With a limit nobody may be missing: whoever finds nobody free is skipped.
        "ready": most if limit else min(most, ready_users(schedule)),
        "most_users": most,
        "most_at_once": limit,
        "longest_s": int(load.profile.duration_s + longest_s + 60),
        "tls": walk.mapping(walk.mapping(script["config"]).get("tls")),
        "pass_env": sorted(load.pass_env),
    }


def _limit(profile: Profile) -> int | None:
    """Return how many users there may be at once; None in the open model.

    Raises:
        GeneratorError: Phases differ in it.
    """
    limits = {phase.most_at_once for phase in profile.phases if not phase.pauses}
    if len(limits) > 1:
        raise GeneratorError(
            f"profile {profile.name!r}: k6 has one limit of users at a time (`maxVusers`) for all "
            "phases; give each the same, or run it with `--generator artillery`"
        )
    return limits.pop() if limits else None


def most_users(
    schedule: Times, longest_s: float, free_bytes: float, user_bytes: float = USER_BYTES
) -> int:
    """Return how many users can be there at once, at most, as far as there is memory for them.

    k6 makes no more. Where there are more after all, they arrive late: the run's check of arrivals says so.
    """
    affordable = int(free_bytes * MEMORY_SHARE / user_bytes)
    return max(LEAST_USERS, min(_most_within(schedule, longest_s), affordable))


def most_requests_a_second(load: Load) -> int:
    """Return how many requests the visitors of the busiest second send, all of theirs in that second."""
    flows = load.scenario.validated.scenarios
    return _most_within(load.profile.schedule(), 1) * max(requests_in(one.flow) for one in flows)


def ready_users(schedule: Times) -> int:
    """Return how many users k6 keeps free: those who arrive while it makes others."""
    return max(LEAST_USERS, _most_within(schedule, READY_S))


def _most_within(schedule: Times, seconds: float) -> int:
    first = np.searchsorted(schedule, schedule - seconds)
    return int((np.arange(len(schedule)) - first).max(initial=0)) + 1
