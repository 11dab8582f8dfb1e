"""`--config KEY=VALUE`: stack settings on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from commandline.findings import Findings
from commandline.run import UsageError

OWN_OPTIONS: Final = {
    "appPath": "--revision",
    "loadProfile": "--profile or --ramp, --hold and --pause",
}
"""Settings that `--config` does not set, and the option that does."""


def read(texts: Sequence[str]) -> dict[str, str]:
    """Split `KEY=VALUE` texts; `settings_check` has the program check keys and values.

    Raises:
        UsageError: one has no key or no value, or sets what has an option of its own.
        UserError: several are wrong; the message has all that are.
    """
    pairs: dict[str, str] = {}
    findings = Findings()
    for text in texts:
        findings.of(_read_one, text, pairs)
    findings.report()
    return pairs


def _read_one(text: str, pairs: dict[str, str]) -> None:
    """Add a text's key and value to `pairs`."""
    key, equals, value = text.partition("=")
    namespace, _, key = key.rpartition(":")
    if namespace not in ("", "haproof"):
        raise UsageError(
            f"--config {text!r} is not a setting of these stacks: leave out {namespace}: (the region's "
            "name is an option of `start`)"
        )
    if not (key and equals and value):
        raise UsageError(f"--config {text!r} is not KEY=VALUE, such as instanceType=t4g.small")
    if key in OWN_OPTIONS:
        raise UsageError(f"--config {text!r}: use {OWN_OPTIONS[key]} instead")
    if key in pairs:
        raise UsageError(f"--config {text!r}: {key} is {pairs[key]} already; give it once")
    pairs[key] = value
