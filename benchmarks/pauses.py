"""How long Artillery's garbage collections hold its visitors up, which is part of what it measures.

Runs the published scenario, profile `quick`, against a trivial server and reads what Node says of its
collections. Options for Node are passed on. With `chrt -f 5` (as root) no other program's need for a CPU is
part of the pauses.

Examples:
    chrt -f 5 python -m benchmarks.pauses
    python -m benchmarks.pauses --max-semi-space-size=16      # MB: fewer pauses, and longer ones
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command import Parser, run
from benchmarks.generators import load, target
from loadtest.cli import tools
from loadtest.profiles import PROFILES
from loadtest.runs import paths

_COLLECTION = re.compile(r"^\[\d+:(?P<thread>0x[0-9a-f:]+)\] +\d+ ms: pause=.*", re.MULTILINE)
_FIELD = re.compile(r"\b([\w.]+)=(\S+)")
_LONG_MS = 10.0


@dataclass(frozen=True)
class Collection:
    """One garbage collection, as `node --trace-gc-nvp` reports it."""

    thread: str
    young: bool
    pause_ms: float
    copied_bytes: int
    """What survived one of the young generation, once or for good."""
    allocated_bytes: int
    """Since the one before."""


def collections(log: str) -> list[Collection]:
    """Return the collections that a log reports."""
    return [_collection(one["thread"], one[0]) for one in _COLLECTION.finditer(log)]


def _collection(thread: str, line: str) -> Collection:
    fields = dict[str, str](_FIELD.findall(line))
    young = fields["gc"] == "s"
    copied = ("promoted", "new_space_survived") if young else ()
    return Collection(
        thread,
        young,
        float(fields["pause"]),
        sum(int(fields[name]) for name in copied),
        int(fields["allocated"]),
    )


def _refused(node: str, options: Sequence[str]) -> str | None:
    """Return what Node says of options that it does not know; None if it takes them all."""
    done = subprocess.run(
        [node, *options, "--eval", ""], capture_output=True, text=True, check=False, timeout=60
    )
    said = done.stderr.strip().splitlines()
    return None if done.returncode == 0 else f"Node refuses it: {said[0] if said else done}"


def main() -> None:
    """Measure once and print."""
    parser = Parser(__doc__)
    _, options = parser.parse_known_args()
    if wrong := [one for one in options if not one.startswith("--")]:
        parser.error(f"options of Node begin with `--`, not {', '.join(wrong)}")
    node, *rest = tools.generator("artillery")
    if refused := _refused(node, options):
        parser.error(refused)
    profile = PROFILES["quick"]
    with tempfile.TemporaryDirectory() as scratch, target() as url:
        command = [node, "--trace-gc-nvp", *options, *rest]
        summary = load("artillery", profile, "login", url, Path(scratch), command=command)
        (log,) = Path(scratch).glob(f"results/*/{paths.ARTILLERY_LOG}")
        found = collections(log.read_text())
    # The first thread that collects is Artillery's own, the others send the requests.
    sending = [one for one in found if one.thread != found[0].thread]
    for kind, young in (("Scavenge", True), ("Mark-Compact", False)):
        each = [one.pause_ms for one in sending if one.young == young]
        longest = f"{sum(each):.0f} ms in all, {max(each):.1f} ms the longest" if each else "none"
        print(
            f"{kind}: {len(each)}, {longest}, {sum(one > _LONG_MS for one in each)} over {_LONG_MS:.0f} ms"
        )
    copied = sum(one.copied_bytes for one in sending) / profile.planned_users
    print(f"copied: {copied / 1000:.0f} kB a visitor")
    answered = summary.latency.answered or {}
    print(
        "latency: "
        + ", ".join(f"{name} {answered[name].value_ms:.1f} ms" for name in ("p50", "p99", "p99.9"))
    )


if __name__ == "__main__":
    run(main)
