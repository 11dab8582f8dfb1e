"""What the pack does not know yet, with the reason: each entry is a defect that has to go.

A case that is listed and behaves shows as XPASS: take it out.
"""

from __future__ import annotations

BLOCKED: dict[str, str] = {}
"""Sound programs that are blocked, or about which the pack says too much or too little."""

PASSES: dict[str, str] = {}
"""Broken programs that pass."""

TOLD_TWICE: dict[str, str] = {}
"""Broken programs with one fault that several rules report."""

BREAKS_THAT_PASS: dict[str, str] = {}
"""Breaks of generated architectures that pass."""
