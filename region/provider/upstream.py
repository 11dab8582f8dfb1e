"""What Pulumi's own `aws` provider does with each input, as data extracted from its definition.

The data are in `upstream_schema.json`: for every supported resource type its inputs with their kind,
whether they are required, secret, filled in by AWS, and whether changing them replaces the resource.
`extract_schema.py` writes the file from the provider's `schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Final

FILE: Final = "upstream_schema.json"

DYNAMIC_REPLACEMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "aws:ec2/instance:Instance": {
        "userData": "only with 'userDataReplaceOnChange' (CustomizeDiff of aws_instance)",
        "userDataBase64": "only with 'userDataReplaceOnChange' (CustomizeDiff of aws_instance)",
        "instanceType": (
            "only where the new type has another processor architecture "
            "(CustomizeDiff of aws_instance)"
        ),
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
        "cidrIpv4": "where the kind of source changes (ModifyPlan of the rule)",
        "cidrIpv6": "where the kind of source changes (ModifyPlan of the rule)",
        "prefixListId": "where the kind of source changes (ModifyPlan of the rule)",
        "referencedSecurityGroupId": "where the kind of source changes (ModifyPlan of the rule)",
    },
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
        "cidrIpv4": "where the kind of destination changes (ModifyPlan of the rule)",
        "cidrIpv6": "where the kind of destination changes (ModifyPlan of the rule)",
        "prefixListId": "where the kind of destination changes (ModifyPlan of the rule)",
        "referencedSecurityGroupId": (
            "where the kind of destination changes (ModifyPlan of the rule)"
        ),
    },
}
"""Replacements that the provider decides by values while it plans, so no schema carries them.

By type token and input, with the condition and the function of terraform-provider-aws that decides.
A handler implements them in `Handler.replaces`. Conditions that cannot arise in the region are
absent: a VPC's tenancy (only `default` is accepted), the security groups of a network load balancer
and a bucket's expected owner (not supported).
"""


@lru_cache(maxsize=1)
def document() -> Mapping[str, Any]:
    """Return the whole file: `package`, `version`, `sources` and `resources`."""
    text = resources.files(__package__ or "region.provider").joinpath(FILE).read_text("utf-8")
    return json.loads(text)


def inputs(token: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the inputs of a type token by dotted path (`healthCheck.path`).

    Raises:
        KeyError: The file has no such type; run `python -m region.provider.extract_schema`.
    """
    return document()["resources"][token]["inputs"]


@lru_cache(maxsize=256)
def replacing(token: str) -> frozenset[str]:
    """Return the paths whose change always replaces a resource of this type."""
    return frozenset(
        path for path, entry in inputs(token).items() if entry.get("willReplaceOnChanges")
    )
