"""The pack in the real CLI: the program passes, each mutation of it breaks exactly one rule.

Mutations that keep out of each other's way share a preview (`batches`), in which each is still judged by
itself: no other one of them can have broken its rule.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime, timedelta

import pytest
from guardrails.catalogue import RULES
from guardrails.model import Level

from tests.policies.mutations import MUTATIONS
from tests.policies.preview.batches import batch_of, rules_of
from tests.policies.preview.sandbox import PACK

pytestmark = pytest.mark.engine

OPEN = [name for name, mutation in MUTATIONS.items() if mutation.undecided]
ADVISORY = {rule.id for rule in RULES if rule.level is Level.ADVISORY}


@pytest.fixture
def configured(tmp_path):
    """Write a policy configuration and return the options that name it."""

    def write(**content):
        path = tmp_path / "policy.json"
        path.write_text(json.dumps(content))
        return "--policy-pack-config", str(path)

    return write


def test_the_program_passes(good_stack):
    result = good_stack.preview()
    assert result.code == 0, result.text
    assert "haproof@v0.1.0" in result.text
    assert not result.rules("mandatory")
    assert not result.rules("advisory")


def test_the_program_passes_in_production(standing_stack):
    profile = PACK / "profiles" / "production.json"
    result = standing_stack.preview("--policy-pack-config", str(profile))
    assert result.code == 0, result.text
    assert not result.rules("mandatory")
    assert not result.rules("advisory")


@pytest.fixture(scope="module")
def blocked(standing_stack, tmp_path_factory):
    """The preview in which a mutation is, and the rules that the mutations in it break.

    Every rule is made mandatory, so that one that is advisory by default has to block too.
    """
    policy = tmp_path_factory.mktemp("blocked") / "policy.json"
    policy.write_text(json.dumps({"all": "mandatory"}))
    options = ("--policy-pack-config", str(policy))

    @functools.cache
    def of(names):
        return standing_stack.preview(*options, mutations=names)

    def find(name):
        together = batch_of(name)
        expected = rules_of(together)
        if of(together).rules("mandatory") == expected and not of(together).rules("advisory"):
            return of(together), expected
        return of((name,)), rules_of([name])

    return find


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name not in OPEN])
def test_a_mutation_is_blocked_by_the_rule_it_breaks(blocked, name):
    result, expected = blocked(name)
    rule = MUTATIONS[name].rule
    assert rule in expected
    assert result.rules("mandatory") == expected, result.text
    assert not result.rules("advisory"), result.text
    assert result.code != 0
    assert "Remedy: " in result.said_by(rule), result.text
    assert "hunter2" not in result.text


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_decided_blocks_at_no_level(blocked, name):
    result, expected = blocked(name)
    assert result.code == 0, result.text
    assert not result.rules("mandatory"), result.text
    assert result.rules("advisory") == expected == {MUTATIONS[name].rule}, result.text
    assert "Remedy: " in result.said_by(MUTATIONS[name].rule), result.text


def test_every_rule_has_a_mutation():
    assert {rule.id for rule in RULES} == {mutation.rule for mutation in MUTATIONS.values()}
    assert len(MUTATIONS) >= 40


@pytest.mark.parametrize("name", ["one_database", "ec2_health_check"])
def test_by_default_only_a_mandatory_rule_blocks(standing_stack, name):
    rule = MUTATIONS[name].rule
    level = "advisory" if rule in ADVISORY else "mandatory"
    result = standing_stack.preview(mutations=[name])
    assert result.rules(level) == {rule}, result.text
    assert (result.code != 0) == (level == "mandatory"), result.text


def test_the_profile_makes_a_rule_mandatory(standing_stack):
    profile = PACK / "profiles" / "production.json"
    result = standing_stack.preview(
        "--policy-pack-config", str(profile), mutations=["one_database"]
    )
    assert result.rules() == {"rds-multi-az"}, result.text
    assert result.code != 0
    assert 'The profile "production" makes this mandatory.' in result.text


def test_an_exception_lets_it_pass_and_is_reported(standing_stack, configured):
    entry = {
        "rule": "rds-multi-az",
        "resource": "web-database-*",
        "reason": "Bought in March.",
        "expires": (datetime.now(UTC) + timedelta(30)).date().isoformat(),
    }
    options = configured(**{"pack-configuration": {"profile": "production", "exceptions": [entry]}})
    result = standing_stack.preview(*options, mutations=["one_database"])
    assert result.code == 0, result.text
    assert result.rules("advisory") == {"rds-multi-az"}
    assert f"until {entry['expires']} (Bought in March.)" in result.text
    expired = {**entry, "expires": "2020-01-01"}
    options = configured(
        **{"pack-configuration": {"profile": "production", "exceptions": [expired]}}
    )
    result = standing_stack.preview(*options, mutations=["one_database"])
    assert result.code != 0
    assert result.rules() == {"rds-multi-az", "pack-configuration"}, result.text
    assert "it expired on 2020-01-01" in result.text


def test_the_summary_answers_the_five_questions(standing_stack):
    result = standing_stack.preview(mutations=["ec2_health_check"])
    assert "Guardrails: 4 of 5 questions answered with yes" in result.text
    assert "(asg-elb-health-check)" in result.text.partition("Does it survive?")[2]
    assert "Well-Architected, broken: REL11-BP03" in result.text


def test_a_command_that_ends_early_says_which_rules_have_not_run(standing_stack):
    standing_stack.preview()
    (standing_stack.project / "changes.json").write_text("{}")  # the program fails on it
    options = ("preview", "-s", "test", "--policy-pack", str(standing_stack.pack))
    result = standing_stack.pulumi(*options, check=False)
    assert result.code != 0
    assert "rules about the stack as a whole have NOT run" in result.text


def test_a_failed_update_does_not_deny_its_preview(whole_stack, echo_provider):
    echo_provider.failing_types.add("aws:rds/instance:Instance")
    try:
        options = ("up", "--yes", "-s", "test", "--policy-pack", str(whole_stack.pack))
        result = whole_stack.pulumi(*options, check=False)
    finally:
        echo_provider.failing_types.clear()
    assert result.code != 0
    assert "aws:rds/instance:Instance cannot be made" in result.text
    preview, _, update = result.text.partition(
        "the update, or the load after it, did not succeed, so "
    )
    assert "5 of 5 questions answered with yes" in preview, result.text
    assert "rules about the stack as a whole were not run a second time" in update, result.text
    assert "NOT run" not in result.text


def test_a_configuration_that_switches_everything_off_says_so(standing_stack, configured):
    result = standing_stack.preview(*configured(all="disabled"), mutations=["ec2_health_check"])
    assert result.code == 0, result.text
    assert result.rules("advisory") == {"pack-configuration"}, result.text
    assert "Every rule is disabled" in result.text


def test_the_configuration_sets_levels_and_thresholds(standing_stack, configured):
    options = configured(**{"rds-multi-az": "mandatory", "asg-multi-az": {"minimumZones": 3}})
    result = standing_stack.preview(*options, mutations=["one_database"])
    assert result.rules() == {"rds-multi-az", "asg-multi-az"}, result.text
    assert result.code != 0


def test_an_unknown_rule_is_refused(standing_stack, configured):
    result = standing_stack.preview(*configured(**{"rds-multi-zone": "advisory"}))
    assert result.rules() == {"pack-configuration"}, result.text


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"asg-multi-az": {"minimumZones": "many"}}, "minimumZones"),
        ({"pack-configuration": {"profile": "cheap"}}, "profile"),
    ],
)
def test_a_wrong_value_is_refused(standing_stack, configured, content, word):
    result = standing_stack.preview(*configured(**content))
    assert result.code != 0
    assert word in result.text


def test_the_created_stack_passes_when_every_value_is_known(whole_stack, tmp_path):
    whole_stack.preview()
    up = whole_stack.pulumi(
        "up", "--yes", "-s", "test", "--policy-pack", str(whole_stack.pack), check=False
    )
    assert up.code == 0, up.text
    assert not up.rules()
    again = whole_stack.preview()
    assert again.code == 0, again.text
    bad = whole_stack.preview(mutations=["one_subnet"])
    assert bad.rules() == {"asg-multi-az"}, bad.text
    saved = tmp_path / "state.json"
    whole_stack.pulumi("stack", "export", "-s", "test", "--file", str(saved))
    analyze(whole_stack, saved)


def analyze(whole_stack, saved):
    """Analyze the saved state, without program, provider or backend."""
    command = ("policy", "analyze", "--policy-pack", str(PACK), "--file")
    good = whole_stack.pulumi(*command, str(saved), check=False)
    assert good.code == 0, good.text
    assert not good.rules("mandatory")
    assert not good.rules("advisory")
    state = json.loads(saved.read_text())
    for resource in state["deployment"]["resources"]:
        if resource["type"] == "aws:autoscaling/group:Group":
            resource["outputs"]["healthCheckType"] = "EC2"
        if resource["type"] == "aws:rds/instance:Instance":
            resource["inputs"]["storageEncrypted"] = False
    saved.write_text(json.dumps(state))
    bad = whole_stack.pulumi(*command, str(saved), check=False)
    assert bad.code != 0
    assert bad.rules() == {"asg-elb-health-check", "rds-encrypted"}, bad.text
