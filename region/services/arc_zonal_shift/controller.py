"""Zonal shifts: the service's API, and the end of each shift in its time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from region.api import own_services
from region.api.server import ControlPlane
from region.services.arc_zonal_shift.api import ZonalShiftApi, zone_names
from region.services.arc_zonal_shift.store import Store, now
from region.services.elbv2.records import LoadBalancerRecord

SERVICE: Final = "arc-zonal-shift"


class ZonalShiftController:
    """Answers the API of zonal shift, ends shifts, and tells load balancers of them."""

    name = "zonal shifts"

    def __init__(self, plane: ControlPlane) -> None:
        """Work on the load balancers of `plane`."""
        self._plane = plane
        own_services.register(SERVICE, ZonalShiftApi(plane).answer)

    def reconcile(self) -> None:
        """One round."""
        with self._plane.lock:
            store = store_of(self._plane)
            balancers = self._plane.backend("elbv2").load_balancers
            alarms = cast("Mapping[str, Any]", self._plane.backend("cloudwatch").alarms)

            def in_alarm(configuration: Mapping[str, Any]) -> bool:
                return any(
                    name in alarms and alarms[name].state_value == "ALARM"
                    for name in _alarm_names(configuration)
                )

            changed = store.advance(now(), in_alarm, set(balancers))
            for arn, balancer in balancers.items():
                shift = store.active(arn)
                names = zone_names(self._plane.backend("ec2"))
                away = {names[shift.away_from]} if shift is not None else set[str]()
                record = LoadBalancerRecord.of(balancer)
                if record.away_from != frozenset(away):
                    record.away_from, changed = frozenset(away), True
            if changed:
                self._plane.notify()

    def close(self) -> None:
        """Nothing runs beside the rounds."""


def store_of(plane: ControlPlane) -> Store:
    """Return the store of the region, which is saved with it."""
    return cast("Store", plane.extra.setdefault(SERVICE, Store()))


def _alarm_names(configuration: Mapping[str, Any]) -> list[str]:
    outcome = cast("list[Mapping[str, Any]]", configuration.get("outcomeAlarms") or [])
    return [str(item.get("alarmIdentifier", "")).rsplit(":", 1)[-1] for item in outcome]
