"""How long tests wait for what has to happen."""

from __future__ import annotations

PATIENCE = 60.0
"""Seconds after which it will not happen any more, on a computer that is busy with other tests too."""
