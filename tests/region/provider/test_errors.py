from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from region.provider.errors import describe, is_missing


def answer(code: str, message: str = "", status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "DoIt")


@pytest.mark.parametrize(
    "code",
    [
        "InvalidVpcID.NotFound",
        "NoSuchEntity",
        "NoSuchBucketPolicy",
        "404",
        "DBInstanceNotFound",
        "DBSubnetGroupNotFoundFault",
        "LoadBalancerNotFound",
        "ApplicationDoesNotExistException",
        "ServerSideEncryptionConfigurationNotFoundError",
        "AWS.SimpleQueueService.NonExistentQueue",
    ],
)
def test_the_services_words_for_missing(code: str) -> None:
    assert is_missing(answer(code))


@pytest.mark.parametrize("code", ["DependencyViolation", "AccessDenied", "ValidationError", ""])
def test_what_is_not_missing(code: str) -> None:
    assert not is_missing(answer(code))
    assert not is_missing(KeyError("NotFound"))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (answer("Busy", "It is\n  in use."), "DoIt: Busy: It is in use"),
        (answer("X", "The x action has not been implemented"), "does not implement DoIt"),
        (answer("500", "<!doctype html>", 500), "DoIt failed inside the local region"),
        (
            ParamValidationError(report="Invalid type for parameter Password, value: hunter2"),
            "(Password)",
        ),
        (ResponseParserError("no XML:\nb'hunter2'"), "did not answer (no XML)"),
        (ValueError("x"), "ValueError: x"),
    ],
)
def test_an_error_is_one_sentence_without_values(error: Exception, text: str) -> None:
    message = describe(error)
    assert text in message
    assert "\n" not in message
    assert "hunter2" not in message
