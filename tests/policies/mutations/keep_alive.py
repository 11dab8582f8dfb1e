"""What breaks the rule about idle connections."""

from __future__ import annotations

from tests.policies.mutations.instance_start import start
from tests.policies.mutations.registry import KEEPS, breaks, decides

RULE = "app-keep-alive-outlasts-balancer"
SERVER = "#!/bin/sh\nuvicorn main:app --host 0.0.0.0 --port 8080 --timeout-keep-alive"


@breaks(RULE)
def application_closes_first(stack):
    start(stack, f"{SERVER} 5 &\n")


decides(RULE, "template", "userData", absent=KEEPS, unknown=KEEPS)
