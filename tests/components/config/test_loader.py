"""What is read from a stack's configuration, and how problems are reported."""

from __future__ import annotations

import pytest

from components.config.loader import settings_from
from components.errors import ConfigurationError
from tests.components.config.configurations import (
    configuration,
    rejection,
)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"minSizes": "3"}, ['"haproof:minSizes"', 'mean "haproof:minSize"', "pulumi config rm"]),
        ({"colour": "red"}, ['"haproof:colour"', "valid keys are", "vpcCidr"]),
    ],
)
def test_an_unknown_key_is_rejected_with_a_suggestion(changes, parts):
    message = rejection(**changes)
    for part in parts:
        assert part in message


def test_all_problems_are_reported_at_once():
    message = rejection(minSize="none", healthPath="x", vpcCidr="y")
    assert len(message.splitlines()) == 3


def test_a_missing_value_is_reported_with_the_command_that_sets_it():
    config = configuration()
    del config["haproof:vpcCidr"]
    with pytest.raises(ConfigurationError, match=r"haproof:vpcCidr is not set; .*config set"):
        settings_from(config, "haproof")


def test_a_misspelled_namespace_is_reported():
    with pytest.raises(ConfigurationError, match=r'"haprof:minSize".*mean "haproof:minSize"'):
        settings_from({**configuration(), "haprof:minSize": "3"}, "haproof")


def test_other_namespaces_are_ignored():
    settings_from({**configuration(), "aws:profile": "me", "pulumi:tags": "{}"}, "haproof")
