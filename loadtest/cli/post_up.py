"""What follows `pulumi up`: release the revision, run the load, write the verdict down."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtest.analysis.slo import Slo
from loadtest.engine.runner import RunResult, run_load
from loadtest.errors import LoadTestError
from loadtest.formatting import line_printer
from loadtest.profiles import profile_named
from loadtest.runs import paths
from loadtest.stack import release
from loadtest.stack.outputs import StackOutputs


def record_path(base: Path, topology: str) -> Path:
    """Where the outcome of the newest post-up of a topology is written down."""
    return base / f"post-up-{topology}.json"


def post_up(outputs: StackOutputs, console: Console, slo: Slo | None = None) -> RunResult | None:
    """Releases, and runs the load unless the stack's `loadProfile` is `none`.

    The outcome is written down in every case: a hook that failed once is not run again by the next
    `pulumi up`, so only this file tells that the stack was never proven.
    """
    record: dict[str, Any] = {
        "topology": outputs.topology,
        "revisionDigest": outputs.revision_digest,
        "loadProfile": outputs.load_profile,
        "released": False,
        "run": None,
        "verdict": None,
        "error": None,
    }
    try:
        done = release.release(outputs, line_printer(console))
        record |= {"released": True, "deployment": done.deployment_id, "version": done.version}
        if outputs.load_profile == "none":
            return None
        result = run_load(outputs, profile_named(outputs.load_profile), console=console, slo=slo)
        record |= {
            "run": result.directory.name,
            "verdict": result.summary.verdict.model_dump(mode="json"),
        }
    except LoadTestError as error:
        record["error"] = str(error)
        raise
    except KeyboardInterrupt:
        record["error"] = "interrupted"
        raise
    else:
        return result
    finally:
        record["at"] = datetime.now(UTC).isoformat(timespec="seconds")
        base = paths.base()
        base.mkdir(parents=True, exist_ok=True)
        paths.write_json(record_path(base, outputs.topology), record)
