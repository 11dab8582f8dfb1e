"""Zonal shifts: the service's API, and the end of each shift in its time."""

from __future__ import annotations

from functools import partial

from region.api import own_services
from region.api.server import ControlPlane
from region.services.arc_zonal_shift import practice
from region.services.arc_zonal_shift.api import ZonalShiftApi, zone_names
from region.services.arc_zonal_shift.resources import all_of
from region.services.arc_zonal_shift.store import SERVICE, now, store_of


class ZonalShiftController:
    """Answers the API of zonal shift, ends shifts, and tells load balancers and groups of them."""

    name = "zonal shifts"

    def __init__(self, plane: ControlPlane) -> None:
        """Work on the load balancers and groups of `plane`."""
        self._plane = plane
        own_services.register(SERVICE, ZonalShiftApi(plane).answer)

    def reconcile(self) -> None:
        """One round."""
        with self._plane.lock:
            store = store_of(self._plane)
            resources = all_of(self._plane)
            has_failed = partial(practice.has_failed, self._plane)
            changed = store.advance(now(), has_failed, set(resources))
            names = zone_names(self._plane.backend("ec2")) if resources else {}
            for arn, resource in resources.items():
                shift = store.active(arn)
                away = frozenset([names[shift.away_from]] if shift is not None else [])
                changed |= resource.shift_away(away)
            if changed:
                self._plane.notify()

    def close(self) -> None:
        """Nothing runs beside the rounds."""
