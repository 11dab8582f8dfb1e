"""Zonal shifts: the service's API, and the end of each shift in its time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from region.api import own_services
from region.api.server import ControlPlane
from region.services.arc_zonal_shift.api import ZonalShiftApi, zone_names
from region.services.arc_zonal_shift.store import SERVICE, in_alarm, now, store_of
from region.services.elbv2.records import LoadBalancerRecord


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

            def has_failed(configuration: Mapping[str, Any]) -> bool:
                return bool(in_alarm(self._plane, configuration.get("outcomeAlarms") or []))

            changed = store.advance(now(), has_failed, set(balancers))
            names = zone_names(self._plane.backend("ec2")) if balancers else {}
            for arn, balancer in balancers.items():
                shift = store.active(arn)
                away = frozenset([names[shift.away_from]] if shift is not None else [])
                record = LoadBalancerRecord.of(balancer)
                if record.away_from != away:
                    record.away_from, changed = away, True
            if changed:
                self._plane.notify()

    def close(self) -> None:
        """Nothing runs beside the rounds."""
