"""The region's AWS API: moto behind one WSGI shell, its patches and its saved state.

- the way of a request: `server`, `wsgi`, `bodies`, then `front`: who calls (`guard`, `foreign`,
  `signatures`, `credentials`, `callers`), which operation (`calls`), whether it is supported (`support`),
  well formed (`constraints`, `texts`, `resource_names`, `preconditions`) or a repetition (`tokens`,
  `creations`).
- answers: `own_services` beside moto's; `paging` with `page_tokens` and `foreign_tokens`.
- state on the disk: `state`, `blobs`, `saving`. `opening`: what has to hold before the server listens.
- for patches: `patching`, `parameters`, `records`; `lean` and `speedups` keep moto small and fast.

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
