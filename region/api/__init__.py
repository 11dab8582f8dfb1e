"""The region's AWS API: moto behind one WSGI shell, its patches and its saved state.

moto reads these settings when it is imported or when a backend is made, so they are set before any
module of this package, or of region.services, imports it.
"""

from __future__ import annotations

import os

from region.config import ACCOUNT

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
# No web page may read an answer, whatever its origin.
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
os.environ.pop("TEST_PROXY_MODE", None)
