"""What a role may do and who may assume it, from every policy that the stack gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, no, undecided, yes
from guardrails.architecture.managed_policies import managed_name, managed_statements
from guardrails.architecture.policy_documents import (
    Statement,
    is_json,
    matches,
    same_partition,
    statements,
)
from guardrails.architecture.source_addresses import caller_outside, spared
from guardrails.architecture.zones import regions
from guardrails.resources import References, Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items

ROLE_KEYS = ("name", "id", "arn", "uniqueId")
PROFILE_KEYS = ("name", "id", "arn")
_POLICY_KEYS = ("arn", "id")

_ATTACHMENTS = (
    (tokens.ROLE_POLICY_ATTACHMENT, "role", "policyArn"),
    (tokens.POLICY_ATTACHMENT, "roles", "policyArn"),
    (tokens.ROLE_POLICY_ATTACHMENTS_EXCLUSIVE, "roleName", "policyArns"),
)
"""Per type that attaches managed policies: where it names the role, and where the policies."""


@dataclass(frozen=True)
class Policy:
    """One policy that a role has.

    Attributes:
        label: How a message names it.
        statements: `None` if the preview or the pack does not know them.
        sources: URNs of the resources from which its document came.
        why: Why its statements are not known, as a clause.
    """

    label: str
    statements: tuple[Statement, ...] | None
    sources: frozenset[str] = frozenset()
    why: str = ""


_EVERYTHING = ("*", "arn:aws:s3:::*", "arn:aws:s3:::*/*")

UNNAMED = "\0"
"""Stands in an ARN for a name that is not known yet: only a wildcard matches it."""


@dataclass(frozen=True)
class Target:
    """The resource on which something is to be allowed.

    Attributes:
        label: How a message names it.
        arns: ARNs, each of which stands for it; `UNNAMED` takes the place of an unknown name.
        owner: The resource of the stack that it is or to which it belongs.
    """

    label: str
    arns: tuple[str, ...]
    owner: Resource | None = None

    @property
    def named(self) -> bool:
        """Return whether its name is known."""
        return not any(UNNAMED in arn for arn in self.arns)


class Permissions:
    """The permissions of the stack's roles, indexed by role."""

    def __init__(self, stack: Stack) -> None:
        """Collect every role's policies."""
        self._stack = stack
        self._policies: dict[Resource, list[Policy]] = {role: [] for role in stack.of(tokens.ROLE)}
        for role, own in self._policies.items():
            own.extend(self._own(role))
        for inline in stack.of(tokens.ROLE_POLICY):
            policy = _from_document(f'policy "{inline.name}"', inline, "policy")
            self._give(self._roles(inline, "role"), [policy])
        for types, role, policies in _ATTACHMENTS:
            for attachment in stack.of(types):
                attached = list(self._attached(attachment, policies))
                self._give(self._roles(attachment, role), attached)

    def policies(self, role: Resource) -> tuple[Policy, ...]:
        """Return every policy that the stack gives the role."""
        return tuple(self._policies.get(role, ()))

    def may(self, role: Resource, action: str, target: Target | None = None) -> Answer:
        """Return whether the role's own policies allow an action, on the target where one is given.

        A condition on an Allow counts as fulfilled, one on a Deny as not, unless it is about addresses
        from which a service that has the role never calls. A permissions boundary limits what the
        policies allow.
        """
        granted = _decide(self.policies(role), action, target, f'role "{role.name}"')
        denied = None if granted.is_no else self._from_elsewhere(role, action)
        granted = granted if denied is None else denied
        boundary = role.get("permissionsBoundary")
        if granted.is_no or is_absent(boundary):
            return granted
        limit = list(self._by_arn(role, "permissionsBoundary", boundary))
        allowed = _decide(limit, action, target, f'boundary of role "{role.name}"')
        return granted if allowed.is_yes else allowed

    def says_so(self, role: Resource, action: str, target: Target) -> bool:
        """Return whether a policy that is known allows an action on a target, and is about it alone."""
        return any(
            _says(policy, action, target) is _ALLOWED
            and not any(
                str(given) in _EVERYTHING for one in policy.statements for given in one.resources
            )
            for policy in self.policies(role)
            if policy.statements is not None
        )

    def _from_elsewhere(self, role: Resource, action: str) -> Answer | None:
        """Return that a service with the role is denied an action by the address it calls from."""
        for policy in self.policies(role):
            for one in policy.statements or ():
                ranges = spared(one) if one.covers(action) and "*" in one.resources else ()
                if not ranges:
                    continue
                caller = caller_outside(self._stack, role, ranges, policy.label)
                if caller is not None:
                    return no(
                        f"{policy.label} denies {action} from everywhere but {', '.join(ranges)}, and "
                        f"{caller.service} calls from {caller.place}",
                        f'role "{role.name}"',
                        policy.label,
                        remedy=caller.remedy,
                    )
        return None

    def may_be_assumed(self, role: Resource, service: str) -> Answer:
        """Return whether an AWS service may assume the role, for example `codedeploy`."""
        given = role.get("assumeRolePolicy")
        label = f'role "{role.name}"'
        trust = statements(given)
        if trust is None:
            return undecided(
                f"the trust policy of {label} is not known in this preview",
                remedy=(
                    "build the trust policy from values that the program knows: the name of a "
                    "service needs no output of another resource."
                ),
            )
        trusted = [one for one in trust if matches(one.actions, "sts:AssumeRole") is not False]
        found: list[str] = []
        for one in trusted:
            names = one.principals or {}
            services = (*names.get("Service", ()), *names.get("*", ()))
            named = [name for name in services if isinstance(name, str)]
            if any(self._means(name, service) for name in named) or UNKNOWN in services:
                if not one.allows and not one.conditional:
                    return no(f"its trust policy denies {service}.amazonaws.com", label)
                if one.allows:
                    return yes(label, f"trusts {service}.amazonaws.com")
            found += named if one.allows else []
        whom = ", ".join(dict.fromkeys(found)) or "no service"
        return no(f"its trust policy lets {whom} assume it, not {service}.amazonaws.com", label)

    def _means(self, principal: str, service: str) -> bool:
        """Return whether a principal is the service, here: it may be that of one Region."""
        if not _is_service(principal, service):
            return False
        region = principal.removeprefix(f"{service}.").partition(".")[0]
        return region in ("*", "amazonaws") or not self._regions or region in self._regions

    @cached_property
    def _regions(self) -> frozenset[str]:
        """The Regions of the stack's subnets, as far as their zones tell."""
        return regions(self._stack.of(tokens.SUBNET))

    def instance_roles(self, resource: Resource) -> References:
        """Return the roles of the instances that a launch template or an instance starts."""
        profiles = self._stack.references(
            resource, "iamInstanceProfile", tokens.INSTANCE_PROFILE, PROFILE_KEYS
        )
        found = [self._roles(profile, "role") for profile in profiles.any]
        certain = len(profiles.resources) == 1 and not profiles.possible
        roles = [role for one in found for role in one.any]
        return References(
            tuple(role for one in found for role in one.resources) if certain else (),
            tuple(role for one in found for role in one.possible) if certain else tuple(roles),
            (*profiles.foreign, *(name for one in found for name in one.foreign)),
            profiles.untraced + sum(one.untraced for one in found),
        )

    # --- collecting -------------------------------------------------------------------------------

    def _give(self, roles: References, policies: list[Policy]) -> None:
        for role in roles.resources:
            self._policies[role] += policies
        for role in roles.possible:
            why = "which of several roles it is given to is not known in this preview"
            self._policies[role] += [Policy(one.label, None, one.sources, why) for one in policies]

    def _roles(self, resource: Resource, prop: str) -> References:
        return self._stack.references(resource, prop, tokens.ROLE, ROLE_KEYS)

    def _own(self, role: Resource) -> Iterator[Policy]:
        for number, inline in enumerate(items(role.get("inlinePolicies"))):
            name = dig(inline, "name")
            label = name if isinstance(name, str) else f"inline policy {number + 1}"
            yield _policy(label, dig(inline, "policy"), role, "inlinePolicies")
        for prop in ("inlinePolicies", "managedPolicyArns"):
            sources = role.dependencies.get(prop, ())
            # Where the program set nothing, it is what the provider computes.
            if role.setting(prop) is UNKNOWN and (sources or role.inputs is not None):
                yield Policy(prop, None, frozenset(sources), _NOT_KNOWN)
        managed = role.get("managedPolicyArns")
        if managed is not UNKNOWN:
            for arn in items(managed):
                yield from self._by_arn(role, "managedPolicyArns", arn)

    def _attached(self, attachment: Resource, prop: str) -> Iterator[Policy]:
        value = attachment.get(prop)
        listed = value if isinstance(value, list) else [value]
        for arn in listed:
            if not is_absent(arn):
                yield from self._by_arn(attachment, prop, arn)

    def _by_arn(self, resource: Resource, prop: str, arn: Any) -> Iterator[Policy]:
        """Yield the managed policies that an ARN may mean."""
        name = managed_name(arn) if isinstance(arn, str) else None
        if name is not None:
            known = managed_statements(name)
            why = "" if known is not None else "the pack does not know what this policy allows"
            yield Policy(f"AWS managed policy {name}", known, why=why)
            return
        found = self._stack.references(
            resource, prop, tokens.MANAGED_POLICY, _POLICY_KEYS, value=[arn]
        )
        for policy in found.any:
            yield _from_document(f'policy "{policy.name}"', policy, "policy")
        if found.foreign:
            yield Policy(f"policy {found.foreign[0]}", None, why="it is not in this stack")
        if found.untraced:
            yield Policy(f'policy of "{resource.name}"', None, why=_NOT_KNOWN)


_NOT_KNOWN = "it is not known in this preview"


def _from_document(label: str, resource: Resource, prop: str) -> Policy:
    return _policy(label, resource.get(prop), resource, prop)


def _policy(label: str, document: Any, resource: Resource, prop: str) -> Policy:
    known = statements(document)
    sources = frozenset(resource.dependencies.get(prop, ()))
    if isinstance(document, str) and not is_json(document):
        # iam-accepted reports the text; what it was meant to allow is not known.
        return Policy(label, None, sources, "its text is not JSON")
    if known is not None and any(not (one.resources or one.not_resources) for one in known):
        return Policy(label, None, sources, "a statement of it has no Resource")
    return Policy(label, known, sources, "" if known is not None else _NOT_KNOWN)


def _decide(policies: Iterable[Policy], action: str, target: Target | None, label: str) -> Answer:
    granted: Answer | None = None
    doubt: tuple[str, str] | None = None
    asked = f"{action} on {target.label}" if target else action
    for policy in policies:
        verdict = _says(policy, action, target)
        if verdict is _DENIED:
            return no(
                f"{policy.label} denies {asked}",
                label,
                policy.label,
                remedy=f"remove the statement that denies {action}: what is denied, nothing allows.",
            )
        if verdict is _ALLOWED and granted is None:
            granted = yes(label, policy.label, f"allows {asked}")
        if verdict is None and doubt is None:
            doubt = (policy.label, policy.why or "part of it is not known in this preview")
    if granted is not None:
        return granted
    if doubt is not None:
        return undecided(
            f"whether {label} may {asked} depends on {doubt[0]}: {doubt[1]}",
            label,
            doubt[0],
            remedy=(
                f"give the role {action} in a policy of its own whose document is known in a "
                "preview, or attach an AWS managed policy that allows it."
            ),
        )
    named = ", ".join(one.label for one in policies)
    what = f"none of its policies ({named}) allows it" if named else "it has no policy"
    return no(f"{label} is not allowed to {asked}: {what}", label)


_ALLOWED, _DENIED, _SILENT = "allowed", "denied", "silent"


def _says(policy: Policy, action: str, target: Target | None) -> str | None:
    """Return what one policy says about an action; `None` if that is not known."""
    told = target is not None and target.owner is not None and target.owner.urn in policy.sources
    if policy.statements is None:
        # A document that was built from the target's ARN is about the target.
        return _ALLOWED if told else None
    found: str | None = _SILENT
    for one in policy.statements:
        reaches = True if target is None else _reaches(one, target, told)
        applies = _both(one.covers(action), reaches)
        if applies and not one.allows and not one.conditional:
            return _DENIED
        if one.allows and applies:
            found = _ALLOWED
        elif one.allows and applies is None and found is _SILENT:
            found = None
    return found


def _both(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _reaches(one: Statement, target: Target, told: bool) -> bool | None:
    """Return whether a statement is about the target, `None` if that is not known."""
    arns = [same_partition(arn) for arn in target.arns]
    if one.not_resources:
        excluded = [matches(one.not_resources, arn) for arn in arns]
        return None if None in excluded or not target.named else not any(excluded)
    patterns = one.resources if target.named else [_anywhere(item) for item in one.resources]
    found = [matches(patterns, arn) for arn in arns]
    if any(found):
        return True
    if None in found:
        return True if told else None
    if target.named:
        return False
    loose = [_loosen(item) for item in patterns if isinstance(item, str)]
    return None if any(matches(loose, arn) for arn in arns) else False


def _anywhere(pattern: Any) -> Any:
    """Return a pattern for every Region and account: those of an unknown name are unknown too."""
    parts = pattern.split(":", maxsplit=5) if isinstance(pattern, str) else []
    return ":".join((*parts[:3], "*", "*", parts[5])) if len(parts) == 6 else pattern


def _loosen(pattern: str) -> str:
    """Return a pattern with a wildcard for a name that has one: "web-*" may be an unknown name."""
    head, slash, tail = pattern.partition("/")
    before, colon, name = head.rpartition(":")
    return f"{before}{colon}{'*' if '*' in name else name}{slash}{tail}"


def _is_service(principal: str, service: str) -> bool:
    """Return whether a principal is the service, in any Region or partition, or everybody."""
    named = principal.startswith(f"{service}.") and "amazonaws.com" in principal
    return principal == "*" or named
