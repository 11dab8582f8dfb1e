"""Every rule on the good stack, and what a violation reports."""

from __future__ import annotations

import importlib
import pkgutil

import guardrails.rules
import pytest

from tests.policies.draft import BY_ID, Draft, broken, violations
from tests.policies.mutations import MUTATIONS
from tests.policies.rules.cases import breaking_changes

AREAS = [module.name for module in pkgutil.iter_modules(guardrails.rules.__path__)]


def test_the_good_stack_breaks_nothing():
    assert broken(Draft()) == set()


def test_every_rule_is_broken_by_some_change():
    broken_by = {mutation.rule for mutation in MUTATIONS.values()}
    broken_by |= {rule for rule, _ in breaking_changes()}
    assert broken_by == set(BY_ID)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_decided_unless_it_says_otherwise(name):
    draft, mutation = Draft(), MUTATIONS[name]
    mutation.change(draft)
    found = violations(draft, mutation.rule)
    assert found
    assert all(one.undecided for one in found) == mutation.undecided


@pytest.mark.parametrize("area", AREAS)
def test_mutations_stand_in_the_module_of_their_rule(area):
    rules = {rule.id for rule in importlib.import_module(f"guardrails.rules.{area}").RULES}
    mutated = {
        mutation.rule
        for mutation in MUTATIONS.values()
        if mutation.change.__module__ == f"tests.policies.mutations.{area}"
    }
    assert mutated == rules


def test_a_violation_names_resource_value_and_remedy():
    draft = Draft().set("group", "healthCheckType", "EC2")
    (found,) = violations(draft, "asg-elb-health-check")
    text = BY_ID["asg-elb-health-check"].text(found)
    assert '"group"' in text
    assert '"EC2"' in text
    assert "Remedy: set the Auto Scaling group's health_check_type" in text
    assert found.resource.urn == "urn:group"


def test_something_missing_is_a_finding_about_the_whole_stack():
    (found,) = violations(Draft().drop("deployment-group"), "codedeploy-deployment-group")
    assert found.resource is None


def test_each_of_several_resources_is_evaluated():
    draft = Draft().twin("target-group", "second").twin("target-group", "third")
    draft.set("second", "healthCheck", ...).set("third", "healthCheck.protocol", "TCP")
    found = violations(draft, "tg-health-check-defined")
    assert [violation.resource.name for violation in found] == ["second", "third"]


@pytest.mark.parametrize(
    ("rule", "config"),
    [
        ("asg-multi-az", {"minimumZones": 3.0}),
        ("elbv2-multi-az", {"minimumZones": 3.0}),
        ("codedeploy-min-healthy-hosts", {"minimumFleetPercent": 66.0}),
        ("rds-backups", {"minimumDays": 8.0}),
        ("sg-no-remote-admin", {"ports": [80.0]}),
    ],
)
def test_a_threshold_comes_from_the_configuration(rule, config):
    assert not violations(Draft(), rule)
    assert violations(Draft(), rule, **config)
