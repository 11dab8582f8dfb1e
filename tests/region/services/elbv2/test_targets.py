"""Which instances can be registered."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import Stage


def test_an_instance_is_registered_while_it_runs(stage: Stage) -> None:
    group = stage.balancer([])
    [name] = stage.launch()
    register: Any = stage.aws.elbv2.register_targets
    register(TargetGroupArn=group, Targets=[{"Id": name}])
    for end, state in (("stop_instances", "stopped"), ("terminate_instances", "terminated")):
        getattr(stage.aws.ec2, end)(InstanceIds=[name])
        stage.until(lambda state=state: stage.state(name) == state)
        with pytest.raises(ClientError, match="not in a running state"):
            register(TargetGroupArn=group, Targets=[{"Id": name}])
