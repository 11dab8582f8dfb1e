"""The API of zonal shift.

https://docs.aws.amazon.com/arc-zonal-shift/latest/api/

Called with the control plane's lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from moto.ec2.models import EC2Backend

from region.api.own_services import Call, ServiceError
from region.services.arc_zonal_shift import practice
from region.services.arc_zonal_shift.periods import PRACTICE_RUN
from region.services.arc_zonal_shift.practice import invalid
from region.services.arc_zonal_shift.resources import HOW_TO_ENABLE, Resource, all_of
from region.services.arc_zonal_shift.store import (
    ACTIVE,
    CANCELED,
    Shift,
    Store,
    now,
    seconds_of,
    store_of,
)

if TYPE_CHECKING:
    from region.api.server import ControlPlane

Answered = tuple[int, Mapping[str, object]]
_Handler = Callable[[str, Call], Mapping[str, object]]
_CREATES: Final = {("POST", "zonalshifts"), ("POST", "configuration")}
_PRACTICE: Final = (
    "blockedDates",
    "blockedWindows",
    "allowedWindows",
    "blockingAlarms",
    "outcomeAlarms",
)


def zone_names(backend: EC2Backend) -> dict[str, str]:
    """Return the names of the region's Availability Zones by their ids."""
    zones = cast("list[Any]", backend.describe_availability_zones())
    return {str(zone.zone_id): str(zone.name) for zone in zones}


class ZonalShiftApi:
    """Answers the calls."""

    def __init__(self, plane: ControlPlane) -> None:
        """Answer for the load balancers and groups of `plane`."""
        self._plane = plane
        # By method, first part of the path, and whether there is more of it.
        self._calls: Mapping[tuple[str, str, bool], _Handler] = {
            ("POST", "zonalshifts", False): lambda _, call: self._start(call.body),
            ("GET", "zonalshifts", False): lambda _, call: self._list(call.query),
            ("DELETE", "zonalshifts", True): lambda name, _: self._cancel(name, of_practice=False),
            ("PATCH", "zonalshifts", True): lambda name, call: self._update(name, call.body),
            ("GET", "managedresources", False): lambda _name, _: self._resources(),
            ("GET", "managedresources", True): lambda name, _: self._resource(name),
            ("PUT", "managedresources", True): lambda name, call: self._autoshift(name, call.body),
            ("POST", "practiceruns", False): lambda _, call: self._practice(call.body),
            ("DELETE", "practiceruns", True): lambda name, _: self._cancel(name, of_practice=True),
            ("POST", "configuration", False): lambda _, call: self._configure(call.body),
            ("PATCH", "configuration", True): lambda name, call: self._reconfigure(name, call.body),
            ("DELETE", "configuration", True): lambda name, _: self._unconfigure(name),
            ("GET", "autoshifts", False): lambda _name, _: {"items": []},
            ("GET", "autoshift-observer-notification", False): lambda _name, _: {
                "status": "DISABLED"
            },
        }

    @property
    def _store(self) -> Store:
        return store_of(self._plane)

    def answer(self, call: Call) -> Answered:
        """Answer a call."""
        first, rest = call.path[0], "/".join(call.path[1:])
        found = self._calls.get((call.method, first, bool(rest)))
        if found is None:
            message = f"The local region does not implement {call.method} /{first} of zonal shift."
            raise ServiceError(501, "NotImplemented", message)
        status = 201 if (call.method, first) in _CREATES else 200
        return status, found(rest, call)

    # Shifts ----------------------------------------------------------------------------------

    def _start(self, body: Mapping[str, Any]) -> Mapping[str, object]:
        resource = self._managed(str(body.get("resourceIdentifier", "")))
        self._check_free(resource)
        zone = self._zone(resource, str(body.get("awayFrom", "")))
        comment = _comment(body)
        expiry = now() + self._seconds(str(body.get("expiresIn", "")))
        shift = Shift(resource.arn, zone, comment, now(), expiry)
        self._store.add(shift)
        self._tell(resource, zone)
        return _described(shift)

    def _tell(self, resource: Resource, zone: str) -> None:
        """Let the resource know at once; the controller keeps it up to date."""
        resource.shift_away(frozenset({zone_names(self._plane.backend("ec2"))[zone]}))

    def _list(self, query: Mapping[str, str]) -> Mapping[str, object]:
        wanted, resource = query.get("status"), query.get("resourceIdentifier")
        found = [
            _described(shift)
            for shift in reversed(self._store.shifts)
            if not wanted or shift.status == wanted
            if not resource or shift.resource == resource
        ]
        return {"items": found}

    def _cancel(self, identity: str, *, of_practice: bool) -> Mapping[str, object]:
        shift = self._under_way(identity)
        # CancelZonalShift ends a practice run too.
        if of_practice and not shift.practice:
            message = f"{identity} is not a practice run: use CancelZonalShift."
            raise invalid(message, "UnsupportedPracticeCancelShiftType")
        shift.status = CANCELED
        if shift.practice:
            shift.outcome = "INTERRUPTED"
        resource = all_of(self._plane).get(shift.resource)
        if resource is not None:
            resource.shift_away(frozenset())
        return _described(shift)

    def _update(self, identity: str, body: Mapping[str, Any]) -> Mapping[str, object]:
        shift = self._under_way(identity)
        if body.get("expiresIn"):
            shift.expiry = now() + self._seconds(str(body["expiresIn"]))
        if body.get("comment"):
            shift.comment = _comment(body)
        return _described(shift)

    def _under_way(self, identity: str) -> Shift:
        shift = self._store.by_id(identity)
        if shift is None:
            raise ServiceError(404, "ResourceNotFoundException", f"No zonal shift {identity}.")
        if shift.status != ACTIVE:
            message = f"The zonal shift is {shift.status}."
            raise ServiceError(
                409,
                "ConflictException",
                message,
                reason="ZonalShiftStatusNotActive",
                zonalShiftId=identity,
            )
        return shift

    def _seconds(self, expires_in: str) -> float:
        seconds = seconds_of(expires_in)
        if seconds is None:
            message = f"expiresIn '{expires_in}' must be minutes or hours, at most 72h: 30m or 2h."
            raise invalid(message, "InvalidExpiresIn")
        return self._plane.config.seconds(seconds)

    def _check_free(self, resource: Resource) -> None:
        under_way = self._store.active(resource.arn)
        if under_way is None:
            return
        if under_way.practice:
            # A shift that somebody starts takes precedence.
            self._cancel(under_way.id, of_practice=True)
            return
        message = f"There is an active zonal shift for {resource.arn}."
        raise ServiceError(
            409,
            "ConflictException",
            message,
            reason="ZonalShiftAlreadyExists",
            zonalShiftId=under_way.id,
        )

    # Resources -------------------------------------------------------------------------------

    def _resources(self) -> Mapping[str, object]:
        found = [one for one in all_of(self._plane).values() if one.enabled]
        return {"items": [self._summary(item) for item in found]}

    def _managed(self, name: str) -> Resource:
        known = all_of(self._plane)
        found = known.get(name) or next((one for one in known.values() if one.name == name), None)
        if found is None:
            raise ServiceError(
                404, "ResourceNotFoundException", f"The resource {name} does not exist."
            )
        if not found.enabled:
            message = f"Zonal shift is not enabled for {name}: {HOW_TO_ENABLE}."
            raise invalid(message, "InvalidResourceIdentifier")
        return found

    def _zone(self, resource: Resource, identity: str) -> str:
        ids = self._zones(resource)
        if identity not in ids:
            message = f"awayFrom '{identity}' is not a zone of the resource: {', '.join(ids)}."
            raise invalid(message, "InvalidAz")
        return identity

    def _zones(self, resource: Resource) -> list[str]:
        names = zone_names(self._plane.backend("ec2"))
        return sorted(key for key, name in names.items() if name in resource.zones)

    def _applied(self, resource: Resource) -> dict[str, object]:
        shift = self._store.active(resource.arn)
        weights = {
            zone: 0.0 if shift is not None and shift.away_from == zone else 1.0
            for zone in self._zones(resource)
        }
        return {
            "appliedWeights": weights,
            "zonalShifts": [_in_resource(shift)] if shift is not None else [],
            "autoshifts": [],
            "zonalAutoshiftStatus": "DISABLED",
        }

    def _summary(self, resource: Resource) -> dict[str, object]:
        return {
            "arn": resource.arn,
            "name": resource.name,
            "availabilityZones": self._zones(resource),
            **self._applied(resource),
            "practiceRunStatus": "ENABLED" if resource.arn in self._store.practice else "DISABLED",
        }

    def _resource(self, name: str) -> Mapping[str, object]:
        resource = self._managed(name)
        found: dict[str, object] = {
            "arn": resource.arn,
            "name": resource.name,
            **self._applied(resource),
        }
        if resource.arn in self._store.practice:
            found["practiceRunConfiguration"] = self._store.practice[resource.arn]
        return found

    def _autoshift(self, name: str, body: Mapping[str, Any]) -> Mapping[str, object]:
        resource = self._managed(name)
        if body.get("zonalAutoshiftStatus") != "DISABLED":
            message = (
                "The local region does not implement zonal autoshift: AWS would start it. Use "
                "StartZonalShift or StartPracticeRun."
            )
            raise ServiceError(501, "NotImplemented", message)
        return {"resourceIdentifier": resource.arn, "zonalAutoshiftStatus": "DISABLED"}

    # Practice runs ---------------------------------------------------------------------------

    def _configure(self, body: Mapping[str, Any]) -> Mapping[str, object]:
        resource = self._managed(str(body.get("resourceIdentifier", "")))
        if resource.arn in self._store.practice:
            message = f"{resource.arn} has a practice run configuration."
            raise ServiceError(
                409, "ConflictException", message, reason="PracticeConfigurationAlreadyExists"
            )
        given = {name: body[name] for name in _PRACTICE if body.get(name)}
        return self._configured(resource, given)

    def _reconfigure(self, name: str, body: Mapping[str, Any]) -> Mapping[str, object]:
        resource, present = self._with_practice(name)
        changed = {**present, **{key: body[key] for key in _PRACTICE if key in body}}
        return self._configured(resource, changed)

    def _unconfigure(self, name: str) -> Mapping[str, object]:
        resource, _ = self._with_practice(name)
        del self._store.practice[resource.arn]
        return {
            "arn": resource.arn,
            "name": resource.name,
            "zonalAutoshiftStatus": "DISABLED",
        }

    def _with_practice(self, name: str) -> tuple[Resource, dict[str, Any]]:
        resource = self._managed(name)
        present = self._store.practice.get(resource.arn)
        if present is None:
            message = f"{resource.arn} has no practice run configuration."
            raise ServiceError(404, "ResourceNotFoundException", message)
        return resource, present

    def _configured(self, resource: Resource, wanted: dict[str, Any]) -> Mapping[str, object]:
        """Keep the configuration of a load resource's practice runs, and describe it."""
        practice.check(self._plane, wanted)
        self._store.practice[resource.arn] = wanted
        return {
            "arn": resource.arn,
            "name": resource.name,
            "zonalAutoshiftStatus": "DISABLED",
            "practiceRunConfiguration": wanted,
        }

    def _practice(self, body: Mapping[str, Any]) -> Mapping[str, object]:
        resource, configuration = self._with_practice(str(body.get("resourceIdentifier", "")))
        if self._store.active(resource.arn) is not None:
            message = f"There is an active zonal shift for {resource.arn}."
            raise ServiceError(409, "ConflictException", message, reason="ZonalShiftAlreadyExists")
        zone = self._zone(resource, str(body.get("awayFrom", "")))
        moment = datetime.fromtimestamp(now(), UTC)
        reason, message = practice.why_not(self._plane, configuration, moment)
        if reason:
            raise ServiceError(409, "ConflictException", message, reason=reason)
        length = self._plane.config.seconds(PRACTICE_RUN.seconds)
        shift = Shift(resource.arn, zone, _comment(body), now(), now() + length, outcome="PENDING")
        self._store.add(shift)
        self._tell(resource, zone)
        return _described(shift)


def _comment(body: Mapping[str, Any]) -> str:
    comment = str(body.get("comment", ""))
    if len(comment) > 128:
        raise invalid("comment can have at most 128 characters.", "InvalidComment")
    return comment


def _described(shift: Shift) -> dict[str, object]:
    found: dict[str, object] = {
        "zonalShiftId": shift.id,
        "resourceIdentifier": shift.resource,
        "awayFrom": shift.away_from,
        "expiryTime": shift.expiry,
        "startTime": shift.start,
        "status": shift.status,
        "comment": shift.comment,
        "shiftType": "PRACTICE_RUN" if shift.practice else "ZONAL_SHIFT",
    }
    if shift.practice:
        found["practiceRunOutcome"] = shift.outcome
    return found


def _in_resource(shift: Shift) -> dict[str, object]:
    applied = {"appliedStatus": "APPLIED"}
    return {key: value for key, value in _described(shift).items() if key != "status"} | applied
