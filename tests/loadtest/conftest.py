"""Shared by the load test's tests: stack outputs, synthetic runs and a server that misbehaves."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loadtest.analysis.measurements import ArtilleryReport, Measurements
from loadtest.analysis.slo import Slo
from loadtest.analysis.summary import summarise
from loadtest.models import ProbeSettings, RunSettings, RunSummary
from loadtest.profiles import PROFILES, Profile
from loadtest.runs import journal, paths, table
from loadtest.runs.recording import Beat, Exchange, PhaseStart, Usage
from loadtest.scenario import scenario as scenarios
from loadtest.stack.outputs import StackOutputs

BEGAN_MS = 1_790_000_000_000.0
RAW_OUTPUTS: dict[str, Any] = {
    "url": "http://127.79.0.10:8080",
    "healthPath": "/health",
    "topology": "ha",
    "region": "ap-northeast-2",
    "instanceType": "t4g.nano",
    "instanceCount": 6,
    "availabilityZones": ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"],
    "databaseClass": "db.t4g.micro",
    "codedeployApplication": "haproof-ha",
    "codedeployDeploymentGroup": "haproof-ha-fleet",
    "revisionBucket": "haproof-revisions",
    "revisionKey": "revisions/music-note.zip",
    "revisionDigest": "ab" * 32,
    "seedUsers": 27000,
    "loadProfile": "quick",
    "loadBalancerDnsName": "127.79.0.10",
    "autoScalingGroupName": "haproof-ha",
    "targetGroupArn": "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/t/1",
    "instanceId": None,
}
SINGLE = {
    "topology": "single",
    "instanceCount": 1,
    "loadBalancerDnsName": None,
    "autoScalingGroupName": None,
    "targetGroupArn": None,
    "instanceId": "i-0single",
}


def outputs_of(**changed: Any) -> StackOutputs:
    return StackOutputs.model_validate({**RAW_OUTPUTS, **changed})


def exchange(user: str = "1-1", endpoint: str = "index page", **changed: Any) -> Exchange:
    """A good answer after 5 ms, but for what is changed."""
    arrived = changed.pop("arrived_ms", BEGAN_MS)
    good = Exchange(
        user, endpoint, arrived, arrived, 5.0, 6.0, 200, True, None, True, "i-0a", "z-a", "v1"
    )  # fmt: skip
    return good._replace(**changed)


def timeout(user: str, endpoint: str, arrived_ms: float) -> Exchange:
    return exchange(
        user,
        endpoint,
        arrived_ms=arrived_ms,
        ttfb_ms=None,
        total_ms=10_003.0,
        status=None,
        expected=None,
        error="ETIMEDOUT",
        instance=None,
        zone=None,
        version=None,
    )


def users_of(
    profile: Profile, index_timeouts: int = 0, login_timeouts: int = 0, ttfb_ms: float = 5.0
) -> list[Exchange]:
    """A whole run, in which the last users time out: at the index page, or at the login before."""
    made: list[Exchange] = []
    schedule = profile.schedule()
    reach_login = len(schedule) - index_timeouts
    instances = [(f"i-0{n}", f"ap-northeast-2{'abc'[n % 3]}") for n in range(6)]
    for number, at in enumerate(schedule, start=1):
        user, arrived = f"1-{number}", BEGAN_MS + float(at) * 1000
        instance, zone = instances[number % 6]
        good = exchange(
            user, arrived_ms=arrived, ttfb_ms=ttfb_ms + number % 7, instance=instance, zone=zone
        )
        if number > reach_login:
            made.append(timeout(user, "index page", arrived))
            continue
        made.append(good)
        later = arrived + 8
        if number > reach_login - login_timeouts:
            made.append(timeout(user, "login", arrived)._replace(start_ms=later))
        else:
            made.append(good._replace(endpoint="login", start_ms=later))
    return made


def artillery_counters(exchanges: Sequence[Exchange]) -> dict[str, int]:
    """What Artillery would have counted of the same run."""
    users = {e.user for e in exchanges}
    failed = {e.user for e in exchanges if e.error or not e.expected}
    counters = Counter({"vusers.created": len(users), "http.requests": len(exchanges)})
    for one in exchanges:
        if one.status is not None:
            counters[f"http.codes.{one.status}"] += 1
            counters["http.responses"] += 1
        if one.error is not None:
            counters[f"errors.{one.error}"] += 1
        elif not one.expected:
            counters[f"errors.UNEXPECTED_STATUS_{one.status}"] += 1
    # As in Artillery, a counter that never counted does not exist.
    return {
        **counters,
        **({"vusers.failed": len(failed)} if failed else {}),
        "vusers.completed": len(users) - len(failed),
    }


def settings_of(profile: Profile, **changed: Any) -> RunSettings:
    """What was decided before a run; of the HA stack, but for what is changed."""
    values: dict[str, Any] = {
        "id": "20261122T000000Z-ha-quick",
        "topology": "ha",
        "target": RAW_OUTPUTS["url"],
        "started_at": datetime.fromtimestamp(BEGAN_MS / 1000, UTC),
        "profile": profile.record(),
        "scenario": scenarios.load().record(),
        "slow_ms": Slo().slow_ms,
        "probe": ProbeSettings(path="/health"),
        "artillery": "2.0.34",
        "node": "24.19.0",
        "python": "3.11.7",
        "workers": 1,
        "host_cpus": 2,
    }
    return RunSettings(**{**values, **changed})


def measured(exchanges: Sequence[Exchange], profile: Profile, **changed: Any) -> Measurements:
    """A run with these requests; what is changed may be of the measurements or of the settings."""
    known = RunSettings.model_fields.keys() - {field.name for field in fields(Measurements)}
    own = {name: changed.pop(name) for name in known & changed.keys()}
    if outputs := changed.pop("outputs", None):
        own |= {"topology": outputs.topology, "target": outputs.url}
    settings = settings_of(profile, **own)
    events: list[Any] = [PhaseStart(BEGAN_MS, 0, "ramp")]
    for second in range(1, profile.duration_s):
        at = BEGAN_MS + 1000 * second
        events.append(Beat(at, 1, 0, 0, 2.0, 9.0, 0.5))
        events.append(Usage(at, 16.2 * second / profile.duration_s, 400 << 20))
    counters = artillery_counters(exchanges)
    aggregate = {"counters": counters, "summaries": {"http.response_time": {"p99": 9.0}}}
    values: dict[str, Any] = {
        "settings": settings,
        "finished_at": datetime.fromtimestamp(BEGAN_MS / 1000, UTC),
        "cut_reason": None,
        "requests": table.from_exchanges(exchanges, settings.slow_ms),
        "generator": events,
        "artillery": ArtilleryReport(aggregate, [counters]),
    }
    return Measurements(**{**values, **changed})


def published_exchanges() -> list[Exchange]:
    """The single run's requests with the published counts: 14,766 timeouts, one user each."""
    return users_of(PROFILES["seed"], index_timeouts=14_729, login_timeouts=37)


def published_single() -> RunSummary:
    """A single run with exactly the published counts."""
    return summarise(
        measured(
            published_exchanges(),
            PROFILES["seed"],
            outputs=outputs_of(**SINGLE),
            id="20261122T000000Z-single-seed",
        )
    )


def published_ha() -> RunSummary:
    return summarise(
        measured(users_of(PROFILES["seed"]), PROFILES["seed"], id="20261122T001000Z-ha-seed")
    )


@pytest.fixture(scope="session")
def make_outputs() -> Callable[..., StackOutputs]:
    return outputs_of


@pytest.fixture
def raw_outputs() -> dict[str, Any]:
    return dict(RAW_OUTPUTS)


@pytest.fixture(scope="session")
def single_outputs() -> StackOutputs:
    return outputs_of(**SINGLE)


@pytest.fixture(scope="session")
def make_exchange() -> Callable[..., Exchange]:
    return exchange


@pytest.fixture(scope="session")
def make_users() -> Callable[..., list[Exchange]]:
    return users_of


@pytest.fixture(scope="session")
def make_measurements() -> Callable[..., Measurements]:
    return measured


@pytest.fixture(scope="session")
def golden() -> tuple[RunSummary, RunSummary]:
    """Both runs with the published counts."""
    return published_single(), published_ha()


def line_of(one: Exchange) -> str:
    """The line that the recorder writes of a request."""
    names = {"user": "vu", "arrived_ms": "arrived", "start_ms": "start"}
    names |= {"ttfb_ms": "ttfb", "total_ms": "total"}
    return json.dumps({names.get(k, k): v for k, v in one._asdict().items()}) + "\n"


def save_run(
    base: Path, summary: RunSummary, exchanges: Sequence[Exchange], outputs: StackOutputs
) -> Path:
    """Writes a run as the runner leaves it."""
    directory = base / summary.id
    directory.mkdir(parents=True)
    paths.save_summary(directory, summary)
    (directory / paths.OUTPUTS).write_text(outputs.to_json())
    with gzip.open(directory / f"{paths.REQUESTS}.gz", "wt", compresslevel=1) as file:
        file.writelines(map(line_of, exchanges))
    return directory


@pytest.fixture(scope="session")
def make_saved() -> Callable[..., Path]:
    return save_run


@pytest.fixture(scope="session")
def golden_base(
    golden: tuple[RunSummary, RunSummary], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Results with both golden runs, saved as the runner would have."""
    base = tmp_path_factory.mktemp("golden")
    single, ha = golden
    save_run(base, single, published_exchanges(), outputs_of(**SINGLE))
    save_run(base, ha, users_of(PROFILES["seed"]), outputs_of())
    return base


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def save(
    base: Path,
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    make_outputs: Callable[..., StackOutputs],
    make_saved: Callable[..., Path],
) -> Callable[..., RunSummary]:
    """Save a quick run of the HA stack whose answers take `ttfb_ms` and 0 to 6 ms more."""

    def save_one(number: int, ttfb_ms: float = 5.0, **timeouts: int) -> RunSummary:
        exchanges = make_users(PROFILES["quick"], ttfb_ms=ttfb_ms, **timeouts)
        name = f"20261122T00000{number}Z-ha-quick"
        summary = summarise(make_measurements(exchanges, PROFILES["quick"], id=name))
        make_saved(base, summary, exchanges, make_outputs())
        return summary

    return save_one


@pytest.fixture
def settings(make_measurements: Callable[..., Measurements]) -> RunSettings:
    return make_measurements([], PROFILES["smoke"]).settings


@pytest.fixture
def killed(
    tmp_path: Path, make_users: Callable[..., list[Exchange]], settings: RunSettings
) -> Path:
    """The files of a run whose program was killed: no run.json, the last request half-written."""
    directory = tmp_path / "killed"
    directory.mkdir()
    (directory / paths.SETTINGS).write_text(settings.model_dump_json())
    exchanges = make_users(PROFILES["smoke"])
    for begin in range(0, 400, 40):
        piece = "".join(line_of(one) for one in exchanges[begin : begin + 40])
        journal.append(directory / "requests.ndjson.gz", piece)
    file = directory / "requests.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-30])
    lines = [
        {"event": "phase", "index": 0, "name": "ramp", "at": BEGAN_MS},
        {"event": "beat", "at": BEGAN_MS + 1000, "worker": 1, "users": 5, "in_flight": 2,
         "lag_p99": 1.5, "lag_max": 9.0, "busy": 0.4},
        {"event": "usage", "at": BEGAN_MS + 1000, "cpu_s": 4.0, "rss": 1000},
        {"event": "usage", "at": BEGAN_MS + 2000, "cpu_s": 4.75, "rss": 2000},
    ]  # fmt: skip
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (directory / paths.GENERATOR).write_text(text + '{"event": "be')
    probes = '{"at": %f, "total": 2.0, "status": 200, "error": null}\n' % (BEGAN_MS + 500)
    journal.append(directory / "probes.ndjson.gz", probes)
    return directory


@pytest.fixture
def whole(
    tmp_path: Path,
    make_users: Callable[..., list[Exchange]],
    make_measurements: Callable[..., Measurements],
    settings: RunSettings,
) -> Path:
    """The files of a run that went to its end."""
    directory = tmp_path / "whole"
    directory.mkdir()
    exchanges = make_users(PROFILES["smoke"], ttfb_ms=996)
    measured = make_measurements(exchanges, PROFILES["smoke"])
    (directory / paths.SETTINGS).write_text(settings.model_dump_json())
    paths.save_summary(directory, summarise(measured))
    for begin in range(0, len(exchanges), 100):
        piece = "".join(line_of(one) for one in exchanges[begin : begin + 100])
        journal.append(directory / "requests.ndjson.gz", piece)
    return directory
