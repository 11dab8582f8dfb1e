"""The experiments that come with the load test, and files of other people."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from guardrails.catalogue import RULES

from loadtest.errors import ExperimentError
from loadtest.experiments import engine, files

POLICIES = {rule.id for rule in RULES}


@pytest.mark.parametrize("name", files.names())
def test_every_experiment_can_be_run_and_names_policies_that_exist(name: str) -> None:
    one = files.find(name)
    engine.check(one)
    assert one.because
    assert set(one.because) <= POLICIES
    assert one.raw["rollbacks"][0]["provider"]["func"] == "put_back"


def test_all_experiments_have_one_steady_state() -> None:
    found = [files.find(name).raw["steady-state-hypothesis"] for name in files.names()]
    first = found[0]
    for one in found:
        assert one["title"] == first["title"]
        # Those about deployments also look at the revision.
        assert one["probes"][:3] == first["probes"][:3]
        assert len(one["probes"]) in {3, 4}


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ExperimentError, match="instance-dies"):
        files.find("instance-flies")


def written(tmp_path: Path, **changed: object) -> Path:
    raw = {**files.find("instance-dies").raw, **changed}
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path: Path) -> None:
    found = files.find(str(written(tmp_path, title="Ours")))
    assert (found.name, found.title) == ("ours", "Ours")


def test_a_file_without_a_reason_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="because"):
        files.read(written(tmp_path, extensions=[]))


def test_a_policy_that_is_misspelt_is_named_and_one_of_another_pack_is_not(tmp_path: Path) -> None:
    block = {"name": "haproof", "because": ["asg-mutli-az"], "recovery_s": 9}
    with pytest.raises(ExperimentError, match=r"'asg-mutli-az'.*did you mean 'asg-multi-az'"):
        files.read(written(tmp_path, extensions=[block]))
    block["because"] = ["our-own-rule-17"]
    assert files.read(written(tmp_path, extensions=[block])).because == ("our-own-rule-17",)


@pytest.mark.parametrize(
    "written_as", ["ASG-Multi-AZ", "asg_multi_az", "asg multi az", "asg-multi-a"]
)
def test_another_way_to_write_a_policy_is_no_other_policy(tmp_path: Path, written_as: str) -> None:
    block = {"name": "haproof", "because": [written_as], "recovery_s": 9}
    with pytest.raises(ExperimentError, match="did you mean 'asg-multi-az'"):
        files.read(written(tmp_path, extensions=[block]))


def test_one_policy_and_one_topology_need_no_list(tmp_path: Path) -> None:
    block = {
        "name": "haproof", "because": "asg-multi-az", "applies_to": "single", "contrast": "ha",
        "recovery_s": 9,
    }  # fmt: skip
    found = files.read(written(tmp_path, extensions=[block]))
    assert found.because == ("asg-multi-az",)
    assert (found.hypothesis.applies_to, found.hypothesis.contrast) == (("single",), ("ha",))
    with pytest.raises(ExperimentError, match=r"because: input should be a list, .*, not 5"):
        files.read(written(tmp_path, extensions=[{**block, "because": 5}]))


def test_a_misspelt_key_is_named(tmp_path: Path) -> None:
    block = {"name": "haproof", "because": [], "recovery_s": 9, "recover_s": 9}
    with pytest.raises(ExperimentError, match="recover_s"):
        files.read(written(tmp_path, extensions=[block]))


def test_a_function_that_does_not_exist_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    method = [
        {
            "type": "action",
            "name": "x",
            "provider": {
                "type": "python",
                "module": "loadtest.experiments.actions.instances",
                "func": "vaporize",
            },
        }
    ]
    found = files.read(written(tmp_path, method=method))
    with pytest.raises(ExperimentError, match="vaporize"):
        engine.check(found)
