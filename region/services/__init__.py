"""The AWS services of the region, one package each."""

from __future__ import annotations

import region.api as _  # noqa: F401  # moto's environment is set before a patch imports moto
from region.api import lean

lean.install()
