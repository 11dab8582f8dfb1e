"""Why a command failed: each cause once, whole, and without its consequences."""

from __future__ import annotations

from rehearsal.causes import LAST_LINES, causes, described
from rehearsal.engine_events import Heartbeat, Message, PolicyViolation, Resource

WEB = Resource("haproof:service:SingleInstanceService", "web")


def error(text: str, resource: Resource | None = None) -> Message:
    return Message(text, "error", resource, ephemeral=False)


def test_every_line_of_a_cause_is_there_and_its_repetition_is_not() -> None:
    problems = "appspec.yml:5: a.sh has CR LF\nappspec.yml:8: b.sh has CR LF"
    again = error(f"an unhandled error occurred: {problems}\n")
    assert causes([error(problems + "\n"), again, Heartbeat()]) == [problems]


def test_a_cause_names_its_resource_and_what_follows_from_it_is_left_out() -> None:
    failed = error('after hook "release" failed: deployment d-1 failed: why\n  i-1: a.sh\n', WEB)
    found = causes([failed, error("context canceled\n"), error("update failed")])
    assert found == [f'{WEB}: after hook "release" failed: deployment d-1 failed: why\n  i-1: a.sh']


def test_other_messages_are_no_causes() -> None:
    assert causes([Message("deprecated", "warning", WEB, ephemeral=False)]) == []


def test_mandatory_policies_are_causes_and_advisory_ones_are_not() -> None:
    violations = [
        PolicyViolation("no-ssh", level, "port 22 is open", WEB)
        for level in ("mandatory", "advisory")
    ]
    found = causes([*violations, *violations, error("preview failed")])
    assert found == [f"{WEB}: no-ssh: port 22 is open"]


def test_consequences_alone_are_no_cause() -> None:
    assert causes([error("update canceled"), error("context canceled")]) == []


def test_without_a_cause_the_last_whole_lines_of_the_output_stand_in() -> None:
    output = "\n\n".join(f"line {n}" for n in range(100))
    shown = described([], output).splitlines()
    assert shown == [f"line {n}" for n in range(100 - LAST_LINES, 100)]
    assert described([], " \n") == "it printed nothing"
    assert described(["the cause"], output) == "the cause"
