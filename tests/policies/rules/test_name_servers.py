"""Which name servers a network may have alone."""

from __future__ import annotations

import pytest

from tests.policies.draft import Draft, violations
from tests.policies.mutations.name_servers import asked


@pytest.mark.parametrize(
    ("servers", "broken"),
    [
        (["AmazonProvidedDNS"], False),
        (["169.254.169.253"], False),
        (["10.20.0.2"], False),  # the resolver of the VPC
        (["10.20.0.3"], True),
        (["10.8.0.2", "10.9.0.2"], False),
        ([], False),
    ],
)
def test_one_server_is_too_few_unless_amazon_runs_it(servers, broken):
    draft = Draft()
    draft.set("vpc", "cidrBlock", "10.20.0.0/16")
    asked(draft, *servers)
    assert bool(violations(draft, "vpc-name-servers")) == broken
