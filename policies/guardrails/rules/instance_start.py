"""The rule about user data: it is in a form that an instance runs when it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.launching import from_base64
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource

_FORMS = (
    "#!",
    "#cloud-config",
    "#cloud-boothook",
    "#include",
    "#part-handler",
    "#upstart-job",
    "## template: jinja",
    "content-type:",
    "mime-version:",
    "<powershell>",
    "<script>",
    "<persist>",
    "version: 1.",
)
"""How user data begins: that of cloud-init, and of EC2Launch on Windows."""
_SETTINGS = re.compile(r"[\[{<]|[\w.-]+[\"']?\s*(?:=\s|:(?:\s|$))|---")
"""How the settings of other systems begin: TOML of Bottlerocket, JSON of Ignition, YAML of nodeadm."""


def _text(resource: Resource) -> str | None:
    """Return the user data as text, `None` where it is not known or compressed.

    A launch template has it encoded; of an instance the provider takes both.
    """
    given = resource.get("userData")
    if not isinstance(given, str):
        return None
    content = from_base64(given)
    if content is None:
        return None if resource.type in tokens.LAUNCH_TEMPLATE else given
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _ignored(text: str) -> str | None:
    """Return why nothing of a text runs, `None` where it may."""
    begins = text.lstrip()
    if begins.startswith("#!") and begins != text:
        return "#! is not its first characters: white space is before it, and the script cannot be executed"
    if not begins or "\0" in begins or begins.lower().startswith(_FORMS):
        return None
    lines = (line.strip() for line in begins.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), None)
    if first is None or _SETTINGS.match(first):
        return None
    return "it begins neither with #! nor with #cloud-config, and cloud-init passes over it"


def _starts(resource: Resource, _: Settings) -> Iterator[Violation]:
    text = _text(resource)
    why = _ignored(text) if text is not None else None
    if why is not None:
        yield Violation(f'Nothing in the user data of "{resource.name}" runs: {why}.', resource)


RUNS = ResourceRule(
    id="ec2-user-data-runs",
    title="User data begins as what an instance runs when it starts",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL08-BP01",)},
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html",
    remedy=(
        'begin user_data with "#!/bin/bash", or with "#cloud-config", without a line or blank before it '
        "(textwrap.dedent and .lstrip() help with texts over several lines)."
    ),
    steps=(
        "Write the interpreter into the first line: #!/bin/bash.",
        'Let a text in triple quotes begin with a backslash: """\\\\ and the next line is the first.',
    ),
    unknown="A text that the preview does not know, or that is compressed, is not judged.",
    types=(*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE, *tokens.LAUNCH_CONFIGURATION),
    check=_starts,
)

RULES = (RUNS,)
