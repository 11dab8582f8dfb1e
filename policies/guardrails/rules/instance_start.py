"""Rules about what an instance starts with: user data that runs and serves, and CodeDeploy's agent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.launching import WEB_SERVER, from_base64
from guardrails.architecture.serving import Serving
from guardrails.model import (
    Question,
    ResourceRule,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, number, show

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
    title="User data is in a format that an instance runs at launch",
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

# --- what a script does that runs -----------------------------------------------------------------

_OFF = re.compile(
    r"^(?:sudo\s+)?(?P<said>shutdown(?:\s+-[hP])?\s+(?:now|0|\+\d+)|poweroff|halt|init\s+0"
    r"|systemctl\s+poweroff)\b",
    re.MULTILINE,
)
_OWN_ADDRESS = re.compile(
    r"^(?!\s*#)[^\n|;&]*?\s(?P<said>(?:--host|--bind|-b|--address|--listen|-p|--publish)[= ]"
    r"(?:127\.0\.0\.1|localhost)(?::\d+)*)\b[^\n]*",
    re.MULTILINE,
)
_EVERY_ADDRESS = re.compile(rf"{WEB_SERVER}|(?:0\.0\.0\.0|\[::\]):\d")
"""What may hand requests on to an application that only answers its own machine."""


def _ports(started: re.Match[str]) -> set[float | None]:
    """Return the ports that a command names."""
    return {float(one) for one in re.findall(r"(?<![\d.])\d{2,5}(?![\d.])", started[0])}


def _stops(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Serving).groups:
        for template in group.launching.templates:
            text = _text(template) or ""
            found = _OFF.search(text)
            if found is not None:
                yield _lost(
                    group.resource,
                    template,
                    f"its user data ends with {show(found['said'])}, and every instance switches itself "
                    "off as soon as it is up",
                    "remove the command from user_data of the launch template.",
                )
                continue
            ports = {number(one.get("port")) for one in group.target_groups}
            bound = next((one for one in _OWN_ADDRESS.finditer(text) if _ports(one) & ports), None)
            if bound is not None and not _EVERY_ADDRESS.search(text):
                yield _lost(
                    group.resource,
                    template,
                    f"its user data starts something with {bound['said']}, which answers its own machine "
                    "only, and the load balancer asks from outside",
                    "let user_data start the application on 0.0.0.0 in place of 127.0.0.1.",
                )


def _lost(group: Resource, template: Resource, why: str, remedy: str) -> Violation:
    return Violation(
        f'No instance of Auto Scaling group "{group.name}" serves: {why}.',
        template,
        (f'Auto Scaling group "{group.name}"', f'user data of "{template.name}"'),
        remedy,
    )


SERVES = StackRule(
    id="ec2-user-data-serves",
    title="What user data starts keeps running, and answers the load balancer",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP01",)},
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html",
    remedy="let user_data start the application on 0.0.0.0, and leave the instance on.",
    steps=(
        "Remove shutdown and poweroff from user_data.",
        "Bind the application to 0.0.0.0: --host 0.0.0.0, or docker run -p 8080:8080.",
    ),
    unknown=(
        "User data that is not known is not judged, nor is an application behind a web server on the same "
        "instance."
    ),
    check=_stops,
)

# --- the agent ------------------------------------------------------------------------------------

_OF_AMAZON = "resolve:ssm:/aws/service/"
"""How an image is named that AWS publishes: none of them contains CodeDeploy's agent."""
_INSTALLERS = (*tokens.RUN_COMMAND, "aws:imagebuilder/imagePipeline:ImagePipeline")


def _agentless(stack: Stack, _: Settings) -> Iterator[Violation]:
    if stack.of(_INSTALLERS):
        return
    groups = {one: None for found in stack.derived(Deployments).servers for one in found.groups.any}
    for group in (stack.derived(Fleets).of(one) for one in groups):
        for template in group.launching.templates:
            if not is_absent(template.setting("userData")):
                continue
            image = template.get("imageId")
            certain = isinstance(image, str) and image.startswith(_OF_AMAZON)
            path = (
                f'Auto Scaling group "{group.name}"',
                f'launch template "{template.name}", no user_data',
                f"image {show(image)}",
            )
            yield Violation(
                f'No deployment reaches the instances of "{template.name}": nothing installs CodeDeploy\'s '
                f"agent, which the images of AWS do not contain ({image})."
                if certain
                else f'whether instances of "{template.name}" have CodeDeploy\'s agent is not known: '
                f"there is no user_data, and what image {show(image)} contains is not in this stack.",
                template,
                path,
                undecided=not certain,
            )


AGENT = StackRule(
    id="ec2-installs-agent",
    title="Instances have CodeDeploy's agent",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS05-BP04",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/userguide/codedeploy-agent-operations-install.html",
    remedy=(
        "install the agent in user_data, or by an aws.ssm.Association with AWS-ConfigureAWSPackage and "
        "AWSCodeDeployAgent; accept with an exception that the image contains it."
    ),
    steps=(
        "Install it in user_data: dnf -y install ruby wget, then the installer of the Region's bucket.",
        "Or let Systems Manager install and update it, by an aws.ssm.Association.",
    ),
    unknown=(
        "What an image contains is not known here; any association of Systems Manager may install the "
        "agent."
    ),
    check=_agentless,
)

RULES = (RUNS, SERVES, AGENT)
