"""Calls that conformance tests expect to be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """Make a call that must be refused, and return the code of the error."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    return error.value.response["Error"]["Code"]


def code_of(cloud: Cloud, service: str, operation: str, parameters: dict[str, Any]) -> str:
    """Make a call by its names that must be refused, and return the code of the error."""
    return refused(getattr(cloud.client(service), operation), **parameters)
