"""DescribeDBEngineVersions: the versions of PostgreSQL that a DB instance can have here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterValue
from moto.rds.responses import RDSResponse

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.rds.input_checks import LOG_TYPES
from region.services.rds.postgres.installed import available_versions
from region.services.rds.validation import ENGINE, check_engine, major, resolve_version

patches = Patches()

_Version = dict[str, Any]
_FILTERS: Final[Mapping[str, Callable[[_Version], str]]] = {
    "db-parameter-group-family": lambda version: str(version["DBParameterGroupFamily"]),
    "engine": lambda version: str(version["Engine"]),
    "engine-mode": lambda _: "provisioned",
    "engine-version": lambda version: str(version["EngineVersion"]),
    "status": lambda version: str(version["Status"]),
}


@patches.method(RDSResponse)
def describe_db_engine_versions(self: RDSResponse) -> ActionResult:
    """DescribeDBEngineVersions, whole: `region.api.paging` cuts the pages."""
    given = Parameters(self)
    if engine := given.text("Engine"):
        check_engine(engine)
    found = [_described(version) for version in versions(given)]
    family = given.text("DBParameterGroupFamily")
    if family:
        found = [version for version in found if version["DBParameterGroupFamily"] == family]
    for condition in given.structures("Filters"):
        name, values = str(condition.get("Name")), condition.get("Values") or []
        found = [version for version in found if _matches(version, name, values)]
    return ActionResult({"DBEngineVersions": found})


def versions(given: Parameters) -> list[str]:
    """Return the versions that the call names or leaves open, the oldest first.

    A minor version of an installed major is one that CreateDBInstance takes. The default is the version of
    an instance for which none is named, of a major version or a family its newest.
    """
    wanted = given.text("EngineVersion")
    known = available_versions()
    if wanted:
        named = major(wanted)
        return [resolve_version(wanted)] if named.isdecimal() and int(named) in known else []
    if given.flag("DefaultOnly") and not given.text("DBParameterGroupFamily"):
        return [resolve_version(None)]
    return [known[number] for number in sorted(known)]


def _matches(version: _Version, name: str, values: Collection[str]) -> bool:
    if name not in _FILTERS:
        raise InvalidParameterValue(f"Unrecognized filter name: {name}")
    return _FILTERS[name](version) in values


def _described(version: str) -> _Version:
    return {
        "Engine": ENGINE,
        "EngineVersion": version,
        "MajorEngineVersion": major(version),
        "DBParameterGroupFamily": f"{ENGINE}{major(version)}",
        "DBEngineDescription": "PostgreSQL",
        "DBEngineVersionDescription": f"PostgreSQL {version}",
        "Status": "available",
        "ExportableLogTypes": sorted(LOG_TYPES),
        "SupportsLogExportsToCloudwatchLogs": True,
        # What the region does not do: upgrades of a major version, replicas, clusters, zero-ETL.
        "ValidUpgradeTarget": [],
        "SupportedFeatureNames": [],
        "SupportsReadReplica": False,
        "SupportsParallelQuery": False,
        "SupportsGlobalDatabases": False,
        "SupportsBabelfish": False,
        "SupportsLimitlessDatabase": False,
        "SupportsIntegrations": False,
        "SupportsLocalWriteForwarding": False,
        "SupportsCertificateRotationWithoutRestart": False,
    }
