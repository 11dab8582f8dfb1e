"""What HAProxy's statistics say about a target, in ELB's terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from region.services.elbv2.haproxy.model import Health, Target, TargetStatus
from region.services.elbv2.haproxy.runtime_api import ServerRow

_NOT_CHECKED = {"", "INI"}


@dataclass(frozen=True, slots=True)
class NodeView:
    """A target as one node sees it.

    Attributes:
        row: In the backend whose health checks count; None if HAProxy does not know it yet.
        opened: In the backend that is used when too few are healthy.
        admitted: Whether its first health checks are over.
        failure: Reason code and description of the last failed check.
    """

    zone: str
    row: ServerRow | None
    opened: ServerRow | None = None
    admitted: bool = False
    failure: tuple[str, str] | None = None

    @property
    def healthy(self) -> bool:
        """Whether the node finds it healthy."""
        return self.admitted and self.row is not None and self.row.up


def status_of(target: Target, views: Sequence[NodeView], *, draining: bool) -> TargetStatus:
    """Describe a target's status in ELB's terms; it is healthy if a node finds it so."""
    health, reason, text = _health(views, draining=draining)
    rows = [row for view in views for row in (view.row, view.opened) if row is not None]
    responses: dict[str, int] = {}
    for row in rows:
        for name, count in row.responses:
            responses[name] = responses.get(name, 0) + count
    return TargetStatus(
        id=target.id,
        health=health,
        reason=reason,
        description=text,
        requests=sum(row.requests for row in rows),
        in_flight=sum(row.sessions for row in rows),
        responses=tuple(responses.items()),
        zone=target.zone,
        healthy_in=frozenset(view.zone for view in views if view.healthy),
        checked_in=frozenset(view.zone for view in views),
        connection_errors=sum(row.connection_errors for row in rows),
    )


def failure_of(row: ServerRow) -> tuple[str, str] | None:
    """Return reason code and description of a failed health check; None if it succeeded."""
    if row.check_status == "L7STS":
        codes = f"Health checks failed with these codes: [{row.check_code}]"
        return "Target.ResponseCodeMismatch", codes
    if row.check_status in {"L4TOUT", "L6TOUT", "L7TOUT"}:
        return "Target.Timeout", "Request timed out"
    if row.check_status in {"L4CON", "L6RSP", "L7RSP", "SOCKERR"}:
        return "Target.FailedHealthChecks", "Health checks failed"
    return None


def _health(views: Sequence[NodeView], *, draining: bool) -> tuple[Health, str | None, str | None]:
    if draining:
        text = "Target deregistration is in progress"
        return Health.DRAINING, "Target.DeregistrationInProgress", text
    if any(view.healthy for view in views):
        return Health.HEALTHY, None, None
    admitted = [view for view in views if view.admitted]
    if len(admitted) < len(views) or not views:
        if all(view.row is None or view.row.check_status in _NOT_CHECKED for view in views):
            text = "Target registration is in progress"
            return Health.INITIAL, "Elb.RegistrationInProgress", text
        text = "Initial health checks in progress"
        return Health.INITIAL, "Elb.InitialHealthChecking", text
    failed = next((view.failure for view in admitted if view.failure is not None), None)
    reason, text = failed or ("Target.FailedHealthChecks", "Health checks failed")
    return Health.UNHEALTHY, reason, text
