"""What distinguishes one region of this computer from another in names that they share."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def region_id(root: Path) -> str:
    """Return 12 hexadecimal digits: short, and the same for the same root directory."""
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:12]
