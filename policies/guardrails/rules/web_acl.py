"""Rules about web application firewalls: they let visitors through, and count each one separately."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.web_acls import closing, has, may_allow, rules
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.rules.edge import own_origins
from guardrails.values import UNKNOWN, dig, is_absent, items, show


def _admits(acl: Resource) -> bool:
    """Return whether a web ACL whose default is to block lets some request pass, or may do so."""
    if not has(acl.get("defaultAction"), "block") or acl.get("defaultAction") is UNKNOWN:
        return True
    known = rules(acl)
    return known is None or any(map(may_allow, known))


def _fronts(stack: Stack, acl: Resource) -> Iterator[str]:
    """Yield what a web ACL certainly stands before, as a step of a path."""
    for one in stack.of(tokens.WEB_ACL_ASSOCIATION):
        if acl in stack.references(one, "webAclArn", tokens.WEB_ACL, _ARN).resources:
            found = stack.references(one, "resourceArn", tokens.LOAD_BALANCER, _ARN).any
            yield f'load balancer "{found[0].name}"' if found else "its resource"
    for one in stack.of(tokens.DISTRIBUTION):
        if acl in stack.references(one, "webAclId", tokens.WEB_ACL, _ARN).resources:
            yield f'distribution "{one.name}"'


def _blocked(stack: Stack, _: Settings) -> Iterator[Violation]:
    for acl in stack.of(tokens.WEB_ACL):
        rule = closing(stack, acl)
        if rule is None and _admits(acl):
            continue
        for front in _fronts(stack, acl):
            if rule is None:
                yield Violation(
                    f'Web ACL "{acl.name}" blocks every request to {front}: its default action is '
                    "block, and none of its rules allows anything.",
                    acl,
                    (front, f'web ACL "{acl.name}"', "default action: block"),
                )
                continue
            name = show(dig(rule, "name"))
            yield Violation(
                f'Web ACL "{acl.name}" blocks every request to {front}: rule {name} matches all of '
                "them, and no rule before it allows any.",
                acl,
                (front, f'web ACL "{acl.name}"', f"rule {name}: block"),
                f"narrow the statement of rule {name} in rules to what should not pass, or remove the "
                "rule.",
            )


_ARN = ("arn", "id")

ADMITS = StackRule(
    id="waf-admits-visitors",
    title="A web ACL in front of the service lets visitors through",
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

# --- who is counted -------------------------------------------------------------------------------


def _by_source(statement: Any) -> bool:
    """Return whether a rate-based statement counts requests by the address that they come from."""
    kind = dig(statement, "aggregateKeyType")
    if kind == "CUSTOM_KEYS":
        keys = [key for key in items(dig(statement, "customKeys")) if isinstance(key, dict)]
        named = {name for key in keys for name, value in key.items() if value is not None}
        return named == {"ip"}
    return is_absent(kind) or kind == "IP"  # IP is the default


def _counting(stack: Stack, acl: Resource) -> Iterator[tuple[Resource, str]]:
    """Yield the rules of a web ACL, and of its rule groups, that block by the source address."""
    for holder in (acl, *stack.sources(acl, "rules", tokens.FIREWALL_RULES)):
        for rule in items(holder.get("rules")):
            statement = dig(rule, "statement", "rateBasedStatement")
            counts = has(dig(rule, "action"), "count") or has(dig(rule, "action"), "allow")
            if isinstance(statement, dict) and _by_source(statement) and not counts:
                yield holder, str(dig(rule, "name"))


def _fronted(stack: Stack) -> dict[Resource, Resource]:
    """Return the load balancers that CloudFront asks, with a distribution of each."""
    return {
        balancer: one
        for one in stack.of(tokens.DISTRIBUTION)
        for _, balancer in own_origins(stack, one)
    }


def _together(stack: Stack, _: Settings) -> Iterator[Violation]:
    fronted = stack.derived(_fronted)
    for association in stack.of(tokens.WEB_ACL_ASSOCIATION) if fronted else ():
        acls = stack.references(association, "webAclArn", tokens.WEB_ACL, ("arn", "id")).resources
        for front in stack.references(
            association, "resourceArn", tokens.LOAD_BALANCER, ("arn", "id")
        ).resources:
            for acl in acls if front in fronted else ():
                for holder, rule in _counting(stack, acl):
                    distribution = fronted[front]
                    yield Violation(
                        f'Rule "{rule}" blocks visitors who did nothing: it counts requests by source '
                        f'address, and before load balancer "{front.name}" that is an address of '
                        "CloudFront, which many visitors share.",
                        holder,
                        (
                            f'distribution "{distribution.name}"',
                            f'load balancer "{front.name}"',
                            f'web ACL "{acl.name}"',
                            f'rule "{rule}", aggregate_key_type IP',
                        ),
                    )


COUNTS_VISITORS = StackRule(
    id="waf-counts-visitors",
    title="Behind CloudFront a web ACL counts visitors, not CloudFront's addresses",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP02",)},
    url="https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-forwarded-ip-address.html",
    remedy=(
        'set aggregate_key_type of the rate_based_statement to "FORWARDED_IP" with a '
        "forwarded_ip_config, or move the rule to a web ACL of the distribution."
    ),
    steps=(
        "Move the rule to a web ACL of scope CLOUDFRONT: there the source address is the visitor's.",
        (
            'Or set aggregate_key_type to "FORWARDED_IP", with header_name X-Forwarded-For and '
            "fallback_behavior in forwarded_ip_config."
        ),
    ),
    unknown="A statement or an origin that is not known is not judged.",
    check=_together,
)

# --- in front of nothing --------------------------------------------------------------------------


def _unused(stack: Stack, _: Settings) -> Iterator[Violation]:
    for acl in stack.of(tokens.WEB_ACL):
        # Writing down what passes protects nothing.
        if all("LoggingConfiguration" in one.type for one in stack.users(acl)):
            yield Violation(
                f'Web ACL "{acl.name}" protects nothing: no aws.wafv2.WebAclAssociation and no '
                "web_acl_id of a distribution in this stack names it.",
                acl,
                ("visitor", "service", f'not web ACL "{acl.name}"'),
            )


USED = StackRule(
    id="waf-in-front",
    title="A web ACL is in front of something",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # Firewall Manager, or another stack, may associate it
    controls={"Well-Architected": ("SEC05-BP02",)},
    url="https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html",
    remedy=(
        "create an aws.wafv2.WebAclAssociation with resource_arn of the load balancer and web_acl_arn, or "
        "set web_acl_id of the distribution to its ARN."
    ),
    steps=(
        "Associate a REGIONAL web ACL by an aws.wafv2.WebAclAssociation.",
        "Set web_acl_id of an aws.cloudfront.Distribution to the ARN of a CLOUDFRONT one.",
    ),
    unknown="Whatever property of a resource of the stack comes from it uses it, exports included.",
    check=_unused,
)

RULES = (USED, ADMITS, COUNTS_VISITORS)
