"""Rules about the instances' access to revisions: they read and decrypt them, and do not write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.answers import Answer, any_of
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.permissions import Permissions, Target
from guardrails.architecture.policy_documents import Statement, matches, statements
from guardrails.architecture.revision_store import RevisionStore
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN

_DOC = (
    "https://docs.aws.amazon.com/codedeploy/latest/userguide/"
    "getting-started-create-iam-instance-profile.html"
)


def _launchers(stack: Stack) -> list[Resource]:
    """Return the launch templates and instances from which CodeDeploy's instances start."""
    found: list[Resource] = []
    for deployment in stack.derived(Deployments).servers:
        for group in deployment.groups.any:
            found += stack.derived(Fleets).of(group).launching.templates
        if deployment.by_tags:
            found += stack.of(tokens.INSTANCE)
    return list(dict.fromkeys(found))


def _with_roles(stack: Stack) -> Iterator[tuple[Resource, tuple[Resource, ...]]]:
    """Yield launch templates and instances with their roles, if all of these are known."""
    permissions = stack.derived(Permissions)
    for launcher in _launchers(stack):
        roles = permissions.instance_roles(launcher)
        if roles.any and not roles.foreign and not roles.untraced:  # else ec2-managed-by-ssm
            yield launcher, roles.any


def _reads(stack: Stack, launcher_roles: tuple[Resource, ...], revision: Resource) -> Answer:
    target = stack.derived(RevisionStore).target(revision)
    permissions = stack.derived(Permissions)
    return any_of(permissions.may(role, "s3:GetObject", target) for role in launcher_roles)


_ENDPOINT = {"aws:sourcevpce", "aws:sourcevpc"}
"""Keys that only a request by a VPC endpoint has."""


def _by_endpoint(given: Statement) -> bool:
    """Return whether a Deny is for everybody who does not come by a VPC endpoint."""
    condition = given.condition if isinstance(given.condition, Mapping) else {}
    return bool(condition) and all(
        str(operator).startswith(("StringNotEquals", "StringNotLike"))
        and isinstance(tested, Mapping)
        and {str(key).lower() for key in tested} <= _ENDPOINT
        for operator, tested in condition.items()
    )


def _without_endpoint(stack: Stack) -> bool:
    """Return whether the stack makes its network itself, and no endpoint for S3 in it."""
    services = [str(one.get("serviceName")) for one in stack.of(tokens.VPC_ENDPOINT)]
    unknown = any(one.get("serviceName") is UNKNOWN for one in stack.of(tokens.VPC_ENDPOINT))
    own = any(one.type == "aws:ec2/vpc:Vpc" for one in stack.of(tokens.VPC))
    return own and not unknown and not any(name.endswith(".s3") for name in services)


def _refused(stack: Stack) -> Iterator[Violation]:
    """Find bucket policies that deny everybody to read the revisions."""
    store = stack.derived(RevisionStore)
    for bucket in store.buckets:
        arns = [arn for one in store.revisions(bucket) for arn in store.target(one).arns]
        for policy in store.attached(bucket, tokens.BUCKET_POLICY):
            for given in statements(policy.get("policy")) or ():
                everybody = any("*" in names for names in (given.principals or {}).values())
                denied = [arn for arn in arns if matches(given.resources, arn)]
                if given.allows or not everybody or not denied or not given.covers("s3:GetObject"):
                    continue
                if _by_endpoint(given) and _without_endpoint(stack):
                    yield Violation(
                        f'Policy "{policy.name}" denies the revisions in bucket "{bucket.name}" to whoever '
                        "does not come by a certain VPC endpoint, and the network of this stack has none "
                        "for S3: no instance can fetch them.",
                        policy,
                        ("instances", "no VPC endpoint for S3", f'policy "{policy.name}": Deny'),
                        "create an aws.ec2.VpcEndpoint for S3 with the route_table_ids of the instances' "
                        "subnets and name its id in aws:SourceVpce, or remove the statement.",
                    )
                    break
                if not given.conditional:
                    yield Violation(
                        f'Policy "{policy.name}" denies everybody to read the revisions in bucket '
                        f'"{bucket.name}": no instance can fetch them.',
                        policy,
                        (f'bucket "{bucket.name}"', f'policy "{policy.name}": Deny s3:GetObject'),
                        "remove the statement, or give it a Condition.",
                    )
                    break


def _readable(stack: Stack, _: Settings) -> Iterator[Violation]:
    refused = list(_refused(stack))
    if refused:
        yield from refused
        return
    store = stack.derived(RevisionStore)
    revisions = [one for bucket in store.buckets for one in store.revisions(bucket)]
    for launcher, roles in _with_roles(stack) if revisions else ():
        # With several services each role has to read its own revision, not those of the others.
        answer = any_of(_reads(stack, roles, revision) for revision in revisions)
        yield from report(
            answer,
            launcher,
            f'instances of "{launcher.name}"',
            problem=f'"{launcher.name}" launches instances that cannot fetch their revision',
        )


READABLE = StackRule(
    id="ec2-reads-revisions",
    title="Instances may read the revisions that are deployed to them",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP01",)},
    url=_DOC,
    remedy=(
        "allow s3:GetObject and s3:GetObjectVersion on the bucket's ARN followed by /* in a policy "
        "of the instances' role, and remove what denies it."
    ),
    steps=(
        "Add an aws.iam.RolePolicy to the role of the instance profile.",
        'Set its Resource to the bucket\'s arn output followed by "/*": the objects, not the bucket.',
    ),
    unknown=(
        "A policy whose document is unknown counts as one that allows it if it was built from the "
        "bucket, else it is not decidable. The role of another stack is reported by "
        "ec2-managed-by-ssm."
    ),
    check=_readable,
)


def _writes(permissions: Permissions, role: Resource, target: Target) -> bool:
    """Return whether a role may certainly write: iam-data-limited reports who may do so everywhere."""
    action = "s3:PutObject"
    return (
        permissions.says_so(role, action, target) and permissions.may(role, action, target).is_yes
    )


def _overwritable(stack: Stack, _: Settings) -> Iterator[Violation]:
    store, permissions = stack.derived(RevisionStore), stack.derived(Permissions)
    revisions = [one for bucket in store.buckets for one in store.revisions(bucket)]
    for launcher, roles in _with_roles(stack) if revisions else ():
        for target in dict.fromkeys(store.target(one) for one in revisions):
            if any(_writes(permissions, role, target) for role in roles):
                yield Violation(
                    f'Instances of "{launcher.name}" may overwrite {target.label}: whoever breaks into '
                    "one of them decides what the others run.",
                    launcher,
                    (f'instances of "{launcher.name}"', "s3:PutObject", target.label),
                )
                break


KEPT = StackRule(
    id="ec2-cannot-write-revisions",
    title="Instances may not overwrite the revisions that are deployed to them",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # a bucket may hold both revisions and what instances write
    controls={"Well-Architected": ("SEC03-BP02",)},
    url=_DOC,
    remedy=(
        "allow s3:GetObject and s3:GetObjectVersion only on the bucket of revisions, and let instances "
        "write into a bucket of their own."
    ),
    steps=(
        "Replace s3:* and s3:PutObject in the policy of the instances' role by s3:GetObject*.",
        "Create another bucket for what instances write.",
    ),
    unknown="A policy that is not known is not judged.",
    check=_overwritable,
)


def _key_policy_allows(key: Resource, roles: tuple[Resource, ...]) -> bool:
    """Return whether a key's own policy names one of the roles."""
    document = key.get("policy")
    urns = set(key.dependencies.get("policy", ()))
    if document is UNKNOWN:
        return any(role.urn in urns for role in roles)
    arns = {arn for role in roles if isinstance(arn := role.get("arn"), str)}
    for statement in statements(document) or ():
        named = (statement.principals or {}).get("AWS", ())
        mine = UNKNOWN in named or any(arn in named for arn in arns)
        if statement.allows and mine and matches(statement.actions, "kms:Decrypt"):
            return True
    return False


def _decrypts(stack: Stack, roles: tuple[Resource, ...], key: Target) -> Answer:
    permissions = stack.derived(Permissions)
    return any_of(permissions.may(role, "kms:Decrypt", key) for role in roles)


def _decryptable(stack: Stack, _: Settings) -> Iterator[Violation]:
    store = stack.derived(RevisionStore)
    for launcher, roles in _with_roles(stack):
        for bucket in store.buckets:
            for revision in store.revisions(bucket):
                # Whoever cannot read it at all is reported by ec2-reads-revisions.
                if not _reads(stack, roles, revision).is_no:
                    yield from _undecryptable(stack, launcher, roles, revision)


def _undecryptable(
    stack: Stack, launcher: Resource, roles: tuple[Resource, ...], revision: Resource
) -> Iterator[Violation]:
    for key in stack.derived(RevisionStore).encryption_keys(revision):
        answer = _decrypts(stack, roles, key)
        if answer.is_yes or (key.owner is not None and _key_policy_allows(key.owner, roles)):
            continue
        # The policy of a key of another stack may allow it.
        open_end = answer.is_undecided or key.owner is None
        yield Violation(
            f"{answer.reason}."
            if open_end
            else f'"{launcher.name}" launches instances that cannot decrypt revision '
            f'"{revision.name}": {answer.reason}.',
            launcher,
            (f'instances of "{launcher.name}"', f'revision "{revision.name}"', key.label),
            remedy=answer.remedy
            or (None if not open_end else "allow kms:Decrypt on the key in a policy of the role."),
            undecided=open_end,
        )


DECRYPTABLE = StackRule(
    id="ec2-decrypts-revisions",
    title="Instances may decrypt the revisions that are deployed to them",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC08-BP01",)},
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    remedy="allow kms:Decrypt on the key's ARN in a policy of the instances' role.",
    steps=(
        "Add kms:Decrypt with the key's arn output to the policy that allows s3:GetObject.",
        "Or encrypt the bucket with AES256 or with AWS's own key, aws/s3.",
    ),
    unknown=(
        "A policy whose document is unknown counts as one that allows it if it was built from the "
        "key. A key of another stack is not decidable: its own policy may allow it."
    ),
    check=_decryptable,
)

RULES = (READABLE, KEPT, DECRYPTABLE)
