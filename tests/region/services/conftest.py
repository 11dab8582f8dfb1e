"""A network, and a stage where controllers run with fake machines and fake load balancers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from region.api.server import ControlPlane
from region.reconcile import ControllerLoop
from region.services.codedeploy.controller import DeploymentsController
from region.services.ec2.controller import InstancesController
from region.services.elbv2.controller import LoadBalancersController
from tests.region.builders import Network, Stage
from tests.region.fakes import Aws, FakeBalancer, FakePool, HostNetwork


@pytest.fixture
def network_of() -> Callable[[Aws], Network]:
    return Network


@pytest.fixture
def network(aws: Aws) -> Network:
    return Network(aws)


@pytest.fixture
def balancer_class(monkeypatch: pytest.MonkeyPatch) -> type[FakeBalancer]:
    monkeypatch.setattr(FakeBalancer, "sick", set())
    monkeypatch.setattr(FakeBalancer, "drain_polls", 2)
    return FakeBalancer


@pytest.fixture
def deployments(plane: ControlPlane, pool: FakePool) -> DeploymentsController:
    return DeploymentsController(plane, pool)


@pytest.fixture
def stage(
    plane: ControlPlane,
    aws: Aws,
    pool: FakePool,
    deployments: DeploymentsController,
    balancer_class: type[FakeBalancer],
) -> Iterator[Stage]:
    loop = ControllerLoop(
        plane,
        [
            InstancesController(plane, pool),
            LoadBalancersController(plane, HostNetwork(), balancer_class),
            deployments,
        ],
        tick=0.1,
    )
    loop.start()
    yield Stage(plane, aws, pool)
    loop.stop()


@pytest.fixture
def stage_of(plane: ControlPlane, aws: Aws, pool: FakePool) -> Callable[[], Stage]:
    """A stage without controllers: the test starts its own."""
    return lambda: Stage(plane, aws, pool)
