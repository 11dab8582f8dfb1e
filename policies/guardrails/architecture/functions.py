"""Lambda functions behind a load balancer: whether it may call them."""

from __future__ import annotations

from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.answers import Answer, no, undecided, yes
from guardrails.architecture.policy_documents import matches
from guardrails.architecture.traffic import ARN_KEYS, TARGET_GROUP_KEYS, target_step
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent

SERVICE = "elasticloadbalancing.amazonaws.com"
_CALL = "lambda:InvokeFunction"
_FUNCTION_KEYS = ("arn", "name", "id", "qualifiedArn")
_FUNCTIONS = (*tokens.LAMBDA_FUNCTION, *tokens.LAMBDA_ALIAS)


@dataclass(frozen=True)
class Callee:
    """What is called: a function, one of its aliases, or what is not in this stack.

    Attributes:
        resource: The function or alias; `None` if it is not in this stack.
        name: How a message names it.
    """

    resource: Resource | None
    name: str

    @property
    def is_alias(self) -> bool:
        """Whether a version or alias is called, which has a policy of its own."""
        return self.resource is not None and self.resource.type in tokens.LAMBDA_ALIAS


class Functions:
    """The functions that target groups call, with the permissions that the stack gives."""

    def __init__(self, stack: Stack) -> None:
        """Keep the permissions with what they are about."""
        self._stack = stack
        self._permissions = [
            (one, self._callees(one, "function")) for one in stack.of(tokens.LAMBDA_PERMISSION)
        ]

    def called(self, attachment: Resource) -> list[tuple[Resource, Callee]]:
        """Return the functions that an attachment registers, with their target groups."""
        found = self._stack.references(
            attachment, "targetGroupArn", tokens.TARGET_GROUP, TARGET_GROUP_KEYS
        )
        return [
            (target, callee)
            for target in found.resources
            if target.get("targetType") == "lambda"
            for callee in self._callees(attachment, "targetId")
        ]

    def may_be_called(self, callee: Callee, target: Resource) -> Answer:
        """Answer whether a load balancer may call a function for a target group."""
        path = (target_step(target), callee.name)
        doubt: str | None = None
        for permission, callees in self._permissions:
            about = self._is_about(permission, callees, callee)
            if about is False:
                continue
            granted = _all(about, _grants(permission), self._from(permission, target))
            if granted:
                return yes(*path, f'permission "{permission.name}"')
            if granted is None:
                doubt = f'whether permission "{permission.name}" is about it is not known'
        if doubt is None and callee.resource is None:
            doubt = "its policy is not part of this stack"
        if doubt is not None:
            return undecided(
                f"whether Elastic Load Balancing may call {callee.name} is not known: {doubt}",
                *path,
                remedy=_grant(target),
            )
        return no(
            f"no permission of this stack lets {SERVICE} call {callee.name} for the target group",
            *path,
            remedy=_grant(target),
        )

    def _callees(self, resource: Resource, prop: str) -> list[Callee]:
        found = self._stack.references(resource, prop, _FUNCTIONS, _FUNCTION_KEYS)
        # An alias and its function may both be where an unknown ARN came from: the alias is meant.
        aliases = [one for one in found.any if one.type in tokens.LAMBDA_ALIAS]
        callees = [Callee(one, _name(one)) for one in aliases or found.any]
        return callees + [Callee(None, f"function {name}") for name in found.foreign]

    def _is_about(self, permission: Resource, callees: list[Callee], callee: Callee) -> bool | None:
        if not callees:
            return None
        if callee in callees:
            return True
        if not callee.is_alias or callee.resource is None:
            return False
        # An alias has a policy of its own, which a permission names by function and qualifier.
        functions = self._stack.references(
            callee.resource, "functionName", tokens.LAMBDA_FUNCTION, _FUNCTION_KEYS
        ).any
        qualified = not is_absent(permission.get("qualifier"))
        return qualified and any(one.resource in functions for one in callees)

    def _from(self, permission: Resource, target: Resource) -> bool | None:
        """Return whether a permission admits calls for a target group, `None` if not known."""
        source = permission.get("sourceArn")
        if is_absent(source):
            return True
        found = self._stack.references(
            permission, "sourceArn", tokens.TARGET_GROUP, TARGET_GROUP_KEYS
        )
        if target in found.any:
            return True
        if found.any:
            return False
        arns = [arn for key in ARN_KEYS if isinstance(arn := target.get(key), str)]
        if source is UNKNOWN or not arns:
            return None
        return any(matches([source], arn) for arn in arns)


def _grants(permission: Resource) -> bool | None:
    """Return whether a permission is for calls by Elastic Load Balancing."""
    principal, action = permission.get("principal"), permission.get("action")
    called = None if action is UNKNOWN else matches([action], _CALL)
    return _all(None if principal is UNKNOWN else principal in (SERVICE, "*"), called)


def _all(*given: bool | None) -> bool | None:
    if False in given:
        return False
    return None if None in given else True


def _name(resource: Resource) -> str:
    kind = "alias" if resource.type in tokens.LAMBDA_ALIAS else "function"
    return f'{kind} "{resource.name}"'


def _grant(target: Resource) -> str:
    return (
        f'add an aws.lambda_.Permission for the function with action "{_CALL}", principal '
        f'"{SERVICE}" and the ARN of target group "{target.name}" as source_arn, and let the '
        "attachment depend on it."
    )
