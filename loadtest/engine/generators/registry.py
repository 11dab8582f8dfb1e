"""The load generators by name."""

from __future__ import annotations

from collections.abc import Mapping

from loadtest.engine.generators.artillery.generator import Artillery
from loadtest.engine.generators.base import Generator
from loadtest.engine.generators.jmeter.generator import JMeter
from loadtest.engine.generators.k6.generator import K6
from loadtest.engine.generators.locust.generator import Locust
from loadtest.errors import LoadTestError
from loadtest.scenario import validation
from loadtest.scenario.scenario import Scenario

DEFAULT = Artillery.name
GENERATORS: Mapping[str, Generator] = {
    one.name: one for one in (Artillery(), K6(), Locust(), JMeter())
}


def named(name: str) -> Generator:
    """Return the generator of that name.

    Raises:
        LoadTestError: There is none; the message lists them.
    """
    if name not in GENERATORS:
        raise LoadTestError(
            f"unknown load generator {name!r}; choose one of {', '.join(GENERATORS)}"
        )
    return GENERATORS[name]


def require_runnable(scenario: Scenario, generator: str) -> None:
    """Require that a generator can run a scenario as Artillery would.

    Raises:
        LoadTestError: It cannot, or there is no such generator; the message lists every line and why.
    """
    chosen = named(generator)
    if problems := chosen.refused(scenario):
        lines = validation.listing(scenario.file, problems)
        raise LoadTestError(
            "\n".join([f"the scenario {scenario.file} cannot be run by {chosen.title}:", *lines])
        )
