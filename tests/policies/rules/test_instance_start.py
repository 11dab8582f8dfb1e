"""How user data begins."""

from __future__ import annotations

import base64
import gzip

import pytest

from tests.policies.draft import BY_ID, Draft, violations
from tests.policies.mutations.instance_start import start
from tests.policies.rules.cases import test_a_change_breaks_exactly_its_rule

__all__ = ["test_a_change_breaks_exactly_its_rule"]

RULE = "ec2-user-data-runs"
BREAKS = [
    (RULE, lambda d: start(d, "# install the agent\nsudo yum -y install ruby\n")),
    (RULE, lambda d: start(d, "    #!/bin/bash\n    yum -y install ruby\n")),
    (RULE, lambda d: start(d, "export STAGE=production\n./start.sh\n")),
]

RUNS = [
    "#!/bin/sh\ndnf -y install ruby\n",
    "#!/bin/bash\r\ndnf -y install ruby\r\n",  # cloud-init turns the ends of lines
    "#cloud-config\npackages:\n  - ruby\n",
    "\n#cloud-config\npackages:\n  - ruby\n",
    "#include\nhttps://example.com/start.sh\n",
    "## template: jinja\n#cloud-config\nhostname: x\n",
    "Content-Type: multipart/mixed; boundary=//\nMIME-Version: 1.0\n\n--//\n",
    "<powershell>\nInstall-Module x\n</powershell>\n",
    "version: 1.1\ntasks:\n- task: executeScript\n",
    "[settings.ecs]\ncluster = 'shop'\n",  # Bottlerocket
    "# of Bottlerocket\nsettings.ecs.cluster = 'shop'\n",
    '{"ignition": {"version": "3.4.0"}}',
    "---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n",
    "",
]


@pytest.mark.parametrize("text", RUNS)
def test_what_a_system_reads_at_its_start_is_not_judged(text):
    assert not violations(start(Draft(), text), RULE)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"dnf -y install ruby"), b"\xff\xfe\x00"],
    ids=["gzip", "no text"],
)
def test_what_is_compressed_is_not_judged(content):
    text = base64.b64encode(content).decode()
    assert not violations(Draft().set("template", "userData", text), RULE)


def test_that_of_an_instance_may_be_encoded_or_not():
    for text in ("yum -y install ruby\n", base64.b64encode(b"yum -y install ruby\n").decode()):
        draft = Draft().add("tools", "aws:ec2/instance:Instance", {"userData": text})
        (found,) = violations(draft, RULE)
        assert "begins neither with #! nor with #cloud-config" in BY_ID[RULE].text(found)
