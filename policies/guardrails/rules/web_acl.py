"""The rule about web application firewalls: somebody passes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items


def _admits(acl: Resource) -> bool:
    """Return whether a web ACL lets some request pass, as far as it is known."""
    default, rules = acl.get("defaultAction"), acl.get("rules")
    if default is UNKNOWN or is_absent(default) or not _has(default, "block"):
        return True
    if acl.left_out("rules"):
        # Rules may be given as JSON, or be added by Firewall Manager.
        return not is_absent(acl.setting("ruleJson"))
    # A rule group may allow; so may a rule that the preview does not know.
    return rules is UNKNOWN or any(
        one is UNKNOWN or _has(dig(one, "action"), "allow") or not is_absent(_groups(one))
        for one in items(rules)
    )


def _has(action: Any, kind: str) -> bool:
    return action is UNKNOWN or (isinstance(action, dict) and action.get(kind) is not None)


def _groups(rule: Any) -> Any:
    statement = dig(rule, "statement")
    return dig(statement, "ruleGroupReferenceStatement")


def _blocked(stack: Stack, _: Settings) -> Iterator[Violation]:
    for association in stack.of(tokens.WEB_ACL_ASSOCIATION):
        named = stack.references(association, "webAclArn", tokens.WEB_ACL, ("arn", "id"))
        fronts = stack.references(association, "resourceArn", tokens.LOAD_BALANCER, ("arn", "id"))
        for acl in named.resources:
            if _admits(acl):
                continue
            front = f'load balancer "{fronts.any[0].name}"' if fronts.any else "its resource"
            yield Violation(
                f'Web ACL "{acl.name}" blocks every request to {front}: its default action is block, '
                "and none of its rules allows anything.",
                acl,
                (front, f'web ACL "{acl.name}"', "default action: block"),
            )


ADMITS = StackRule(
    id="waf-admits-visitors",
    title="A web ACL before the service admits somebody",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-default-action.html",
    remedy="set default_action of the web ACL to allow, or add a rule whose action is allow.",
    steps=(
        "Set default_action to allow and block in rules what should not pass.",
        "Or add a rule with the action allow for those who may pass, by address or country.",
    ),
    unknown="An action or rule that the preview does not know may allow.",
    check=_blocked,
)

RULES = (ADMITS,)
