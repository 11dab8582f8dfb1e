"""The rule about clusters that hold copies: with one node lost they still take what is sent to them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_true, number

_CONFIGURATION = ("aws:msk/configuration:Configuration",)
_COPIES, _AGREE = "default.replication.factor", "min.insync.replicas"


def _properties(configuration: Resource) -> dict[str, float]:
    """Return the numbers of a configuration of Kafka, `name=value` a line."""
    given = configuration.get("serverProperties")
    lines = given.splitlines() if isinstance(given, str) else ()
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    found = {name.strip(): number(value.strip()) for name, _, value in pairs}
    return {name: value for name, value in found.items() if value is not None}


def _brokers(stack: Stack) -> Iterator[Violation]:
    for cluster in stack.of(tokens.STREAM_CLUSTER):
        found = stack.references(cluster, "configurationInfo", _CONFIGURATION, ("arn", "id"))
        for one in found.resources:
            given = _properties(one)
            copies, agree = given.get(_COPIES), given.get(_AGREE)
            label = f'cluster "{cluster.name}"'
            path = (label, f'configuration "{one.name}"')
            if copies is not None and copies < 2:
                yield Violation(
                    f"New topics of {label} have one copy: with its broker, or its zone, what they hold is "
                    f"gone ({_COPIES} is {copies:g}).",
                    one,
                    (*path, f"{_COPIES} {copies:g}"),
                )
            elif copies is not None and agree is not None and agree >= copies:
                yield Violation(
                    f"With one broker lost nobody can write to {label}: {agree:g} of {copies:g} copies "
                    f"have to take each message ({_AGREE}).",
                    one,
                    (*path, f"{_COPIES} {copies:g}", f"{_AGREE} {agree:g}"),
                    f"set {_AGREE} in server_properties to {copies - 1:g}.",
                )


def _masters(stack: Stack) -> Iterator[Violation]:
    for domain in stack.of(tokens.SEARCH_DOMAIN):
        config = domain.get("clusterConfig")
        count = number(dig(config, "dedicatedMasterCount"))
        if is_true(dig(config, "dedicatedMasterEnabled")) and count in (1, 2):
            yield Violation(
                f'With one master node lost domain "{domain.name}" takes no changes: of {count:g} no '
                "majority is left to elect another one.",
                domain,
                (f'domain "{domain.name}"', f"dedicated_master_count {count:g}", "no majority"),
                "set dedicated_master_count in cluster_config to 3.",
            )


def _check(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from _brokers(stack)
    yield from _masters(stack)


WRITABLE = StackRule(
    id="cluster-writable-without-node",
    title="A cluster of Kafka or OpenSearch takes writes after the loss of a node",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("OPENSEARCH_PRIMARY_NODE_FAULT_TOLERANCE",),
        "Security Hub": ("Opensearch.11",),
        "Well-Architected": ("REL10-BP01", "REL11-BP02"),
    },
    url="https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html",
    remedy=(
        "set default.replication.factor in server_properties to 3 (2 with brokers in two zones), and "
        "min.insync.replicas to one less."
    ),
    steps=(
        "Set default.replication.factor=3 and min.insync.replicas=2 over three zones.",
        "Give a domain of OpenSearch three dedicated master nodes, or none.",
    ),
    unknown=(
        "A configuration of another stack, and a property that it does not set, are not judged: MSK's own "
        "defaults keep copies in every zone. Topics may have numbers of their own."
    ),
    check=_check,
)

RULES = (WRITABLE,)
