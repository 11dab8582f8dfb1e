"""What the policy pack itself takes, without the engine: start, each resource, the whole stack.

The resources are those of the recorded `ha`, as the engine sends them; a larger stack is made of
several copies of it, each with its own dependencies.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.command import Parser, run
from toolchain import paths

SIZES = (1, 200)
"""How many resources at least: one is one copy of `ha`."""

REPEATS = 3


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield what is measured, the time and the goal."""
    sys.path.insert(0, str(paths.ROOT / "policies"))
    start = min(_start() for _ in range(REPEATS))
    yield "policy pack: start of its process", f"{start:.2f} s", ""
    for size in SIZES:
        count, resources, stack = _measure(size)
        goal = "<= 2 s" if size == 1 else "<= 5 s"
        yield (
            f"policy pack: start and rules on {count} resources",
            f"{start + resources + stack:.2f} s ({resources:.2f} s each resource, {stack:.2f} s the stack)",
            goal,
        )


def _start() -> float:
    """Return how long the pack needs until it prints its port."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", "policies"]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        taken = time.perf_counter() - began
        process.terminate()
    return taken


def _measure(size: int) -> tuple[int, float, float]:
    from guardrails.analyzer import Analyzer
    from guardrails.evaluator import PolicyEvaluator

    from tests.policies.draft import Draft
    from tests.policies.wire import resource_request, stack_request

    inputs, outputs = (_copies(Draft().build(inputs=own).resources, size) for own in (True, False))
    requests = [resource_request(one.type, dict(one.properties)) for one in inputs]
    for request, one in zip(requests, inputs, strict=True):
        request.urn = one.urn
    whole = stack_request(outputs)
    best = []
    for _ in range(REPEATS):
        analyzer = Analyzer(PolicyEvaluator())
        began = time.perf_counter()
        for request in requests:
            analyzer.Analyze(request, None)
        middle = time.perf_counter()
        analyzer.AnalyzeStack(whole, None)
        best.append((middle - began, time.perf_counter() - middle))
    each, stack = min(best, key=sum)
    return len(inputs), each, stack


def _copies(resources, size: int):
    copies = []
    while len(copies) < size:
        number = len(copies)
        copies += [
            replace(
                one,
                name=f"{one.name}-{number}",
                urn=f"{one.urn}-{number}",
                dependencies={
                    prop: tuple(f"{urn}-{number}" for urn in urns)
                    for prop, urns in one.dependencies.items()
                },
                inputs=None,
            )
            for one in resources
        ]
    return copies if len(copies) < 2 * size or size == 1 else copies[:size]


def main() -> None:
    """Measure and print."""
    Parser(__doc__).parse_args()
    for row in rows():
        print(" | ".join(row))


if __name__ == "__main__":
    run(main)
