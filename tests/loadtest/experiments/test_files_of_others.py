"""Files as others write them for the Chaos Toolkit: what its engine takes is taken, and does the same.

The shapes are those of its documentation and its public examples
(https://chaostoolkit.org/reference/api/experiment/, https://github.com/chaostoolkit/chaostoolkit).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.types import Strategy

from loadtest.errors import ExperimentError
from loadtest.experiments import engine, files, follower, kinds, runner
from loadtest.experiments.models import ExperimentFile
from loadtest.experiments.session import Session, under_way
from tests.loadtest.conftest import outputs_of
from tests.loadtest.experiments import json_server

BLOCK = {"name": "haproof", "because": [], "recovery_s": 30}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    body = json.dumps({"status": "ok", "items": [{"n": 3}]}).encode()
    with json_server.serving(lambda _: (200, body)) as address:
        yield f"{address}/health"


def http(**more: Any) -> dict[str, Any]:
    return {"type": "http", "url": "${url}", "timeout": 5, **more}


def python(func: str, module: str = "os.path", **arguments: Any) -> dict[str, Any]:
    return {"type": "python", "module": module, "func": func, "arguments": arguments}


def process(path: str, arguments: Any = None) -> dict[str, Any]:
    return {"type": "process", "path": path, **({"arguments": arguments} if arguments else {})}


def probe(provider: dict[str, Any], tolerance: Any = None, **more: Any) -> dict[str, Any]:
    own = {} if tolerance is None else {"tolerance": tolerance}
    return {"type": "probe", "name": more.pop("name", "p"), "provider": provider, **own, **more}


def action(provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "action", "name": more.pop("name", "a"), "provider": provider, **more}


def file_of(*probes: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "title": "Ours",
        "description": "n/a",
        "steady-state-hypothesis": {"title": "All is well", "probes": list(probes)},
        "method": [action(process("/bin/true"))],
        **parts,
    }


EXISTS = python("exists", path="/")
ECHO = process("/bin/echo", "hello 42")
FILES: dict[str, dict[str, Any]] = {
    "tolerance-true": file_of(probe(EXISTS, True)),
    "tolerance-status": file_of(probe(http(), 200)),
    "tolerance-list": file_of(probe(http(), [200, 201, 204])),
    "tolerance-range": file_of(probe(http(), {"type": "range", "range": [200, 299], "target": "status"})),
    "tolerance-regex": file_of(probe(ECHO, {"type": "regex", "pattern": "[0-9]+", "target": "stdout"})),
    "tolerance-probe": file_of(
        probe(EXISTS, {"type": "probe", "name": "t", "provider": python("is_true", __name__, value="")})
    ),
    "tolerance-not-met": file_of(probe(http(), 503)),
    "http-with-headers": file_of(
        probe(http(headers={"Accept": "application/json"}, method="GET", verify_tls=False), 200)
    ),
    "process-with-a-mapping": file_of(probe(process("/bin/echo", {"-n": "x"}), 0)),
    "process-with-a-list": file_of(probe(process("/bin/echo", ["a", "b c"]), 0)),
    "configuration-from-the-environment": file_of(
        probe(python("exists", path="${root}"), True),
        configuration={"root": {"type": "env", "key": "HAPROOF_NOT_SET", "default": "/"}},
    ),
    "configuration-of-a-type": file_of(
        probe(python("same", __name__, a="${port}", b=8080), True),
        configuration={
            "port": {"type": "env", "key": "HAPROOF_PORT", "env_var_type": "int", "default": "8080"}
        },
    ),
    "configuration-from-a-probe": file_of(
        probe(python("exists", path="${found}"), True),
        configuration={"found": probe(python("dirname", p="/etc/hosts"))},
    ),
    "secrets": file_of(
        probe({**python("with_secret", __name__), "secrets": ["ours"]}, "s3cret"),
        secrets={"ours": {"token": "s3cret"}},
    ),
    "secrets-from-the-environment": file_of(
        probe({**python("with_secret", __name__), "secrets": ["ours"]}, "/"),
        secrets={"ours": {"token": {"type": "env", "key": "HAPROOF_ROOT"}}},
    ),
    "runtime": file_of(
        probe(EXISTS, True),
        runtime={"hypothesis": {"strategy": "default"}, "rollbacks": {"strategy": "always"}},
    ),
    "contributions-and-tags": file_of(
        probe(EXISTS, True),
        contributions={"reliability": "high", "security": "none"},
        tags=["platform:kubernetes", "service:web"],
    ),
    "extensions-of-others": file_of(
        probe(EXISTS, True),
        extensions=[{"name": "chaosiq", "experiment_id": "abc"}],
    ),
    "background-and-pauses": file_of(
        probe(EXISTS, True),
        method=[
            action(process("/bin/true"), background=True, pauses={"before": 0, "after": 0.01}),
            probe(http(), name="while it happens"),
        ],
    ),
    "a-reference": file_of(
        probe(EXISTS, True, name="it is there"),
        method=[action(process("/bin/true"), name="again"), {"ref": "it is there"}, {"ref": "again"}],
    ),
    "a-reference-in-the-steady-state": file_of(
        {"ref": "it is there", "tolerance": True},
        method=[probe(EXISTS, True, name="it is there"), action(process("/bin/true"))],
    ),
    "an-action-that-fails": file_of(
        probe(EXISTS, True),
        method=[action(python("fails", __name__)), action(process("/bin/true"))],
    ),
    "controls": file_of(
        probe(EXISTS, True),
        controls=[{"name": "c", "provider": {"type": "python", "module": __name__}}],
    ),
}  # fmt: skip
CONTROLLED: list[str] = []


def is_true(value: Any) -> bool:
    """Serve as a probe of a tolerance."""
    return value is True


def same(a: Any, b: Any) -> bool:
    """Return whether both are equal, of the same type."""
    return type(a) is type(b) and a == b


def with_secret(secrets: dict[str, Any]) -> str:
    """Return the secret that it was given."""
    return str(secrets["token"])


def fails() -> None:
    """Fail."""
    raise ValueError("of theirs")


def before_experiment_control(context: dict[str, Any], **_: Any) -> None:
    """Note that it was called, as a control."""
    CONTROLLED.append(context["title"])


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FREQUENCY_S", 0.01)
    monkeypatch.setattr(follower, "SHOWS_S", 0.0)
    monkeypatch.setenv("HAPROOF_ROOT", "/")


def complete(raw: dict[str, Any], url: str) -> dict[str, Any]:
    """The file with the address of the server, and the block that the Chaos Toolkit lacks."""
    made = copy.deepcopy(raw)
    made["configuration"] = {"url": url, **made.get("configuration", {})}
    made["extensions"] = [*made.get("extensions", []), BLOCK]
    return made


def read(tmp_path: Path, raw: dict[str, Any], suffix: str = ".yaml") -> ExperimentFile:
    path = tmp_path / f"theirs{suffix}"
    path.write_text(yaml.safe_dump(raw) if suffix == ".yaml" else json.dumps(raw))
    return files.read(path)


def outcome(journal: Any) -> tuple[Any, ...]:
    """What a run came to: of its steady states, of its steps and of its way back."""
    states = journal["steady_states"]
    met = [(states.get(when) or {}).get("steady_state_met") for when in ("before", "after")]
    steps = [[run["status"] for run in journal[part]] for part in ("run", "rollbacks")]
    return (journal["status"], met, *steps)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_what_the_chaos_toolkit_takes_ends_as_it_does_there(
    session: Session, tmp_path: Path, url: str, name: str, suffix: str
) -> None:
    raw = complete(FILES[name], url)
    ensure_experiment_is_valid(copy.deepcopy(raw))
    there = run_experiment(
        copy.deepcopy(raw),
        settings=engine.SETTINGS,
        strategy=Strategy.DEFAULT,
    )
    CONTROLLED.clear()
    session.experiment = read(tmp_path, raw, suffix)
    engine.check(session.experiment)
    engine.values(session.experiment)
    with under_way(session):
        here = engine.run(session, lambda _: None)
        assert engine.is_steady(session) == (name != "tolerance-not-met")
    assert outcome(here) == outcome(there)
    assert (name == "controls") == bool(CONTROLLED)


@pytest.mark.parametrize("name", FILES)
def test_a_dry_run_tells_of_each_action_of_theirs(
    session: Session, tmp_path: Path, url: str, name: str
) -> None:
    experiment = read(tmp_path, complete(FILES[name], url))
    planned = runner.plan(experiment, outputs_of())
    actions = [one["name"] for one in kinds.steps(experiment.raw) if one["type"] == "action"]
    assert actions
    assert [one.what.partition(":")[0] for one in planned] == actions
    assert {one.costs for one in planned} <= {"unknown"}


def test_a_dry_run_tells_of_the_way_back_too(tmp_path: Path, url: str) -> None:
    own = python("put_back", "loadtest.experiments.actions.way_back")
    way_back = [action(own, name="ours"), action(process("/bin/true"), name="undo")]
    raw = complete(FILES["tolerance-true"] | {"rollbacks": way_back}, url)
    planned = runner.plan(read(tmp_path, raw), outputs_of())
    assert [one.what.partition(":")[0] for one in planned] == ["a", "undo"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"extensions": []}, "0 blocks `name: haproof`"),
        ({"steady-state-hypothesis": None}, "steady-state-hypothesis"),
        ({"method": [{"ref": "nowhere"}]}, "nowhere"),
        # There it only checks the steady state; here there would be nothing to show.
        ({"method": []}, "no step with `type: action`"),
        ({"configuration": {"k": {"type": "env", "key": "HAPROOF_NOT_SET"}}}, "HAPROOF_NOT_SET"),
        ({"secrets": {"s": {"k": {"type": "env", "key": "HAPROOF_NOT_SET"}}}}, "HAPROOF_NOT_SET"),
        ({"method": [action(process("/no/such/program"))]}, "/no/such/program"),
        ({"method": [action({"type": "gremlin", "url": "x"})]}, "gremlin"),
        ({"method": [action(python("vaporize"))]}, "vaporize"),
        ({"method": [action(python("x", "chaosaws.ec2.actions"))]},
         "chaosaws.ec2.actions.*: install the package that has it"),
        # What comes from the environment is text.
        ({"configuration": {"p": {"type": "env", "key": "HOME"}},
          "method": [{**action(process("/bin/true")), "pauses": {"before": "${p}"}}]},
         "pause 'before' of 'a' is '/.*', not a number of seconds: give its variable an `env_var_type`"),
        ({"method": [action({"type": "http"})]}, "URL"),
        # Its package for this is not among ours; the message is the engine's.
        ({"steady-state-hypothesis": {"title": "t", "probes": [
            probe(EXISTS, {"type": "jsonpath", "path": "$.n", "count": 1})]}}, "jsonpath2"),
        ({"steady-state-hypothesis": {"title": "t", "probes": [probe(EXISTS)]}}, "tolerance"),
        ({"steady-state-hypothesis": {"title": "t", "probes": [probe(EXISTS, {"type": "range"})]}},
         "range"),
        ({"steady-state-hypothesis": {"title": "t", "probes": [
            probe(EXISTS, {"type": "regex", "pattern": "("})]}}, "pattern|regex|parenthesis"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_one_message_before_anything_is_done(
    tmp_path: Path, url: str, changed: dict[str, Any], said: str
) -> None:
    raw = complete(FILES["tolerance-true"], url) | changed
    with pytest.raises(ExperimentError, match=said):
        runner.plan(read(tmp_path, raw), outputs_of())


def test_a_template_of_aws_fis_is_told_from_an_experiment(tmp_path: Path) -> None:
    template = {
        "description": "Stop an instance",
        "targets": {"one": {"resourceType": "aws:ec2:instance", "selectionMode": "COUNT(1)"}},
        "actions": {
            "stop": {"actionId": "aws:ec2:stop-instances", "targets": {"Instances": "one"}}
        },
        "stopConditions": [{"source": "none"}],
        "roleArn": "arn:aws:iam::123456789012:role/fis",
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    with pytest.raises(ExperimentError, match=r"template of AWS FIS.*`method`.*zone-lost-silent"):
        files.read(path)
