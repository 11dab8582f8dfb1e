"""Secrets in the program itself, and in tags."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides


def _users(stack, token):
    stack.add("names", "aws:cognito/identityProvider:IdentityProvider", {
        "providerName": "company",
        "providerType": "OIDC",
        "providerDetails": {"client_id": "shop", "client_secret": token},
    })  # fmt: skip


@breaks("no-secret-in-program")
def client_secret_in_the_program(stack):
    _users(stack, "3a9f8b7c6d5e4f3a2b1c")


decides(
    "no-secret-in-program", "names", "providerDetails", absent=KEEPS, unknown=KEEPS,
    given=lambda stack: _users(stack, "$from-elsewhere"),
)  # fmt: skip


def _parameter(stack, value):
    stack.add("login", "aws:ssm/parameter:Parameter", {
        "type": "SecureString",
        "name": "/shop/db-password",
        "value": value,
    })  # fmt: skip


@breaks("no-secret-literal")
def password_in_an_encrypted_parameter(stack):
    _parameter(stack, "Tr0ub4dor&3xyz")


decides(
    "no-secret-literal", "login", "value", absent=KEEPS, unknown=KEEPS,
    given=lambda stack: _parameter(stack, "CHANGE_ME"),
)  # fmt: skip


@breaks("tags-no-credentials")
def password_in_a_tag(stack):
    stack.set("vpc", "tags", {"DbPassword": "correct-horse-battery-7"})


decides("tags-no-credentials", "vpc", "tags", absent=KEEPS, unknown=KEEPS)
