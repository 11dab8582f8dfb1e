"""The engine's Analyzer service: an adapter between the engine and the rules. It decides nothing.

The policy SDK's `PolicyPack` implements the same service. It is not used because it supports one
level per policy, passes each policy only its own configuration, and decodes the whole stack once
per policy (ADR 0009).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi.runtime.proto import analyzer_pb2_grpc, engine_pb2, engine_pb2_grpc, plugin_pb2

from guardrails.configuration import RuleConfiguration
from guardrails.convert import to_resource, to_stack
from guardrails.evaluator import Evaluation, Finding, PolicyEvaluator
from guardrails.model import ConfigurationRule, Level, ResourceRule, Rule, Severity
from guardrails.summary import SUMMARY_MARK

PACK_NAME = "haproof"
PACK_DESCRIPTION = "High availability and security guardrails for the haproof stacks."
# The engine prefers the version in PulumiPolicy.yaml; a test keeps both equal.
PACK_VERSION = "0.1.0"

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for a gRPC message (sdk/go/common/util/rpcutil)."""

_LEVELS = {Level.ADVISORY: wire.ADVISORY, Level.MANDATORY: wire.MANDATORY}
_GIVEN_LEVELS = {
    wire.ADVISORY: Level.ADVISORY,
    wire.MANDATORY: Level.MANDATORY,
    # The pack changes no resource: what it cannot remediate it refuses, as the SDK does.
    wire.REMEDIATE: Level.MANDATORY,
    wire.DISABLED: None,
}
_SEVERITIES = {
    Severity.LOW: wire.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: wire.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: wire.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: wire.POLICY_SEVERITY_CRITICAL,
}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Serves one engine for the duration of one command."""

    def __init__(self, evaluator: PolicyEvaluator) -> None:
        self._evaluator = evaluator
        self._engine: Any = None
        self._under_way = False
        """Whether resources were evaluated, and the stack that they form was not yet."""
        self._of_preview = True
        """Whether the engine only previews: before an update it has asked for the stack already."""

    # The method names are those of the gRPC service.
    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Accept the engine, whose log takes what is not a violation."""
        self._evaluator.configure({})  # nothing stays of a command before, nor do its outcomes
        self._evaluator.keep_secrets(())
        self._under_way = False
        if request is not None and request.engine_address:
            channel = grpc.insecure_channel(request.engine_address)
            self._engine = engine_pb2_grpc.EngineStub(channel)
        return wire.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return the pack's version."""
        return plugin_pb2.PluginInfo(version=PACK_VERSION)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return the metadata of every rule."""
        return wire.AnalyzerInfo(
            name=PACK_NAME,
            description=PACK_DESCRIPTION,
            version=PACK_VERSION,
            supportsConfig=True,
            policies=[policy_info(rule) for rule in self._evaluator.rules],
        )

    def Configure(self, request: wire.ConfigureAnalyzerRequest, context: Any) -> Any:  # noqa: N802, ARG002
        """Apply the policy configuration, which the engine has completed with the defaults."""
        self._evaluator.configure(
            {
                name: RuleConfiguration(
                    _GIVEN_LEVELS[config.enforcementLevel],
                    json_format.MessageToDict(config.properties),
                )
                for name, config in request.policyConfig.items()
            }
        )
        return empty_pb2.Empty()

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Take note of preview or update, and of what the stack's configuration keeps secret."""
        self._of_preview = request.dry_run
        keys = set(request.config_secret_keys)
        self._evaluator.keep_secrets(text for key, text in request.config.items() if key in keys)
        return wire.AnalyzerStackConfigureResponse()

    def Analyze(self, request: wire.AnalyzeRequest, context: Any) -> Any:  # noqa: N802, ARG002
        """Evaluate one resource."""
        self._under_way = True
        return _response(self._evaluator.evaluate_resource(to_resource(request)))

    def AnalyzeStack(self, request: wire.AnalyzeStackRequest, context: Any) -> Any:  # noqa: N802, ARG002
        """Evaluate the stack, and say what the whole run shows."""
        self._under_way = False
        evaluation = self._evaluator.evaluate_stack(to_stack(request.resources))
        if evaluation.summary is not None:
            self._log(engine_pb2.INFO, "\n".join(evaluation.summary.lines()))
        return _response(evaluation)

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Change nothing: a guardrail reports what is wrong, and people decide."""
        return wire.RemediateResponse()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Say so if the engine gives up before the stack is evaluated.

        It does where the program, a provider, a resource's rule or the load after the update failed,
        and shows a tick beside the pack all the same.
        """
        if self._under_way:
            self._under_way = False
            say = not_evaluated if self._of_preview else not_evaluated_again
            self._log(engine_pb2.WARNING, say(self._evaluator.missed()))
        return empty_pb2.Empty()

    def _log(self, severity: Any, text: str) -> None:
        """Show a text among the diagnostics, at once: standard output is read too late at the end."""
        if self._engine is None:
            return
        try:
            self._engine.Log(engine_pb2.LogRequest(severity=severity, message=text), timeout=5)
        except grpc.RpcError as error:
            sys.stderr.write(f"{text}\n(not shown by the engine: {error})\n")


def not_evaluated(rules: Sequence[Rule]) -> str:
    """Return what is to be said where a preview ended before the stack was complete."""
    return (
        f"{SUMMARY_MARK}{len(rules)} rules about the stack as a whole have NOT run: the command "
        "ended before every resource was known. A tick beside the pack does not mean that they "
        "hold. Remedy: fix the error, then preview again."
    )


def not_evaluated_again(rules: Sequence[Rule]) -> str:
    """Return the same for an update. Its preview has run them, or nothing would have been updated."""
    return (
        f"{SUMMARY_MARK}the update, or the load after it, did not succeed, so {len(rules)} rules about "
        "the stack as a whole were not run a second time. The preview's answers apply to the plan (with "
        "--skip-preview there are none). Remedy: fix the error; the next `pulumi preview` or `pulumi up` "
        "runs them."
    )


def describe(rule: Rule) -> str:
    """Return title and official identifiers in one sentence."""
    controls = "; ".join(
        f"{catalogue} {', '.join(names)}" for catalogue, names in rule.controls.items()
    )
    return f"{rule.title} ({controls})." if controls else f"{rule.title}."


def policy_info(rule: Rule) -> wire.PolicyInfo:
    """Build the metadata of a rule for the engine."""
    info = wire.PolicyInfo(
        name=rule.id,
        displayName=rule.title,
        description=describe(rule),
        enforcementLevel=_LEVELS[rule.level],
        severity=_SEVERITIES[rule.severity],
        policy_type=(
            wire.POLICY_TYPE_RESOURCE if isinstance(rule, ResourceRule) else wire.POLICY_TYPE_STACK
        ),
        remediation_steps="\n".join(
            f"{number}. {step}" for number, step in enumerate(rule.steps, start=1)
        ),
        url=rule.url,
        tags=[rule.scope.value, *_controls(rule)],
    )
    if rule.parameters:
        schemas = {name: dict(schema) for name, schema in rule.parameters.items()}
        info.configSchema.properties.update(schemas)
    return info


def _controls(rule: Rule) -> list[str]:
    return [f"{catalogue} {name}" for catalogue, names in rule.controls.items() for name in names]


def _response(evaluation: Evaluation) -> wire.AnalyzeResponse:
    return wire.AnalyzeResponse(
        diagnostics=[_diagnostic(finding) for finding in evaluation.findings],
        not_applicable=[
            wire.PolicyNotApplicable(policy_name=name, reason=reason)
            for name, reason in evaluation.not_applicable.items()
        ],
    )


def _heading(rule: Rule) -> str:
    """Return the question that is broken, and the rule's part of it."""
    asked = "" if isinstance(rule, ConfigurationRule) else f"{rule.question.value} "
    return f"{asked}{rule.title}."


def _diagnostic(finding: Finding) -> wire.AnalyzeDiagnostic:
    return wire.AnalyzeDiagnostic(
        policyName=finding.rule.id,
        policyPackName=PACK_NAME,
        policyPackVersion=PACK_VERSION,
        description=describe(finding.rule),
        # Without the identifiers: they take up lines and do not help to fix the violation.
        message=f"{_heading(finding.rule)}\n{finding.text}",
        enforcementLevel=_LEVELS[finding.level],
        severity=_SEVERITIES[finding.rule.severity],
        urn=finding.resource.urn if finding.resource else "",
    )


def serve(evaluator: PolicyEvaluator | None = None) -> None:
    """Print the port, then serve the engine that started this process until it exits."""
    server = grpc.server(
        futures.ThreadPoolExecutor(4),
        options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(
        Analyzer(evaluator or PolicyEvaluator()), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)
