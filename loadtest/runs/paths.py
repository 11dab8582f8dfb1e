"""Where runs are stored: one directory per run, and files that no reader ever sees half-written."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commandline import disk, files
from loadtest.errors import ResultsError
from loadtest.models import RunSummary

BASE_VARIABLE = "LOADTEST_RESULTS"
OUTPUTS = "outputs.json"
SETTINGS = "settings.json"
SCRIPT = "scenario.yml"
CREDENTIALS = "credentials.csv"
ROWS = "rows.json"
"""The rows of payloads, credentials among them, as some generators read them; gone after the load."""
VISITORS = "visitors.csv"
"""Who arrives when and with which values, credentials among them, as others read it; gone as well."""
ARTILLERY_REPORT = "artillery.json"
ARTILLERY_LOG = "artillery.log"
TOTALS = "totals.json"
"""What a generator other than Artillery counted itself."""
REQUESTS = "requests.ndjson"
GENERATOR = "generator.ndjson"
PROBES = "probes.ndjson"
HOST = "host.ndjson"
STALLS = "stalls.ndjson"
TARGET = "target.ndjson"
"""The computer of the generator, and what stands for the target on it: see `loadtest/runs/host.py` and
`loadtest/runs/stalls.py`."""
EVENTS = "events.ndjson"
"""Events at the target during the run, if anybody recorded them: see `loadtest/runs/events.py`."""
SUMMARY = "run.json"


def base() -> Path:
    """Return the directory of all results: `results/`, or what LOADTEST_RESULTS names."""
    return Path(os.environ.get(BASE_VARIABLE) or "results")


def require_writable(base: Path) -> None:
    """Create the results directory, and prove that something can be written there.

    Raises:
        ResultsError: It cannot.
        DiskError: Its disk stalls.
    """
    try:
        base.mkdir(parents=True, exist_ok=True)
        disk.require_answering(base)
        with tempfile.NamedTemporaryFile(dir=base, prefix=".writable-"):
            pass
    except OSError as error:
        raise ResultsError(
            f"cannot write results to {base}: {error.strerror}; name another directory (`--results`, "
            "LOADTEST_RESULTS)"
        ) from error


def new_directory(results: Path, topology: str, profile: str) -> Path:
    """Create the directory of a new run, named by UTC time, topology and profile."""
    try:
        results.mkdir(parents=True, exist_ok=True)
        disk.require_answering(results)
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        for suffix in ("", *(f"-{n}" for n in range(2, 100))):
            directory = results / f"{stamp}-{topology}-{profile}{suffix}"
            try:
                directory.mkdir()
            except FileExistsError:
                continue
            return directory
    except OSError as error:
        why = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        raise ResultsError(f"cannot write results below {results}: {why}") from error
    raise ResultsError(f"a hundred runs began in the same second below {results}")


@contextlib.contextmanager
def writing_to(directory: Path) -> Generator[None]:
    """Report what cannot be written meanwhile.

    Raises:
        ResultsError: The directory cannot be written to.
    """
    try:
        yield
    except OSError as error:
        raise ResultsError(f"cannot write to {directory}: {error.strerror}") from error


def write_text(path: Path, text: str) -> None:
    """Write the whole file or nothing: a temporary file next to it is renamed over it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        _discard(part)
        raise ResultsError(f"cannot write {path}: {error.strerror}") from error


def _discard(part: Path) -> None:
    # Best effort: the error being reported matters more.
    with contextlib.suppress(OSError):
        part.unlink()


def write_json(path: Path, content: Any) -> None:
    """Write JSON in the same way."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def compress(path: Path) -> Path:
    """Replace a file with its gzip; the original is removed only once the copy is complete."""
    target = path.with_name(f"{path.name}.gz")
    part = path.with_name(f".{target.name}.part")
    try:
        with path.open("rb") as source, gzip.open(part, "wb", compresslevel=6) as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target)
        path.unlink()
    except OSError as error:
        _discard(part)
        raise ResultsError(
            f"cannot compress {path}: {error.strerror}; it stays uncompressed"
        ) from error
    return target


def save_summary(directory: Path, summary: RunSummary) -> None:
    """Write `run.json`, and point `latest-<topology>.json` to it if the run finished."""
    write_text(directory / SUMMARY, summary.model_dump_json(indent=2) + "\n")
    if not summary.cut_short:
        pointer = directory.parent / f"latest-{summary.topology}.json"
        write_json(pointer, {"run": directory.name, "verdict": summary.verdict.outcome})


def latest(results: Path, topology: str) -> Path:
    """Return the directory of the latest finished run of a topology."""
    pointer = results / f"latest-{topology}.json"
    try:
        name = str(files.parse_json(files.read_text(pointer))["run"])
    except FileNotFoundError as error:
        raise ResultsError(
            f"there is no finished run of {topology!r} below {results}; "
            f"run `python -m loadtest run --stack {topology}` first"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{pointer} is broken ({error}); name the run's directory") from error
    return results / name
