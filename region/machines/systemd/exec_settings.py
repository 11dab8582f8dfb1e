"""How a unit's processes run: the part of its file that systemd.exec(5) describes."""

from __future__ import annotations

import re
from typing import Final

from region.machines.container.oci import CAPABILITIES
from region.machines.systemd.settings_reader import SettingsReader
from region.machines.systemd.unit import EnvironmentFile, Execution, Output, ServiceDirectory

_DIRECTORIES: Final = {
    "RuntimeDirectory": ("RUNTIME_DIRECTORY", "/run"),
    "StateDirectory": ("STATE_DIRECTORY", "/var/lib"),
    "CacheDirectory": ("CACHE_DIRECTORY", "/var/cache"),
    "LogsDirectory": ("LOGS_DIRECTORY", "/var/log"),
    "ConfigurationDirectory": ("CONFIGURATION_DIRECTORY", "/etc"),
}
# All of them go to the unit's log: a machine has neither a terminal nor a kernel log of its own.
_LOGS: Final = (
    "journal", "syslog", "kmsg", "tty", "journal+console", "syslog+console", "kmsg+console",
)  # fmt: skip
_LIMIT: Final = re.compile(r"(?:\d+|infinity)(?::(?:\d+|infinity))?")


def read_execution(reader: SettingsReader) -> Execution:
    """Read the settings of [Service] about users, directories, environment and streams."""
    directory, optional = _working_directory(reader)
    # PassEnvironment= passes what every service of a machine has anyway.
    reader.raw("Service", "PassEnvironment")
    limit = reader.last("LimitNOFILE")
    if limit and not _LIMIT.fullmatch(limit):
        raise reader.error("LimitNOFILE", limit, "is not a number, soft:hard or infinity")
    return Execution(
        working_directory=directory,
        working_directory_optional=optional,
        environment=_environment(reader),
        environment_files=_environment_files(reader),
        unset_environment=reader.words("UnsetEnvironment"),
        user=reader.last("User"),
        group=reader.last("Group"),
        supplementary_groups=reader.words("SupplementaryGroups"),
        ambient_capabilities=_ambient_capabilities(reader),
        dynamic_user=reader.boolean("DynamicUser"),
        umask=reader.mode("UMask", None),
        open_files=limit,
        directories=_directories(reader),
        keep_runtime_directory=reader.last("RuntimeDirectoryPreserve") in {"yes", "true", "1"},
        output=_output(reader, "StandardOutput", Output()),
        errors=_output(reader, "StandardError", Output("inherit")),
    )


def _ambient_capabilities(reader: SettingsReader) -> tuple[str, ...]:
    """Read what the user of the service may do beyond that; an instance's root may not do everything."""
    names = tuple(word.upper() for word in reader.words("AmbientCapabilities"))
    for name in names:
        if name not in CAPABILITIES:
            raise reader.error(
                "AmbientCapabilities",
                name,
                "is not one that instances have: " + " ".join(CAPABILITIES),
            )
    return names


def _working_directory(reader: SettingsReader) -> tuple[str, bool]:
    value = reader.last("WorkingDirectory") or "/"
    path = value.removeprefix("-")
    if path != "~" and not path.startswith("/"):
        raise reader.error("WorkingDirectory", path, "is not an absolute path")
    return path, value.startswith("-")


def _environment(reader: SettingsReader) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in reader.words("Environment"):
        name, separator, content = word.partition("=")
        if not separator:
            raise reader.error("Environment", word, "is not NAME=value")
        found[name] = content
    return found


def _environment_files(reader: SettingsReader) -> tuple[EnvironmentFile, ...]:
    values = [reader.expand(value) for value in reader.raw("Service", "EnvironmentFile")]
    files = tuple(
        EnvironmentFile(value.removeprefix("-").strip('"'), value.startswith("-"))
        for value in values
    )
    for file in files:
        if not file.path.startswith("/"):
            raise reader.error("EnvironmentFile", file.path, "is not absolute")
    return files


def _directories(reader: SettingsReader) -> tuple[ServiceDirectory, ...]:
    found: list[ServiceDirectory] = []
    for key, (variable, parent) in _DIRECTORIES.items():
        mode = reader.mode(f"{key}Mode", 0o755) or 0
        for word in reader.words(key):
            if word.startswith("/") or ".." in word.split("/") or ":" in word:
                raise reader.error(key, word, f"is not a relative path below {parent}")
            found.append(ServiceDirectory(variable, f"{parent}/{word}", mode))
    return tuple(found)


def _output(reader: SettingsReader, key: str, default: Output) -> Output:
    value = reader.last(key)
    if not value:
        return default
    if value in _LOGS:
        return Output()
    if value in {"null", "inherit"}:
        # Standard output would inherit from standard input, which is /dev/null.
        return Output("null" if key == "StandardOutput" else value)
    kind, _, path = value.partition(":")
    if kind not in {"file", "append", "truncate"} or not path.startswith("/"):
        raise reader.error(
            key, value, "is not supported; use journal, null, inherit, append:/path or file:/path"
        )
    return Output("file", path, truncate=kind == "truncate")
