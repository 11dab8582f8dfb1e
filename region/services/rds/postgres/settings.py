"""The configuration of a PostgreSQL cluster that emulates an RDS DB instance."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

MEBIBYTE = 1024**2

DEFAULT_PORT = 5432
SOCKET_NUMBER = 5432
"""Part of the socket's name, whatever port the endpoint has."""

# Memory of the DB instance classes in MiB.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
CLASS_MEMORY: Mapping[str, int] = {
    "micro": 1024,
    "small": 2048,
    "medium": 4096,
    "large": 8192,
    "xlarge": 16384,
    "2xlarge": 32768,
}
_VCPUS: Mapping[str, int] = {"xlarge": 4, "2xlarge": 8}
"""Of the larger sizes; all smaller ones have two."""
SYSTEM_MEMORY = 256
"""MiB that RDS deducts from DBInstanceClassMemory for its own processes, roughly."""

BYTES_PER_CONNECTION = 9_531_392
MOST_CONNECTIONS = 5000
"""RDS's default: max_connections = LEAST(DBInstanceClassMemory/9531392, 5000)."""

RESERVED_FOR_RDS = 2
"""Connections that RDS reserves for its own agents: rds.rds_superuser_reserved_connections."""

FORCE_SSL = "rds.force_ssl"

_CLASS = re.compile(r"db\.[a-z0-9]+\.([a-z0-9]+)")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")

# Determined by where the cluster runs, whatever a parameter group says.
FIXED = frozenset(
    {
        "listen_addresses",
        "port",
        "unix_socket_directories",
        "ssl",
        "ssl_cert_file",
        "ssl_key_file",
        "data_directory",
        "hba_file",
        "ident_file",
        "external_pid_file",
        "shared_preload_libraries",
        "shared_buffers",
        "effective_cache_size",
        "archive_command",
        "archive_mode",
        "logging_collector",
        "log_directory",
        "log_destination",
    }
)


class SettingsError(ValueError):
    """A database setting that cannot work; the message names the value and the remedy."""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One cluster.

    Attributes:
        address: The address of the endpoint in the region's network.
        major: PostgreSQL's major version.
        parameters: Those of the DB parameter group.
    """

    name: str
    address: str
    port: int = DEFAULT_PORT
    major: int = 18
    instance_class: str = "db.t4g.micro"
    master_username: str = "postgres"
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def forces_ssl(self) -> bool:
        """Whether connections without TLS are refused, RDS's default since PostgreSQL 15."""
        default = "1" if self.major >= 15 else "0"
        return self.parameters.get(FORCE_SSL, default) == "1"


def max_connections(instance_class: str) -> int:
    """Return the connections that RDS's default parameter group allows on a DB instance class.

    Raises:
        SettingsError: If the class is unknown.
    """
    usable = (memory_of(instance_class) - SYSTEM_MEMORY) * MEBIBYTE
    return min(usable // BYTES_PER_CONNECTION, MOST_CONNECTIONS)


def vcpus_of(instance_class: str) -> int:
    """Return the vCPUs of a DB instance class."""
    return _VCPUS.get(instance_class.rpartition(".")[2], 2)


def memory_of(instance_class: str) -> int:
    """Return the memory of a DB instance class in MiB.

    Raises:
        SettingsError: If the class is unknown.
    """
    match = _CLASS.fullmatch(instance_class)
    memory = CLASS_MEMORY.get(match.group(1)) if match else None
    if memory is None:
        known = ", ".join(CLASS_MEMORY)
        raise SettingsError(
            f"DB instance class {instance_class!r} is not known: use db.<family>.<size> with "
            f"a size of {known}."
        )
    return memory


def postgresql_conf(spec: ClusterSpec, socket_directory: str) -> str:
    """Render postgresql.conf. `socket_directory` begins with @: an abstract socket."""
    settings = {
        # The TLS proxy listens on the endpoint; the server only on a socket without a file.
        "listen_addresses": "",
        "port": str(SOCKET_NUMBER),
        "unix_socket_directories": socket_directory,
        "max_connections": str(max_connections(spec.instance_class)),
        "superuser_reserved_connections": str(RESERVED_FOR_RDS),
        "shared_buffers": "64MB",
        "password_encryption": "scram-sha-256",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "log_connections": "off",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        # The region's data survives the death of every process, which needs no fsync; only a crash of
        # the host could damage it, and then the stack is created again. With fsync the host's disk
        # would be measured, which says nothing about RDS storage.
        "fsync": "off",
        "full_page_writes": "off",
        # What a snapshot needs of the log is still there when its files have been copied.
        "wal_keep_size": "64MB",
    }
    settings.update(_from_parameter_group(spec.parameters))
    lines = [f"{name} = '{_quoted(value)}'" for name, value in settings.items()]
    return "# Written by the local region at each start.\n" + "\n".join(lines) + "\n"


def pg_hba_conf() -> str:
    """Render pg_hba.conf: passwords only, through the TLS proxy only."""
    return "# type database user method\nlocal all all scram-sha-256\n"


def _from_parameter_group(parameters: Mapping[str, str]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for name, value in parameters.items():
        if name == FORCE_SSL:
            continue  # the TLS proxy enforces it, see ClusterSpec.forces_ssl
        if name.startswith("rds.") or name in FIXED or "{" in value:
            log.info("DB parameter %s = %s has no effect in the local region", name, value)
            continue
        if not _NAME.fullmatch(name.rpartition(".")[2]) or "\n" in value:
            raise SettingsError(f"DB parameter {name!r} = {value!r} is not a PostgreSQL setting.")
        taken[name] = value
    return taken


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")
