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

SYSTEM_MEMORY = 256
"""MiB that RDS deducts from DBInstanceClassMemory for its own processes, roughly."""

BYTES_PER_CONNECTION = 9_531_392
MOST_CONNECTIONS = 5000
"""RDS's default: max_connections = LEAST(DBInstanceClassMemory/9531392, 5000)."""

RESERVED_FOR_RDS = 2
"""Connections that RDS reserves for its own agents: rds.rds_superuser_reserved_connections."""

FORCE_SSL = "rds.force_ssl"

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
        memory_bytes: What the instance class has.
        parameters: Those of the DB parameter group.
    """

    name: str
    address: str
    port: int = DEFAULT_PORT
    major: int = 18
    instance_class: str = "db.t4g.micro"
    memory_bytes: int = 1024 * MEBIBYTE
    master_username: str = "postgres"
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def forces_ssl(self) -> bool:
        """Whether connections without TLS are refused, RDS's default since PostgreSQL 15."""
        default = "1" if self.major >= 15 else "0"
        return self.parameters.get(FORCE_SSL, default) == "1"


def max_connections(memory_bytes: int) -> int:
    """Return the connections that RDS's default parameter group allows with so much memory."""
    usable = memory_bytes - SYSTEM_MEMORY * MEBIBYTE
    return min(usable // BYTES_PER_CONNECTION, MOST_CONNECTIONS)


def postgresql_conf(spec: ClusterSpec, socket_directory: str) -> str:
    """Render postgresql.conf. `socket_directory` begins with @: an abstract socket."""
    settings = {
        # The TLS proxy listens on the endpoint; the server only on a socket without a file.
        "listen_addresses": "",
        "port": str(SOCKET_NUMBER),
        "unix_socket_directories": socket_directory,
        "max_connections": str(max_connections(spec.memory_bytes)),
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
