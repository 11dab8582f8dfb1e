"""The rule about copies: images and snapshots are not for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.values import is_absent, items


def _everybody(copy: Resource) -> tuple[str, Any] | None:
    """Return the setting by which everybody gets a copy, and what it says."""
    if copy.type in tokens.LAYER_PERMISSION:
        limited = not is_absent(copy.get("organizationId"))
        return ("principal", "*") if copy.get("principal") == "*" and not limited else None
    if copy.type in tokens.IMAGE_PERMISSION:
        return ("group", "all") if copy.get("group") == "all" else None
    if copy.type in tokens.RUNBOOK:
        named = copy.get("permissions", "accountIds")
        everybody = isinstance(named, str) and named.lower() == "all"
        return ("permissions.account_ids", "All") if everybody else None
    shared = items(copy.get("sharedAccounts"))
    return ("shared_accounts", "all") if "all" in shared else None


_KINDS = {
    **dict.fromkeys(tokens.IMAGE_PERMISSION, "image"),
    **dict.fromkeys(tokens.LAYER_PERMISSION, "layer"),
    **dict.fromkeys(tokens.RUNBOOK, "document"),
}


def _shared(copy: Resource, _: Settings) -> Iterator[Violation]:
    found = _everybody(copy)
    if found is not None:
        kind = _KINDS.get(copy.type, "snapshot")
        yield Violation(
            f'"{copy.name}" gives its {kind} to every AWS account: {found[0]} is "{found[1]}".',
            copy,
        )


COPIES_NOT_PUBLIC = ResourceRule(
    id="copies-not-public",
    title="No image, snapshot, layer or document is public",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("RDS_SNAPSHOTS_PUBLIC_PROHIBITED",),
        "Security Hub": ("RDS.1", "SSM.4"),
        "Prowler": ("ec2_ami_public", "rds_snapshots_public_access", "ssm_documents_set_as_public"),
        "Well-Architected": ("SEC03-BP07",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/rds-snapshots-public-prohibited.html",
    remedy=(
        "name the accounts that need the copy in account_id, shared_accounts, account_ids or principal, "
        "instead of all."
    ),
    steps=(
        "Replace group of the aws.ec2.AmiLaunchPermission by account_id.",
        "List account ids in shared_accounts of the snapshot.",
        "Name an account as the principal of a layer, or its organization_id.",
    ),
    unknown="An account that the preview does not know is not everybody.",
    types=(
        *tokens.IMAGE_PERMISSION,
        *tokens.LAYER_PERMISSION,
        *tokens.DATABASE_SNAPSHOT,
        *tokens.RUNBOOK,
    ),
    check=_shared,
)

RULES = (COPIES_NOT_PUBLIC,)
