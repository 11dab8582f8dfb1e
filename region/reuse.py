"""Whether the region that runs is the one that a command asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from region import calibration, image_options, session
from region.options import command


@dataclass(frozen=True)
class Wanted:
    """What the user asked for; None asks for nothing in particular."""

    image: Sequence[str] | None = None
    region: str | None = None
    speed: float | None = None
    port: int | None = None
    cpu_factor: float | None = None
    cpu_credits: float | None = None


def require_same(root: Path, found: session.Session, wanted: Wanted) -> None:
    """Check that the region `found`, which runs in `root`, is as wanted.

    Raises:
        SessionError: It differs in something; the message names that and the remedy.
    """
    differences: list[str] = []

    def compare(option: str, asked: str, given: str) -> None:
        if asked != given:
            differences.append(f"{option} is {given}, not {asked}")

    if wanted.image:
        chosen = image_options.parse(wanted.image).values()
        compare(
            "--image", " ".join(chosen), " ".join(image_options.remembered(root) or [found.image])
        )
    if wanted.region is not None:
        compare("--region", wanted.region, found.region)
    if wanted.speed is not None:
        compare("--speed", f"{wanted.speed:g}", f"{found.speed:g}")
    if wanted.port:
        compare("--port", str(wanted.port), str(found.api_port))
    if wanted.cpu_factor is not None:
        known = calibration.read(root)
        compare(
            "--cpu-factor", f"{wanted.cpu_factor:g}", f"{known.factor:g}" if known else "unknown"
        )
    if wanted.cpu_credits is not None:
        known = "those that EC2 gives" if found.cpu_credits is None else f"{found.cpu_credits:g}"
        compare("--credits", f"{wanted.cpu_credits:g}", known)
    if differences:
        raise session.SessionError(
            f"a local region is already running in {root} (process {found.pid}), and its "
            f"{'; its '.join(differences)}. Leave the option out to use that region, or stop it "
            f"first: {command('stop', root)}"
        )
