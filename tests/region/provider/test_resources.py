"""Where handlers are: a reader finds `aws:X/y:Z` from the path alone."""

from __future__ import annotations

import re

import pytest

from region.provider.resources import UNSUPPORTED_BY_DESIGN, all_handlers
from region.provider.schema import resource_schema

HANDLERS = all_handlers()


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_a_handler_is_in_the_file_that_its_token_names(token: str) -> None:
    _, path, name = token.split(":")
    module, noun = path.split("/")
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", noun).lower()
    handler = type(HANDLERS[token])
    assert handler.__module__ == f"region.provider.resources.{module}.{file}"
    assert handler.__name__ == name


@pytest.mark.parametrize("token", sorted(UNSUPPORTED_BY_DESIGN))
def test_a_type_that_is_left_out_on_purpose_exists_and_has_no_handler(token: str) -> None:
    assert resource_schema(token)
    assert token not in HANDLERS
