"""The stack's outputs, which are all that the load test knows about a stack.

The fields of `StackOutputs` are the outputs that `components/service.py` exports (`OUTPUT_KEYS`). A test
keeps the two equal; neither imports the other, as the load test works on any program's stack.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from commandline import files
from loadspec import setting
from loadtest.errors import OutputsError

PULUMI_TIMEOUT_S = 120


class MonthlyCost(BaseModel):
    """The stack's own cost estimate; without `total` there is none, and `notes` say why.

    Anything else in it, such as its line items, is kept for people to read.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True
    )

    region: str
    total: float | None = None
    currency: str | None = None
    table_date: str | None = None
    confidence: str | None = None
    notes: list[str] = []


class StackOutputs(BaseModel):
    """What `pulumi stack output --json` prints for a stack of this project."""

    # The same keys as OUTPUT_KEYS in components/service.py: a contract, kept equal by a test.

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )

    url: str
    health_path: Annotated[str, Field(pattern="^/")]
    topology: Literal["single", "ha"]
    region: str
    instance_type: str
    instance_count: Annotated[int, Field(ge=1)]
    availability_zones: list[str]
    database_class: str
    codedeploy_application: str
    codedeploy_deployment_group: str
    revision_bucket: str
    revision_key: str
    revision_digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    seed_users: Annotated[int, Field(ge=0)]
    load_profile: str
    load_balancer_dns_name: str | None = None
    """Where a domain that is not hosted in Route 53 has to point to."""
    # Pulumi's state keeps no output at all for what a stack does not have.
    auto_scaling_group_name: str | None = None
    target_group_arn: str | None = None
    instance_id: str | None = None
    monthly_cost: MonthlyCost | None = None
    """None for stacks deployed before the estimate existed."""

    @field_validator("monthly_cost", mode="before")
    @classmethod
    def _is_a_total(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the total alone, as `pulumi stack output` has it; the hook hands all of it over."""
        if isinstance(value, int | float):
            return {"region": info.data.get("region", ""), "total": value, "currency": "USD"}
        return value

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must start with http:// or https:// and name a host")
        return value.rstrip("/")

    @field_validator("load_profile")
    @classmethod
    def _is_profile(cls, value: str) -> str:
        return setting.checked(value)

    def to_json(self) -> str:
        """Return the outputs as they were read, for the results directory."""
        return self.model_dump_json(by_alias=True, indent=2, exclude_unset=True)


def parse(text: str, source: str) -> StackOutputs:
    """Parse outputs from JSON text; `source` names it in errors.

    Raises:
        OutputsError: The text is not JSON, or not what this project's stacks export.
    """
    try:
        return StackOutputs.model_validate(files.parse_json(text))
    except ValidationError as error:
        raise OutputsError(f"{source}: {_explain(error)}; run `pulumi up` again?") from error
    except ValueError as error:
        raise OutputsError(
            f"{source} is not JSON ({error}); give what `pulumi stack output --json` prints"
        ) from error


def _explain(error: ValidationError) -> str:
    found: dict[str, list[str]] = {}
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if not name:
            return f"it is {files.shortened(problem['input'])}, and outputs are names with values"
        match problem["type"]:
            case "missing":
                found.setdefault("missing output", []).append(name)
            case "extra_forbidden":
                found.setdefault("unknown output", []).append(name)
            case _:
                text = f"{name} = {files.shortened(problem['input'])}: {problem['msg']}"
                found.setdefault("invalid output", []).append(text)
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in found.items())


def from_file(path: str) -> StackOutputs:
    """Read outputs from a file, or from standard input if `path` is `-`.

    Raises:
        OutputsError: They cannot be read or parsed.
    """
    if path == "-":
        return parse(sys.stdin.read(), "standard input")
    try:
        return parse(files.read_text(Path(path)), path)
    except OSError as error:
        raise OutputsError(f"cannot read the stack outputs {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise OutputsError(
            f"cannot read the stack outputs {path}: not UTF-8 ({error.reason})"
        ) from error


def from_stack(stack: str, pulumi: str) -> StackOutputs:
    """Ask the Pulumi command line, the program `pulumi`, for a stack's outputs.

    Raises:
        OutputsError: There is no answer, or it is not what this project's stacks export.
    """
    answer = _ask([pulumi, "stack", "output", "--json", "--stack", stack], stack)
    return parse(answer, f"outputs of stack {stack!r}")


def estimate(stack: str, pulumi: str) -> MonthlyCost:
    """Ask the Pulumi command line for a stack's itemised monthly cost, which only its state has.

    Raises:
        OutputsError: There is no answer, or the stack has no estimate.
    """
    answer = _ask([pulumi, "stack", "export", "--stack", stack], stack)
    try:
        resources = json.loads(answer)["deployment"].get("resources") or []
        found = [
            one["outputs"]["costEstimate"]
            for one in resources
            if "costEstimate" in one.get("outputs", {})
        ]
        return MonthlyCost.model_validate(found[0])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise OutputsError(
            f"stack {stack!r} has no cost estimate in its state; run `pulumi up` again"
        ) from error


def _ask(command: list[str], stack: str) -> str:
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=PULUMI_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OutputsError(
            f"cannot ask Pulumi for the outputs of stack {stack!r}: {error}"
        ) from error
    if answer.returncode:
        reason = answer.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise OutputsError(f"stack {stack!r} has no readable outputs: {reason[0]}{_hint()}")
    return answer.stdout


def _hint() -> str:
    """Say what is missing where Pulumi was asked without the local region's environment."""
    if os.environ.get("PULUMI_BACKEND_URL", "").startswith("file:"):
        return ""
    return '; for a stack of the local region first: eval "$(python -m rehearsal env)"'
