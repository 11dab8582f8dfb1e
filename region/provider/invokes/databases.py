"""Functions of RDS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from region.provider.invokes import lookup
from region.provider.operation import ProviderContext
from region.provider.values import Properties

_CHOOSING: Final = (
    "latest",
    "parameterGroupFamily",
    "preferredMajorTargets",
    "preferredUpgradeTargets",
    "preferredVersions",
    "version",
)
"""Arguments without which a program gets the default version (documentation of aws_rds_engine_version)."""
_PREFERRED_TARGETS: Final = {"preferredMajorTargets": True, "preferredUpgradeTargets": None}
_TARGETS: Final = {"hasMajorTarget": True, "hasMinorTarget": False}
"""Arguments about upgrades, and whether they mean those of a major version; None: of any."""


def engine_version(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.rds.get_engine_version`: the one version that matches, the latest, or the first preferred."""
    found = [version for version in _described(context, arguments) if _fits(version, arguments)]
    if not found:
        reason = "no engine version matches; name one that the region has, or leave out what upgrades need"
        raise lookup.NoResultError("version", reason)
    if arguments.get("latest"):
        found = [max(found, key=lambda version: _number(str(version["EngineVersion"])))]
    preferred = [name for name in (*_PREFERRED_TARGETS, "preferredVersions") if arguments.get(name)]
    chosen = found[0] if preferred else lookup.only_result(found, "engine version", "version")
    return {
        **arguments,
        "id": chosen["EngineVersion"],
        "region": context.region,
        "defaultCharacterSet": chosen.get("DefaultCharacterSet", {}).get("CharacterSetName", ""),
        "engine": chosen["Engine"],
        "engineDescription": chosen["DBEngineDescription"],
        "exportableLogTypes": chosen["ExportableLogTypes"],
        "parameterGroupFamily": chosen["DBParameterGroupFamily"],
        "status": chosen["Status"],
        "supportedCharacterSets": [],
        "supportedFeatureNames": chosen["SupportedFeatureNames"],
        "supportedModes": chosen.get("SupportedEngineModes", []),
        "supportedTimezones": [],
        "supportsCertificateRotationWithoutRestart": chosen[
            "SupportsCertificateRotationWithoutRestart"
        ],
        "supportsGlobalDatabases": chosen["SupportsGlobalDatabases"],
        "supportsIntegrations": chosen["SupportsIntegrations"],
        "supportsLimitlessDatabase": chosen["SupportsLimitlessDatabase"],
        "supportsLocalWriteForwarding": chosen["SupportsLocalWriteForwarding"],
        "supportsLogExportsToCloudwatch": chosen["SupportsLogExportsToCloudwatchLogs"],
        "supportsParallelQuery": chosen["SupportsParallelQuery"],
        "supportsReadReplica": chosen["SupportsReadReplica"],
        "validMajorTargets": _targets(chosen, major=True),
        "validMinorTargets": _targets(chosen, major=False),
        "validUpgradeTargets": _targets(chosen, major=None),
        "version": chosen["EngineVersion"],
        "versionActual": chosen["EngineVersion"],
        "versionDescription": chosen["DBEngineVersionDescription"],
    }


def _described(context: ProviderContext, arguments: Properties) -> Iterator[dict[str, Any]]:
    """Yield what RDS describes: of preferred versions in their order."""
    asked: dict[str, Any] = {"Engine": arguments["engine"], "Filters": lookup.filters(arguments)}
    if family := arguments.get("parameterGroupFamily"):
        asked["DBParameterGroupFamily"] = family
    if arguments.get("defaultOnly") or not any(arguments.get(name) for name in _CHOOSING):
        asked["DefaultOnly"] = True
    pages = context.aws.rds.get_paginator("describe_db_engine_versions")
    versions: Sequence[str] = arguments.get("preferredVersions") or [arguments.get("version") or ""]
    for version in versions:
        named = {"EngineVersion": version} if version else {}
        for page in pages.paginate(**asked, **named):
            yield from page["DBEngineVersions"]


def _fits(version: dict[str, Any], arguments: Properties) -> bool:
    """Return whether a version has the upgrade targets that the arguments ask for."""
    has = (
        bool(_targets(version, major=major))
        for name, major in _TARGETS.items()
        if arguments.get(name)
    )
    preferred = (
        any(target in _targets(version, major=major) for target in arguments[name])
        for name, major in _PREFERRED_TARGETS.items()
        if arguments.get(name)
    )
    return all(has) and all(preferred)


def _targets(version: dict[str, Any], *, major: bool | None) -> list[str]:
    return [
        target["EngineVersion"]
        for target in version["ValidUpgradeTarget"]
        if major is None or bool(target["IsMajorVersionUpgrade"]) is major
    ]


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]
