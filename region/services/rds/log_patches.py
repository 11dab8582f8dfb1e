"""The log of a DB instance: DescribeDBLogFiles and DownloadDBLogFilePortion."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from region.api.patching import Patches
from region.services.rds.records import DatabaseRecord

patches = Patches()
LOG_FILE = "postgres.log"
"""The name of the server's log in the cluster's directory."""
NAME = "error/postgresql.log"
"""The name under which RDS shows it."""
_MOST_LINES, _MOST_BYTES = 10_000, 1024 * 1024
_READ_AT_ONCE = 64 * 1024


def log_of(database: DBInstance) -> Path | None:
    """Return the log file of a DB instance; None before there is one."""
    directory = DatabaseRecord.of(database).directory
    path = Path(directory) / LOG_FILE
    return path if directory and path.is_file() else None


@patches.method(RDSBackend)
def describe_db_log_files(
    backend: RDSBackend,
    db_instance_identifier: str,
    filename_contains: str = "",
    file_last_written: int = 0,
    file_size: int = 0,
    **_: Any,
) -> list[dict[str, Any]]:
    """DescribeDBLogFiles: PostgreSQL writes one."""
    path = log_of(backend.describe_db_instances(db_instance_identifier)[0])
    if path is None:
        return []
    found = path.stat()
    written = int(found.st_mtime * 1000)
    if filename_contains not in NAME or written <= file_last_written or found.st_size < file_size:
        return []
    return [{"LogFileName": NAME, "LastWritten": written, "Size": found.st_size}]


@patches.method(RDSResponse)
def download_db_log_file_portion(self: RDSResponse) -> ActionResult:
    """DownloadDBLogFilePortion: from a marker (a byte) on, or the last lines."""
    name = str(self.params.get("LogFileName"))
    database = self.backend.describe_db_instances(str(self.params.get("DBInstanceIdentifier")))[0]
    path = log_of(database)
    if path is None or name != NAME:
        raise RDSClientError(
            "DBLogFileNotFoundFault", f"DBLog File: {name}, is not found on the DB instance"
        )
    marker = str(self.params.get("Marker") or "")
    lines = min(int(self.params.get("NumberOfLines") or _MOST_LINES), _MOST_LINES)
    size = path.stat().st_size
    start = int(marker) if marker.isdigit() else _last_lines(path, size, lines)
    with path.open("rb") as file:
        file.seek(start)
        data = b"".join(file.read(_MOST_BYTES).splitlines(keepends=True)[:lines])
    end = start + len(data)
    return ActionResult(
        {
            "LogFileData": data.decode(errors="replace"),
            "Marker": str(end),
            "AdditionalDataPending": end < size,
        }
    )


def _last_lines(path: Path, size: int, lines: int) -> int:
    """Return where the last lines of a file begin, within what one answer may have."""
    start, found = size, 0
    for block_start, block in _blocks_from_end(path, size):
        for offset in range(len(block) - 1, -1, -1):
            if block[offset] == ord("\n") and block_start + offset + 1 < size:
                found += 1
                if found == lines:
                    return block_start + offset + 1
        start = block_start
        if size - start >= _MOST_BYTES:
            break
    return start


def _blocks_from_end(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        end = size
        while end > 0:
            start = max(0, end - _READ_AT_ONCE)
            file.seek(start, os.SEEK_SET)
            yield start, file.read(end - start)
            end = start
