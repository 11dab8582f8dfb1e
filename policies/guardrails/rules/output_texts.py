"""The rule about Pulumi's outputs: none was written into a text as if it were its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails.architecture.launching import from_base64
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.refusals import label
from guardrails.resources import Stack
from guardrails.values import leaves

_SAID = re.compile(
    r"Calling (?:__str__|\[to(?:String|JSON)\]|\[ToString\]) on an \[?Output"
    r"|<pulumi\.output\.Output object at 0x"
)
"""What an output is as a text, in the SDKs of Python, Node.js, Java and .NET."""
_ENCODED = ("userData", "userDataBase64")
_HINT = "Output"
"""What each of these texts contains: most values are passed over by it."""


def _texts(prop: str, value: Any) -> Iterator[str]:
    for leaf in leaves(value):
        if isinstance(leaf, str):
            decoded = from_base64(leaf) if prop in _ENCODED else None
            yield leaf if decoded is None else decoded.decode(errors="replace")


def _written(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.resources:
        if resource.type.startswith("pulumi:pulumi:"):
            continue  # what the stack exports serves nobody
        for prop, value in resource.properties.items():
            found = next(
                (
                    one
                    for text in _texts(prop, value)
                    if _HINT in text
                    for one in _SAID.finditer(text)
                ),
                None,
            )
            if found is not None:
                yield Violation(
                    f'{label(prop)} of "{resource.name}" contains a text of Pulumi in place of a value '
                    f'("{found[0]}…"): an output was formatted before its value was known.',
                    resource,
                    (f'"{resource.name}"', label(prop)),
                )
                break


FORMATTED = StackRule(
    id="no-output-as-text",
    title="No output of a resource is written into a text as if it were its value",
    question=Question.VALID,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS05-BP03",)},
    url="https://www.pulumi.com/docs/iac/concepts/inputs-outputs/apply/#outputs-and-strings",
    remedy=(
        "build the text with pulumi.Output.concat, pulumi.Output.format or, for JSON, "
        "pulumi.Output.json_dumps, or inside output.apply(lambda value: …)."
    ),
    steps=(
        'Write pulumi.Output.concat(bucket.arn, "/*") in place of f"{bucket.arn}/*".',
        "Pass several outputs to pulumi.Output.all(…).apply, and build the text there.",
        "Set PULUMI_ERROR_OUTPUT_STRING=true: the program then fails where it happens.",
    ),
    unknown="What is not known is an output that was passed as one.",
    check=_written,
)

RULES = (FORMATTED,)
