"""What breaks the rule about versions of HTTP."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

RULE = "tg-protocol-version-spoken"


@breaks(RULE)
def targets_of_http_2_without_it(stack):
    stack.set("target-group", "protocolVersion", "HTTP2")
    stack.set("load-balancer", "enableHttp2", False)


decides(RULE, "target-group", "protocolVersion", absent=KEEPS, unknown=KEEPS)
