"""The JSON Schema of `report.json`, published as `docs/report.schema.json`."""

from __future__ import annotations

import json

from loadtest.reporting.stack_comparison import Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render() -> str:
    """Return the schema as it is published: that of the models that write `report.json`."""
    schema = Report.model_json_schema(mode="serialization")
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"
