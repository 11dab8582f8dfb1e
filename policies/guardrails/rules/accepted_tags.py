"""What AWS refuses about tags, of any resource and of the provider's default tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails import tokens
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.tags import tags
from guardrails.values import show

_MOST: Final = 50
_LONGEST_KEY, _LONGEST_VALUE = 128, 256
_RESERVED: Final = re.compile(r"aws:", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[\w\s+\-=.:/@]*")
_STRICT: Final = ("aws:iam/", "aws:lb/", "aws:alb/", "aws:rds/")
"""Modules whose APIs document the characters of a tag: letters, digits, spaces and + - = . _ : / @"""
_FEW: Final[Mapping[str, int]] = dict.fromkeys(tokens.BUCKET_OBJECT, 10)
"""Most tags of what takes fewer."""


def _problems(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a resource's tags, and what to do about it."""
    most = _FEW.get(resource.type, _MOST)
    for where, given in tags(resource):
        if len(given) > most:
            yield f"{where} has {len(given)} tags, {most} at most", f"keep {most} of {where}."
        for key, value in given.items():
            yield from _tag(resource, where, key, value)


def _tag(resource: Resource, where: str, key: str, value: Any) -> Iterator[tuple[str, str]]:
    length = len(value) if isinstance(value, str) else 0
    if _RESERVED.match(key):
        yield f"{where} has {show(key)}, and aws: is reserved", f"rename {show(key)} in {where}."
    if not key or len(key) > _LONGEST_KEY:
        shown = f'"{key[:20]}…"' if key else "an empty key"
        remedy = f"give each of {where} a key of 1 to {_LONGEST_KEY} characters."
        yield f"{where} has {shown} of {len(key)} characters, 1 to {_LONGEST_KEY}", remedy
    if length > _LONGEST_VALUE:
        yield (
            f"the value of {show(key)} in {where} has {length} characters, {_LONGEST_VALUE} at most",
            f"shorten the value of {show(key)} in {where}.",
        )
    texts = [text for text in (key, value) if isinstance(text, str)]
    strict = resource.type.startswith(_STRICT)
    wrong = [text for text in texts if strict and not _PLAIN.fullmatch(text)]
    if wrong:
        yield (
            f"{where} has {show(wrong[0])}, with other characters than letters, digits, + - = . _ : / @",
            f"write {show(key)} in {where} with these characters only.",
        )


_SAYS = (
    "a resource has up to 50 tags (an object of Amazon S3 10), with keys of 1 to 128 characters that do "
    "not begin with aws:, and values of up to 256."
)


def _refused(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource in stack.resources:
        if not resource.type.startswith(("aws:", *tokens.PROVIDER)):
            continue
        for problem, remedy in _problems(resource):
            yield Violation(
                f'AWS refuses "{resource.name}": {problem}. AWS says: {_SAYS}',
                resource,
                remedy=remedy,
            )


TAGS = StackRule(
    id="tags-accepted",
    title="AWS accepts every tag",
    question=Question.VALID,
    severity=Severity.MEDIUM,
    url="https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
    remedy="correct tags as the message says.",
    steps=(_SAYS,),
    unknown="A tag that the preview does not know is not refused: the API decides.",
    check=_refused,
)

RULES = (TAGS,)
