"""A remedy helps: whoever follows the message of a broken stack has an unbroken one."""

from __future__ import annotations

import re

import pytest

from tests.policies.draft import BY_ID, Changes, Draft, broken, violations
from tests.policies.mutations import MUTATIONS
from tests.policies.remedies import REMEDIES


def remedy_of(mutation):
    return REMEDIES.get(mutation) or REMEDIES.get(MUTATIONS[mutation].rule)


CURED = [name for name in MUTATIONS if remedy_of(name)]
UNCURED = sorted(name for name in MUTATIONS if not remedy_of(name))


SYNONYMS = {
    "assumeRolePolicy": ("trustpolicy", "condition"),
    "containerDefinitions": ("container",),
    "subnetId": ("subnet",),
    "subnetIds": ("subnet",),
    "actions": ("forward",),
    "defaultActions": ("redirect", "weight", "forward"),
    "fromPort": ("port",),
    "settings": ("deploymentpolicy", "environmenttype", "minsize"),
    "subnets": ("publicsubnet", "subnet"),
    "toPort": ("port",),
    "userData": ("listenon",),
    "vpcZoneIdentifiers": ("launchinstancesin", "nat"),
}
"""What messages call a property that people know by another name."""


OPTIONS = {
    "deleted_first": ("delete_before_replace",),
    "ignored": ("ignore_changes",),
    "protected": ("protect",),
}
"""What messages call an option of a resource."""


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def said(mutation):
    """What the messages of the broken rule say, with the steps."""
    draft, rule = Draft(), BY_ID[MUTATIONS[mutation].rule]
    MUTATIONS[mutation].change(draft)
    texts = [rule.text(found) for found in violations(draft, rule.id)]
    return " ".join([*texts, *rule.steps]).lower().replace(" ", "_")


@pytest.mark.parametrize("mutation", CURED)
def test_whoever_follows_the_remedy_has_an_unbroken_stack(mutation):
    draft = Draft()
    MUTATIONS[mutation].change(draft)
    assert broken(draft)
    remedy_of(mutation)(draft)
    assert broken(draft) == set()


@pytest.mark.parametrize("mutation", CURED)
def test_the_message_names_what_its_remedy_changes(mutation):
    changes, text = Changes(), said(mutation)
    plain = text.replace("_", "")
    remedy_of(mutation)(changes)
    for change in changes.sets:
        words = [snake(step) for step in change["path"].split(".") if not step.isdigit()]
        words += SYNONYMS.get(change["path"].split(".", maxsplit=1)[0], ())
        found = any(word.removesuffix("s").replace("_", "") in plain for word in words)
        removed = "value" not in change and re.search(
            r"remove|leave|instead|_out\b|replace|register_in|stop_forwarding", text
        )
        assert found or removed, f"{change['path']} is not mentioned: {text}"
    if changes.adds:
        assert re.search(r"create|add|attach|allow|list|give", text)
        # "RolePolicy" may be called a policy.
        kinds = [one["type"].rpartition(":")[2] for one in changes.adds]
        names = [
            word.lower() for kind in kinds for word in (kind, *re.findall("[A-Z][a-z]+", kind))
        ]
        assert any(name in plain for name in names), f"{kinds}: {text}"
    names = {name for one in changes.options for name in one["options"]}
    assert all(any(word in text for word in OPTIONS[name]) for name in names), text
    if changes.drops:
        assert re.search(
            r"remove|take|drop|delete|leave|keep_one|replace|register_in|stop_forwarding", text
        ), text


def test_every_mutation_has_a_remedy_that_was_followed():
    assert not UNCURED, f"write remedies for {', '.join(UNCURED)}"
    assert not set(REMEDIES) - set(BY_ID) - set(MUTATIONS), "these names are nobody's"
