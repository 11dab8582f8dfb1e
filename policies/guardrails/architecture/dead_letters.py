"""Dead-letter queues (SQS): where messages go that could not be processed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.regions import Regions
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true

_FIFO = ".fifo"
_QUEUE_KEYS = ("url", "id")


@dataclass(frozen=True)
class DeadLetters:
    """A queue, and where its failed messages go.

    Attributes:
        holder: The resource that says so: the queue, or an aws.sqs.RedrivePolicy.
        target: The dead-letter queue, if it is certainly one of this stack.
        arn: ARN of the dead-letter queue, where it is known.
    """

    queue: Resource
    holder: Resource
    target: Resource | None
    arn: str | None

    @property
    def is_own(self) -> bool:
        """Whether they go back to where they were."""
        name = self.queue.get("name")
        return self.target is self.queue or (bool(name) and name == self._part(5))

    @property
    def called(self) -> str:
        """Name the dead-letter queue for a message."""
        return f'"{self.target.name}"' if self.target is not None else str(self.arn)

    def ordered(self) -> bool | None:
        """Return whether the dead-letter queue is a FIFO queue, `None` where that is not known."""
        if self.target is not None:
            return is_ordered(self.target)
        return None if self.arn is None else self.arn.endswith(_FIFO)

    def region(self, regions: Regions) -> str | None:
        """Return the Region of the dead-letter queue, `None` where that is not known."""
        return regions.of(self.target) if self.target is not None else self._part(3)

    def _part(self, number: int) -> str | None:
        parts = (self.arn or "").split(":")
        return parts[number] if len(parts) == 6 else None


def is_ordered(one: Resource) -> bool | None:
    """Return whether a queue or topic is a FIFO one, `None` where that is not known."""
    given = one.setting("fifoTopic" if one.type in tokens.TOPIC else "fifoQueue")
    return None if given is UNKNOWN else is_true(given)


def dead_letters(stack: Stack) -> Iterator[DeadLetters]:
    """Yield where the failed messages of each queue go, as far as the program says."""
    for holder in stack.of((*tokens.QUEUE, *tokens.QUEUE_REDRIVE)):
        yield from said_by(stack, holder)


def said_by(stack: Stack, holder: Resource) -> Iterator[DeadLetters]:
    """Yield what one queue, or one aws.sqs.RedrivePolicy, says."""
    if holder.type in tokens.QUEUE_REDRIVE:
        for queue in stack.references(holder, "queueUrl", tokens.QUEUE, _QUEUE_KEYS).resources:
            yield from _read(stack, queue, holder)
    elif not holder.left_out("redrivePolicy"):
        yield from _read(stack, holder, holder)


def _read(stack: Stack, queue: Resource, holder: Resource) -> Iterator[DeadLetters]:
    given = holder.get("redrivePolicy")
    sources = stack.sources(holder, "redrivePolicy", tokens.QUEUE)
    if isinstance(given, str):
        try:
            arn = dig(json.loads(given), "deadLetterTargetArn")
        except ValueError:
            return  # messages-accepted reports it
        known = [
            one for one in stack.of(tokens.QUEUE) if not is_absent(arn) and one.get("arn") == arn
        ]
        found = known or sources
        target = found[0] if len(found) == 1 else None
        yield DeadLetters(queue, holder, target, arn if isinstance(arn, str) else None)
    elif len(sources) == 1:
        yield DeadLetters(queue, holder, sources[0], None)
