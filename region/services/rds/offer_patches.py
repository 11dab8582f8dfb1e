"""DescribeOrderableDBInstanceOptions: which classes and storage CreateDBInstance takes here."""

from __future__ import annotations

from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds.responses import RDSResponse

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.rds.classes import CLASSES
from region.services.rds.validation import (
    ENGINE,
    LARGEST_STORAGE,
    LICENSE,
    SMALLEST_STORAGE,
    check_engine,
)
from region.services.rds.version_patches import versions

patches = Patches()

_STORAGE: Final = ("gp2", "gp3", "standard")
"""Types that need no IOPS, a parameter that the region does not take."""


@patches.method(RDSResponse)
def describe_orderable_db_instance_options(self: RDSResponse) -> ActionResult:
    """DescribeOrderableDBInstanceOptions, whole: `region.api.paging` cuts the pages."""
    given = Parameters(self)
    check_engine(given.text("Engine"))
    backend = ec2_backends[self.current_account][self.region]
    zones = [{"Name": zone.name} for zone in backend.describe_availability_zones()]
    named = given.text("DBInstanceClass")
    everything = given.get("Vpc") is None or given.flag("Vpc")
    licensed = given.text("LicenseModel") in {"", LICENSE}
    options = [
        _option(version, name, storage) | {"AvailabilityZones": zones}
        for version in versions(given)
        for name in CLASSES
        if named in {"", name} and everything and licensed
        for storage in _STORAGE
    ]
    return ActionResult({"OrderableDBInstanceOptions": options})


def _option(version: str, name: str, storage: str) -> dict[str, Any]:
    return {
        "Engine": ENGINE,
        "EngineVersion": version,
        "DBInstanceClass": name,
        "LicenseModel": LICENSE,
        "StorageType": storage,
        "MinStorageSize": SMALLEST_STORAGE,
        "MaxStorageSize": LARGEST_STORAGE,
        "MultiAZCapable": True,
        "Vpc": True,
        "SupportsStorageEncryption": True,
        "SupportsStorageAutoscaling": storage != "standard",
        "SupportedEngineModes": ["provisioned"],
        "SupportedNetworkTypes": ["IPV4"],
        # What the region does not do.
        "ReadReplicaCapable": False,
        "SupportsIops": False,
        "SupportsStorageThroughput": False,
        "SupportsEnhancedMonitoring": False,
        "SupportsIAMDatabaseAuthentication": False,
        "SupportsPerformanceInsights": False,
        "SupportsKerberosAuthentication": False,
        "SupportsGlobalDatabases": False,
        "SupportsClusters": False,
        "SupportsDedicatedLogVolume": False,
        "OutpostCapable": False,
    }
