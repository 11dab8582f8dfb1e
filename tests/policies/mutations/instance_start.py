"""What breaks the rules about what an instance starts with."""

from __future__ import annotations

import base64

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides, leaves_open

decides("ec2-user-data-runs", "template", "userData", absent=KEEPS, unknown=KEEPS)


def start(stack, text):
    """Start the instances with a text."""
    stack.set("template", "userData", base64.b64encode(text.encode()).decode())
    return stack


@breaks("ec2-user-data-runs")
def start_without_an_interpreter(stack):
    start(stack, "dnf -y install ruby wget\n./install auto\n")


@breaks("ec2-user-data-runs")
def start_after_an_empty_line(stack):
    start(stack, "\n#!/bin/bash\ndnf -y install ruby wget\n")


SERVES = "#!/bin/sh\nuvicorn main:app --host 0.0.0.0 --port 8080 &\n"


@breaks("ec2-user-data-serves")
def start_that_ends_in_a_shutdown(stack):
    start(stack, "#!/bin/sh\ndnf -y update\nshutdown -h now\n")


@breaks("ec2-user-data-serves")
def start_for_its_own_machine(stack):
    start(stack, "#!/bin/sh\nuvicorn main:app --host 127.0.0.1 --port 8080 &\n")


decides("ec2-user-data-serves", "template", "userData", absent=KEEPS, unknown=KEEPS)


@leaves_open("ec2-installs-agent")
def start_that_was_forgotten(stack):
    stack.set("template", "userData", ...)


decides("ec2-installs-agent", "template", "userData", absent=BREAKS, unknown=KEEPS)
