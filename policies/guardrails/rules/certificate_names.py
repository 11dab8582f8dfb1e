"""The rule about names: the certificate of a load balancer is for the name that leads there."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.traffic import ARN_KEYS, Traffic, listener_step
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, items

_KINDS = ("A", "AAAA", "CNAME")


def _certificates(stack: Stack, owner: Resource) -> list[Resource] | None:
    """Return the certificates to which a property refers; `None` where one is not of this stack."""
    if is_absent(owner.get("certificateArn")) or owner.left_out("certificateArn"):
        return []
    validations = stack.references(
        owner, "certificateArn", tokens.CERTIFICATE_VALIDATION, ("certificateArn", "id")
    ).resources
    found: list[Resource] = []
    for one in validations or (owner,):
        found += stack.references(one, "certificateArn", tokens.CERTIFICATE, ARN_KEYS).resources
    return found or None


def _names(certificate: Resource) -> list[str] | None:
    """Return the names of a certificate, `None` where the preview does not know them all."""
    others = certificate.setting("subjectAlternativeNames")
    names = [certificate.get("domainName"), *items(others)]
    if others is UNKNOWN or not all(isinstance(one, str) for one in names):
        return None
    return [str(one).lower() for one in names]


def _covers(name: str, host: str) -> bool:
    """Return whether a certificate's name is for a host; a wildcard stands for one label."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def _hosts(stack: Stack, balancer: Resource) -> Iterator[tuple[Resource, str]]:
    """Yield the records whose full name is known and leads to a load balancer."""
    for record in stack.of(tokens.DNS_RECORD):
        name = record.get("name")
        if record.get("type") not in _KINDS or not isinstance(name, str) or name.count(".") < 2:
            continue
        through = [*stack.sources(record, "aliases", tokens.LOAD_BALANCER)]
        through += stack.sources(record, "records", tokens.LOAD_BALANCER)
        if balancer in through:
            yield record, name.lower().rstrip(".")


def _misnamed(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    for balancer in traffic.balancers:
        hosts = list(_hosts(stack, balancer))
        for listener in traffic.listeners(balancer) if hosts else ():
            if listener.get("protocol") not in ("HTTPS", "TLS"):
                continue
            owners = [listener, *_further(stack, listener)]
            given = [_certificates(stack, one) for one in owners]
            certificates = [one for ones in given if ones is not None for one in ones]
            named = [_names(one) for one in certificates]
            if None in given or None in named or not certificates:
                continue
            names = [name for ones in named if ones is not None for name in ones]
            for record, host in hosts:
                if not any(_covers(name, host) for name in names):
                    yield Violation(
                        f'Browsers refuse https://{host}: the certificate of listener "{listener.name}" '
                        f"is for {', '.join(names)}.",
                        certificates[0],
                        (
                            f'record "{record.name}": {host}',
                            listener_step(listener),
                            f'certificate "{certificates[0].name}": {", ".join(names)}',
                        ),
                        f'add "{host}" to subject_alternative_names of the certificate.',
                    )


def _further(stack: Stack, listener: Resource) -> list[Resource]:
    return [
        one
        for one in stack.of(tokens.LISTENER_CERTIFICATE)
        if listener in stack.references(one, "listenerArn", tokens.LISTENER, ARN_KEYS).any
    ]


CERTIFICATE_NAMES = StackRule(
    id="elb-certificate-names",
    title="A load balancer's certificate covers the names that point to it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC09-BP01",)},
    url="https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html",
    remedy="add the name of the site to subject_alternative_names of the certificate.",
    steps=(
        "List every name of the site in domain_name and subject_alternative_names.",
        "A wildcard stands for one label: *.example.com is not for example.com.",
    ),
    unknown=(
        "A certificate of another stack may have any name; a record's name that is relative to its "
        "zone, or not known, is not judged."
    ),
    check=_misnamed,
)

RULES = (CERTIFICATE_NAMES,)
