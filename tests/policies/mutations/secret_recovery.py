"""What breaks the rule about secrets."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, KEEPS, MANDATORY, breaks, decides


def secret(stack, **properties):
    stack.add("token", "aws:secretsmanager/secret:Secret", properties)


@breaks("secret-recoverable", ADVISORY, production=MANDATORY)
def secret_gone_at_once(stack):
    secret(stack, recoveryWindowInDays=0)


decides(
    "secret-recoverable",
    "token",
    "recoveryWindowInDays",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: secret(stack, recoveryWindowInDays=7),
)
