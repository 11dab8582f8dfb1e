"""Files that are not experiments: each is refused before anything is done, with the place and the value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtest.errors import ExperimentError
from loadtest.experiments import engine, file_form, files

INSTANCES = "loadtest.experiments.actions.instances"
FRAME: dict[str, Any] = files.find("instance-dies").raw
BLOCK: dict[str, Any] = FRAME["extensions"][0]


def action(**changed: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": INSTANCES, "func": "terminate"}
    return {"type": "action", "name": "a", "provider": provider, **changed}


def called(**arguments: Any) -> list[Any]:
    return [action(provider={**action()["provider"], "arguments": arguments})]


def with_provider(**changed: Any) -> list[Any]:
    return [action(provider={**action()["provider"], **changed})]


def block(**changed: Any) -> list[Any]:
    return [{**BLOCK, **changed}]


def checked(tmp_path: Path, **changed: Any) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump({**FRAME, **changed}))
    engine.check(files.read(path))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("title", 5, 'title: must be a text: write "5", in quotes'),
        ("tags", "network", "tags: input should be a list, such as .*, not 'network'"),
        ("tags", 5, "tags"),
        ("contributions", "x", "contributions"),
        ("extensions", "haproof", "extensions"),
        ("extensions", ["haproof"], "extensions.0"),
        ("extensions", [None], "extensions.0"),
        ("method", {"a": 1}, "method: input should be a list"),
        ("method", "x", "method"),
        ("method", None, "method"),
        ("method", ["x"], "method.0: input should be a mapping of keys to values.*, not 'x'"),
        ("method", [None], "method.0"),
        ("method", [action(provider="x")], "method.0.provider"),
        ("method", [action(provider=["x"])], "method.0.provider"),
        ("method", with_provider(arguments=[1]), r"`arguments` of a is not a mapping: \[1\]"),
        ("method", with_provider(arguments=None), "`arguments` of a"),
        ("method", with_provider(module=5), "provider.module"),
        ("method", with_provider(func=7), "provider.func"),
        ("method", [action(pauses=[1])], "pauses"),
        ("method", [action(pauses={"before": -5})], "not -5"),
        ("method", [action(controls="x")], "controls"),
        ("steady-state-hypothesis", None, "steady-state-hypothesis"),
        ("steady-state-hypothesis", [1], "steady-state-hypothesis"),
        ("steady-state-hypothesis", {"title": "x"}, "probes: field required"),
        ("steady-state-hypothesis", {"title": "x", "probes": []}, "probes: is empty: write at least one"),
        ("rollbacks", None, "rollbacks"),
        ("rollbacks", ["x"], "rollbacks.0"),
        ("rollbacks", {"a": 1}, "rollbacks"),
        ("configuration", [1], "configuration"),
        ("configuration", {"a": {"type": "env"}}, "'a' of type env needs a `key`"),
        ("secrets", "x", "secrets"),
        ("secrets", {"a": "b"}, "secrets.a"),
        ("secrets", {"s": {"a": {"type": "env"}}}, "'a' of type env needs a `key`"),
        ("controls", ["x"], "controls.0"),
        ("runtime", [1], "runtime"),
        ("runtime", None, "runtime"),
        ("rollback", [], "did you mean 'rollbacks'"),
        ("steady_state_hypothesis", {}, "did you mean 'steady-state-hypothesis'"),
    ],
)  # fmt: skip
def test_a_part_of_another_kind_is_named(tmp_path: Path, key: str, value: Any, said: str) -> None:
    with pytest.raises(ExperimentError, match=said):
        checked(tmp_path, **{key: value})


@pytest.mark.parametrize("key", ["title", "description", "method", "steady-state-hypothesis"])
def test_a_part_that_is_missing_is_named(tmp_path: Path, key: str) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump({name: part for name, part in FRAME.items() if name != key}))
    with pytest.raises(ExperimentError, match=f"{key}: field required"):
        files.read(path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"recovery_s": float("inf")}, "recovery_s: .* finite"),
        ({"recovery_s": float("nan")}, "recovery_s"),
        ({"recovery_s": 1e12}, "86400"),
        ({"warm_up_s": float("inf")}, "warm_up_s"),
        ({"observe_s": -1}, "observe_s"),
        ({"allowed": {"window_s": float("inf")}}, "allowed.window_s"),
        ({"allowed": {"failed_share": float("nan")}}, "failed_share"),
        ({"applies_to": [], "contrast": []}, "no stack to run it on"),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_meant_is_refused(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ExperimentError, match=said):
        checked(tmp_path, extensions=block(**changed))


@pytest.mark.parametrize(
    ("method", "said"),
    [
        # It would have terminated all instances but one.
        (called(count=-1), r"'count' of 'a' \(instances.terminate\) is -1"),
        (called(count="many"), "not 'many'"),
        (called(count=1.5), "not 1.5"),
        (called(count=True), "not True"),
        (called(cuont=1), "cuont"),
        ([action(controls=[{"name": "c", "provider": {"type": "python", "module": "no.where"}}])],
         "control 'c': there is no module 'no.where'"),
    ],
)  # fmt: skip
def test_what_an_action_cannot_take_is_refused(
    tmp_path: Path, method: list[Any], said: str
) -> None:
    with pytest.raises(ExperimentError, match=said):
        checked(tmp_path, method=method)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), "10"])
def test_a_fault_lasts_a_number_of_seconds(tmp_path: Path, seconds: Any) -> None:
    provider = {"type": "python", "module": INSTANCES, "func": "hang"}
    method = [action(provider={**provider, "arguments": {"seconds": seconds}})]
    with pytest.raises(ExperimentError, match="seconds"):
        checked(tmp_path, method=method)


def test_what_the_format_allows_is_accepted(tmp_path: Path) -> None:
    method = called(count="${count}")
    configuration = {"count": 1, "nested": {"type": "env", "key": "HOME", "default": "/"}}
    checked(tmp_path, method=method, configuration=configuration, tags=None, runtime={})
    checked(tmp_path, contributions={"reliability": "high"}, secrets={"s": {"k": "v"}})
    pauses = {"before": 1, "after": 0.5}
    checked(tmp_path, method=[action(pauses=pauses)], **{"x-of-somebody": 1})


def http(**given: Any) -> dict[str, Any]:
    return {"type": "http", "url": "http://127.0.0.1/", **given}


def asked(provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "probe", "name": "p", "provider": provider, **more}


REFUSED = [
    (http(url="localhost:8080/health"), "the URL of 'p' .* such as http://localhost:8080/health"),
    (http(url="shop.example/health"), "such as http://shop.example/health"),
    (http(url="//shop.example/health"), "such as http://shop.example/health"),
    (http(url="/health"), "write it as http://HOST/PATH"),
    (http(url="ftp://shop.example"), "write it as http://HOST/PATH"),
    (http(url="http:///health"), "write it as http://HOST/PATH"),
    (http(url="http://shop.example:port/"), "the URL of 'p' is .*[Pp]ort"),
    (http(url="${address}"), "the URL of 'p' is '10.0.0.1:80'"),
    (http(headers={"X-Count": 5}), "the header 'X-Count' of 'p' is 5, which is not a string"),
]


@pytest.mark.parametrize(("provider", "said"), REFUSED)
@pytest.mark.parametrize("place", ["method", "steady state", "tolerance", "configuration"])
def test_a_request_that_could_not_be_sent_is_told_before_it_is(
    tmp_path: Path, provider: dict[str, Any], said: str, place: str
) -> None:
    # `requests` raises that once it is asked: an action had failed, and a steady state was off.
    probes = {
        "steady state": asked(provider, tolerance=200),
        "tolerance": asked(http(), name="q", tolerance=asked(provider)),
    }
    steady = {"title": "t", "probes": [probes.get(place, asked(http(), tolerance=200))]}
    configuration: dict[str, Any] = {"address": "10.0.0.1:80"}
    if place == "configuration":
        configuration["found"] = asked(provider)
    method = [action(provider=provider, name="p") if place == "method" else action()]
    changed = {"steady-state-hypothesis": steady, "method": method, "configuration": configuration}
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump({**FRAME, **changed}))
    found = files.read(path)
    with pytest.raises(ExperimentError, match=said):
        file_form.check_calls(
            found.raw, lambda given: str(given).replace("${address}", "10.0.0.1:80")
        )


@pytest.mark.parametrize("method", [[], [asked(http())], [{"ref": "the health path answers"}]])
def test_a_method_in_which_nothing_happens_is_refused(tmp_path: Path, method: list[Any]) -> None:
    with pytest.raises(ExperimentError, match="`method` has no step with `type: action`"):
        checked(tmp_path, method=method)


def test_what_is_written_to_be_dry_is_not_done(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="`dry: activities` of the experiment is not heeded"):
        checked(tmp_path, dry="activities")
    with pytest.raises(ExperimentError, match=r"`dry: actions` of 'a' is not heeded.*--dry-run"):
        checked(tmp_path, method=[action(dry="actions")])
    checked(tmp_path, dry=None, method=[action(dry=False)])
