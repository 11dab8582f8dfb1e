"""What the program tells Pulumi about a resource, beside its properties."""

from __future__ import annotations

import pytest
from guardrails.convert import to_resource, to_stack
from guardrails.resources import Options
from pulumi.runtime.proto import analyzer_pb2

from tests.policies.draft import Draft, broken, violations

TEMPLATE = "mixedInstancesPolicy"

BREAKS = [
    ("replacement-keeps-service", lambda d: d.option("database", deleted_first=True)),
    (
        "settings-follow-program",
        lambda d: d.option("load-balancer", ignored=["subnets[0]", "subnets"]),
    ),
    ("asg-launches-current-template", lambda d: d.option("group", ignored=[TEMPLATE])),
]

KEEPS = [
    lambda d: d.option("database", deleted_first=True, protected=True),
    lambda d: d.option("database-group", deleted_first=True),
    lambda d: d.option("group", ignored=["desiredCapacity", "tags", "launchTemplate"]),
    lambda d: d.option("http", ignored=["defaultActions"]),
]

RAW = analyzer_pb2.AnalyzerResourceOptions(
    protect=True,
    ignoreChanges=["minSize", "tags.team"],
    deleteBeforeReplace=True,
    deleteBeforeReplaceDefined=True,
)


def test_both_messages_of_the_engine_carry_the_options():
    expected = Options(protected=True, deleted_first=True, ignored=("minSize", "tags.team"))
    one = to_resource(analyzer_pb2.AnalyzeRequest(type="t", urn="urn:it", options=RAW))
    (other,) = to_stack(
        [analyzer_pb2.AnalyzerResource(type="t", urn="urn:it", options=RAW)]
    ).resources
    assert one.options == other.options == expected


def test_an_order_that_nobody_gave_is_none():
    raw = analyzer_pb2.AnalyzerResourceOptions(deleteBeforeReplace=True)
    one = to_resource(analyzer_pb2.AnalyzeRequest(type="t", urn="urn:it", options=raw))
    assert one.options == Options()


@pytest.mark.parametrize(
    ("entry", "path", "covers"),
    [
        ("launchTemplate", ("launchTemplate", "version"), True),
        ("launchTemplate.version", ("launchTemplate", "version"), True),
        ("launchTemplate.id", ("launchTemplate", "version"), False),
        ('tags["minSize"]', ("minSize",), False),
        ("ingress[0].fromPort", ("ingress",), False),
        ("*", ("anything",), True),
    ],
)
def test_what_an_entry_covers(entry, path, covers):
    assert bool(Options(ignored=(entry,)).ignores(*path)) == covers


def test_a_version_that_follows_the_template_may_be_ignored():
    draft = Draft().option("group", ignored=[TEMPLATE, "desiredCapacity"])
    version = "launchTemplate.launchTemplateSpecification.version"
    assert not broken(draft.set("group", f"{TEMPLATE}.{version}", "$Latest"))


def test_the_database_that_nothing_keeps_says_so():
    draft = Draft().set("database", "deletionProtection", False)
    draft.set("database", "skipFinalSnapshot", True).option("database", protected=True)
    (found,) = violations(draft, "rds-deletion-protection")
    assert "no final snapshot" in found.what
    assert "automated backups are kept" in found.what
    assert "from Pulumi only" in found.what
    draft.set("database", "deleteAutomatedBackups", ...)
    (found,) = violations(draft, "rds-deletion-protection")
    assert "its automated backups go too" in found.what
