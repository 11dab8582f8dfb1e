"""EventBridge as AWS has it, where moto differs.

moto's rules know neither SNS topics nor a disabled state. A rule here reaches queues, topics, log groups
and buses; a target that nothing would serve is refused.
"""

from __future__ import annotations

import inspect
import json
from typing import Any, Final, cast

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPattern, EventPatternParser, EventsBackend, Rule
from moto.events.responses import EventsHandler

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.events import delivery, schedules
from region.services.events.targets import DELIVERED_TO, parse
from region.services.policy_documents import is_policy_document
from region.time_formats.cron import CronError

UNSUPPORTED = (
    "AppSyncParameters",
    "BatchParameters",
    "EcsParameters",
    "HttpParameters",
    "KinesisParameters",
    "RedshiftDataParameters",
    "RunCommandParameters",
    "SageMakerPipelineParameters",
)

_OF_AWS: Final = frozenset(
    {
        "batch",
        "codebuild",
        "codepipeline",
        "ecs",
        "execute-api",
        "firehose",
        "kinesis",
        "lambda",
        "redshift",
        "sagemaker",
        "ssm",
        "states",
    }
)
"""The services that only AWS delivers events to (EventBridge guide, "Event bus targets")."""
_MOST_TARGETS: Final = 5
"""Of a rule (EventBridge quotas)."""
_INPUTS: Final = ("Input", "InputPath", "InputTransformer")
"""What a target gets in place of the event; each rules out the others (API reference, PutTargets)."""
_OF_AN_EVENT: Final = ("id", "account", "source", "time", "region", "resources", "detail-type")
"""What an event of TestEventPattern has (API reference)."""

patches = Patches()


def install() -> None:
    """Patch moto's EventBridge."""
    patches.install()


@patches.method(Rule)
def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
    """Deliver an event of PutEvents."""
    del transform_input
    delivery.deliver(self, delivery.with_time(original_event))


@patches.around(EventsBackend, "put_rule")
def _put_rule(moto: Original, self: EventsBackend, *args: object, **kwargs: object) -> Rule:
    """Refuse a schedule that is none; moto takes `rate(1 minutes)` and any text in `cron(…)`."""
    if expression := kwargs.get("scheduled_expression"):
        try:
            schedules.parse(str(expression))
        except CronError as error:
            raise ValidationException("Parameter ScheduleExpression is not valid.") from error
    rule: Rule = moto(self, *args, **kwargs)
    return rule


@patches.around(EventsBackend, "put_targets")
def _put_targets(
    moto: Original,
    self: EventsBackend,
    name: str,
    event_bus_arn: str | None,
    targets: list[dict[str, Any]],
) -> None:
    """Refuse targets that the region does not deliver to."""
    for target in targets:
        _check_target(target)
    _check_count(self, name, event_bus_arn, targets)
    moto(self, name, event_bus_arn, targets)


def _check_count(
    backend: EventsBackend, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
) -> None:
    bus = backend.event_buses.get((event_bus_arn or "default").rpartition("/")[2])
    rule = bus.rules.get(name) if bus is not None else None
    known = {target["Id"] for target in rule.targets} if rule is not None else set[str]()
    if len(known | {target["Id"] for target in targets}) > _MOST_TARGETS:
        message = "The requested resource exceeds the maximum number allowed."
        raise JsonRESTError("LimitExceededException", message)


def _check_target(target: dict[str, Any]) -> None:
    arn = str(target.get("Arn"))
    try:
        service = parse(arn).service
    except ValueError as error:
        message = f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        raise ValidationException(message) from error
    if service in _OF_AWS:
        raise NotImplementedError(
            f"the target {arn}: events are delivered to SQS queues, SNS topics, log groups and event buses"
        )
    if service not in DELIVERED_TO:
        raise ValidationException(
            f"Parameter Arn {arn} is not valid. Reason: the local region delivers events to SQS "
            "queues, SNS topics, log groups and event buses only."
        )
    for name in UNSUPPORTED:
        if target.get(name):
            raise NotImplementedError(f"{name} of a target: send the event to an SQS queue instead")
    given = [name for name in _INPUTS if target.get(name)]
    if len(given) > 1:
        raise ValidationException(
            f"Only one of {', '.join(_INPUTS)} must be provided for target {target.get('Id')}; it has "
            f"{' and '.join(given)}."
        )
    if target.get("Input"):
        _check_json(str(target["Input"]), str(target.get("Id")))


def _check_json(text: str, target: str) -> None:
    """Refuse a constant input that is not JSON."""
    try:
        json.loads(text)
    except ValueError as error:
        message = f"Parameter Input of target {target} is not valid. Reason: JSON syntax error."
        raise ValidationException(message) from error


@patches.around(EventPatternParser, "parse")
def _parse(moto: Original, self: EventPatternParser) -> object:
    """Read a pattern that is an object: moto fails at a number, and takes a list for one."""
    if self.pattern:
        try:
            content: object = json.loads(self.pattern)
        except ValueError:
            content = {}  # Refused by moto.
        if not isinstance(content, dict):
            raise InvalidEventPatternException(reason="Filter is not an object")
    return moto(self)


@patches.around(EventsBackend, "put_permission")
def _put_permission(moto: Original, self: EventsBackend, *given: Any, **named: Any) -> Any:
    call = inspect.signature(moto).bind(self, *given, **named)
    policy = call.arguments.get("policy")
    if policy and not is_policy_document(str(policy)):
        raise ValidationException("This policy contains invalid Json")
    return moto(self, *given, **named)


@patches.method(EventsHandler)
def test_event_pattern(call: EventsHandler) -> ActionResult:
    """TestEventPattern; moto answers nothing."""
    given = Parameters(call)
    try:
        event: Any = json.loads(given.text("Event"))
    except ValueError as error:
        raise ValidationException("Parameter Event is not valid. Reason: Not JSON.") from error
    missing = [name for name in _OF_AN_EVENT if not isinstance(event, dict) or name not in event]
    if missing:
        reason = f"Event must have the members {', '.join(missing)}."
        raise ValidationException(f"Parameter Event is not valid. Reason: {reason}")
    pattern = EventPattern.load(given.text("EventPattern"))
    return ActionResult({"Result": pattern.matches_event(cast("Any", event))})


@patches.around(EventsBackend, "put_events")
def _put_events(
    moto: Original, self: EventsBackend, events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Reject a source that begins with `aws.`: only AWS's services send such (API reference, PutEvents)."""
    own = [str(event.get("Source", "")).startswith("aws.") for event in events]
    answers = iter(
        moto(self, [event for event, is_aws in zip(events, own, strict=True) if not is_aws])
    )
    refusal = {
        "ErrorCode": "NotAuthorizedForSourceException",
        "ErrorMessage": "Not authorized for the source.",
    }
    return [dict(refusal) if is_aws else next(answers) for is_aws in own]
