"""CloudWatch Logs: what it refuses, and moto does not (API reference, the operations named)."""

from __future__ import annotations

from typing import Any, Final

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogResourcePolicy, LogsBackend

from region.api.patching import Original, Patches
from region.services.policy_documents import is_policy_document

patches = Patches()
_GROUP: Final = ":log-group:"
_RETENTIONS: Final = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731}
    | {1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""Days (API reference, PutRetentionPolicy)."""
_DESTINATION: Final = ":destination:"


def install() -> None:
    """Patch moto's CloudWatch Logs."""
    patches.install()


def _of_what_is_there(moto: Original, self: LogsBackend, arn: str, *given: Any) -> object:
    """Tag a log group or a destination that is there, or list its tags."""
    name = arn.partition(_GROUP)[2].removesuffix(":*")
    destinations = {one.arn for one in self.destinations.values()}
    if _DESTINATION in arn and arn in destinations:
        return moto(self, arn, *given)
    if name not in self.groups:
        raise ResourceNotFoundException(msg="The specified resource does not exist.")
    return moto(self, arn, *given)


for _name in ("list_tags_for_resource", "tag_resource", "untag_resource"):
    patches.around(LogsBackend, _name)(_of_what_is_there)


@patches.around(LogsBackend, "put_resource_policy")
def _put_resource_policy(
    moto: Original, self: LogsBackend, policy_name: str | None, policy_doc: str | None
) -> LogResourcePolicy:
    """Keep a policy that has a name and is one."""
    if not policy_name or not policy_doc or not is_policy_document(policy_doc):
        raise InvalidParameterException(msg="Resource policy document or name is not valid.")
    return moto(self, policy_name, policy_doc)


@patches.around(LogsBackend, "put_retention_policy")
def _put_retention_policy(
    moto: Original, self: LogsBackend, log_group_name: str, retention_in_days: Any
) -> None:
    """Keep events for one of the periods that there are."""
    if int(retention_in_days) not in _RETENTIONS:
        raise InvalidParameterException(
            msg=f"1 validation error detected: Value '{retention_in_days}' at 'retentionInDays' failed to "
            f"satisfy constraint: Member must satisfy enum value set: {sorted(_RETENTIONS)}"
        )
    moto(self, log_group_name, retention_in_days)


@patches.around(LogsBackend, "describe_metric_filters")
def _describe_metric_filters(
    moto: Original,
    self: LogsBackend,
    prefix: str | None = None,
    log_group_name: str | None = None,
    *given: Any,
    **named: Any,
) -> list[dict[str, Any]]:
    _require_group(self, log_group_name)
    return moto(self, prefix, log_group_name, *given, **named)


@patches.around(LogsBackend, "delete_metric_filter")
def _delete_metric_filter(
    moto: Original,
    self: LogsBackend,
    filter_name: str | None = None,
    log_group_name: str | None = None,
) -> None:
    _require_group(self, log_group_name)
    if not self.filters.get_matching_filters(filter_name, log_group_name, None, None):
        raise ResourceNotFoundException(msg="The specified metric filter does not exist.")
    moto(self, filter_name, log_group_name)


def _require_group(backend: LogsBackend, name: str | None) -> None:
    if name and name not in backend.groups:
        raise ResourceNotFoundException(msg="The specified log group does not exist.")
