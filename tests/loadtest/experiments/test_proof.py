"""The proof: verdict, agreement, and every format that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.console import Console

from loadtest.analysis.summary import summarise
from loadtest.errors import ResultsError
from loadtest.experiments import files, models
from loadtest.experiments import observations as observed
from loadtest.experiments.faults import Kind
from loadtest.experiments.models import ExperimentRecord, Outcome, SteadyState
from loadtest.experiments.observations import Observations
from loadtest.experiments.proof import (
    assemble,
    axis,
    card,
    excerpt,
    history,
    junit,
    markdown,
    page,
    terminal,
    write,
)
from loadtest.experiments.proof.models import Entry, LeftOut, Proof, sentence, verdict
from loadtest.messages.message import msg
from loadtest.models import PerSecondCounts
from loadtest.profiles import PROFILES
from loadtest.reporting.markdown import VARIABLE
from loadtest.reporting.texts import Texts
from loadtest.stack.outputs import StackOutputs
from tests.loadtest.experiments.builders import (
    BACK_S,
    BEGAN_MS,
    DETECTED_S,
    FAULT_S,
    event_of,
    health_of,
    observations_of,
    record_of,
    timing_of,
)

EVIL = '<script>alert(1)</script> & "'
OUTCOMES: tuple[Outcome, ...] = ("survived", "not survived", "not shown")


@pytest.fixture(autouse=True)
def no_job_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests in a GitHub workflow must not write into its summary."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def experiment(
    tmp_path: Path,
    make_users: Callable[..., Any],
    make_measurements: Callable[..., Any],
    make_outputs: Callable[..., StackOutputs],
    make_saved: Callable[..., Path],
) -> Callable[..., Path]:
    """Save an experiment with its load run and what was observed; None leaves that out."""

    def saved(record: ExperimentRecord, seen: Observations | None, timeouts: int = 0) -> Path:
        smoke = PROFILES["smoke"]
        exchanges = make_users(smoke, index_timeouts=timeouts)
        outputs = make_outputs(topology=record.topology)
        measured = make_measurements(exchanges, smoke, outputs=outputs, id=record.run)
        directory = make_saved(tmp_path, summarise(measured), exchanges, outputs)
        models.save(directory, record)
        if seen is not None:
            text = seen.model_dump_json()
            (directory / observed.FILE).write_text(text)
        return directory

    return saved


def entries(*outcomes: tuple[str, Outcome]) -> list[Entry]:
    return [
        Entry(record=record_of(topology=topology, outcome=outcome, experiment=f"e{number}"))
        for number, (topology, outcome) in enumerate(outcomes)
    ]


def of(found: list[Entry]) -> Proof:
    return Proof(
        generated_at="2026-11-26T14:00:00+00:00",
        commit="abc1234",
        outcome=verdict(found),
        sentence=sentence(found),
        entries=found,
    )


@pytest.mark.parametrize(
    ("found", "outcome", "code", "said"),
    [
        (entries(("ha", "survived"), ("ha", "survived")), "survived", 0,
         "The HA stack survived both experiments."),
        (entries(("ha", "survived"), ("single", "not survived")), "survived", 0,
         "The HA stack survived the experiment; the single instance survived 0 of 1."),
        (entries(("ha", "survived"), ("ha", "not shown")), "not shown", 3,
         "The HA stack survived 1 of 2 experiments. Not shown: e1."),
        (entries(("ha", "not shown"), ("ha", "not survived")), "not survived", 2,
         "The HA stack survived 0 of 2 experiments. Not survived: e1."),
        (entries(("single", "survived")), "not shown", 3,
         "No experiment was run on the HA stack, so nothing is shown."),
        ([], "not shown", 3, "No experiment was run on the HA stack, so nothing is shown."),
    ],
)  # fmt: skip
def test_the_verdict_is_about_the_ha_stack(
    found: list[Entry], outcome: Outcome, code: int, said: str
):
    proof = of(found)
    assert (proof.outcome, proof.exit_code, str(proof.sentence)) == (outcome, code, said)


def test_the_verdict_tells_runs_of_one_experiment_apart():
    made = [
        Entry(record=record_of(experiment="deployment-good", outcome=outcome), number=number)
        for number, outcome in enumerate(("survived", "survived", "not shown"), start=1)
    ]
    assert str(of(made).sentence).endswith("Not shown: deployment-good-3.")


def test_an_experiment_of_ours_has_its_title_in_each_language():
    korean = Texts("ko")
    for name in files.names():
        title = files.find(name).title
        assert Texts("en").experiment(name, title) == title
        assert re.search("[가-힣]", korean.experiment(name, title))
    assert korean.experiment("instance-dies", "Ours") == "Ours"


def test_what_no_stack_survives_is_no_verdict_on_the_ha_stack():
    made = [
        Entry(record=record_of(outcome="survived")),
        Entry(record=record_of(outcome="not survived", contrast=True)),
    ]
    assert of(made).outcome == "survived"
    assert str(of(made).sentence) == "The HA stack survived the experiment."
    assert of(made[1:]).outcome == "not shown"
    cases = ET.fromstring(junit.render(of(made), Texts("en"))).iter("testcase")
    assert [[child.tag for child in case] for case in cases] == [["system-out"], ["skipped"]]


def test_measured_beside_predicted(experiment: Callable[..., Path]):
    entry = assemble.entry(experiment(record_of(), observations_of()))
    assert entry.measured is not None
    assert entry.measured.detection_s == 8.5
    found = {one.name.id: one for one in entry.comparisons}
    assert found["prediction.detection"].agreement.within
    # notice 0 to 10, boot 11, release 7, healthy 0 to 10
    recovery = found["prediction.recovery"]
    assert (recovery.agreement.predicted.low, recovery.agreement.predicted.high) == (18, 38)
    assert recovery.agreement.within
    # notice 11, boot 9, release 6, healthy 13: as the builders have it.
    assert str(recovery.explanation) == (
        "What took longest of the recovery: the passing health checks (interval × threshold), "
        "13.0 of 39.0 s."
    )
    assert found["prediction.bad-share"].agreement.within


def test_the_page_says_which_assumption_was_wrong(experiment: Callable[..., Path]):
    seen = observations_of(
        timing=timing_of(boot_s=2, release_s=6, interval_s=5, healthy_threshold=2)
    )
    entry = assemble.entry(experiment(record_of(), seen))
    found = {one.name.id: one for one in entry.comparisons}["prediction.recovery"]
    assert not found.agreement.within
    assert found.explanation is not None
    assert found.explanation.params["assumption"] == msg("assumption.boot")
    assert "the boot of an instance was expected to take 2.0 to 2.0 s and took 9.0 s" in str(
        found.explanation
    )
    assert str(found.explanation) in page.render(of([entry]), Texts("en")).replace("\xa0", " ")


def test_a_fault_that_is_put_back_lasts_as_long_as_it_would_have_by_itself(
    experiment: Callable[..., Path],
):
    # All was well again, so the experiment ended, and the fault with it: that is no reason.
    hangs = {
        "kind": Kind.INSTANCE_HANGS,
        "fault_until_ms": BEGAN_MS + (FAULT_S + 150) * 1000,
        "fault_ended_ms": BEGAN_MS + (BACK_S + 1) * 1000,
    }
    seen = observations_of(timing=timing_of(grace_s=0))

    def parts(record: ExperimentRecord) -> list[str]:
        predicted = assemble.entry(experiment(record, seen)).predicted
        assert predicted is not None
        assert predicted.recovery is not None
        return [part.name for part in predicted.recovery.parts]

    assert parts(record_of(**hangs)) == ["silent-check", "boot", "release", "healthy"]
    # An older record does not say it.
    short = {
        **hangs,
        "run": "run-2",
        "fault_until_ms": None,
        "fault_ended_ms": BEGAN_MS + (FAULT_S + 9) * 1000,
    }
    assert parts(record_of(**short)) == ["fault", "healthy"]


def test_a_recovery_that_never_came_is_said_so(experiment: Callable[..., Path]):
    seen = observations_of(health=health_of(14, None, 60))
    entry = assemble.entry(experiment(record_of(outcome="not survived"), seen))
    found = {one.name.id: one for one in entry.comparisons}["prediction.recovery"]
    assert (found.agreement.within, found.explanation) == (False, msg("prediction.never"))


def test_an_experiment_that_nobody_observed_has_no_figures(experiment: Callable[..., Path]):
    entry = assemble.entry(experiment(record_of(), None))
    assert (entry.measured, entry.predicted, entry.comparisons) == (None, None, [])
    assert page.render(of([entry]), Texts("en"))


def test_a_fault_that_was_not_begun_has_no_figures(experiment: Callable[..., Path]):
    entry = assemble.entry(
        experiment(record_of(fault_began_ms=None, outcome="not shown"), observations_of())
    )
    assert entry.measured is None


def test_a_run_without_an_experiment_is_refused(tmp_path: Path):
    with pytest.raises(ResultsError, match=r"has no experiment\.json"):
        assemble.entry(tmp_path)


@pytest.fixture
def proof(experiment: Callable[..., Path]) -> Proof:
    """One of each outcome, on both stacks, with words that must not be read as HTML."""
    reasons = [msg("value.name", name=EVIL)]
    made = [
        experiment(record_of(), observations_of()),
        experiment(
            record_of(run="lost", outcome="not survived", experiment="zone-lost", title=EVIL,
                      reasons=reasons),
            observations_of(events=[event_of("target", EVIL, "unhealthy", 7.0)], problems=[EVIL]),
            timeouts=40,
        ),
        experiment(
            record_of(run="unseen", outcome="not shown", experiment="unseen", fault_began_ms=None,
                      reasons=reasons),
            None,
        ),
        experiment(
            record_of(run="single", topology="single", stack="single", outcome="not survived",
                      reasons=reasons),
            observations_of(health=[], timing=timing_of(topology="single", instances=1)),
            timeouts=200,
        ),
    ]  # fmt: skip
    return assemble.proof(made, commit="abc1234")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_from_results_becomes_html(proof: Proof, language: str):
    html = page.render(proof, Texts(language))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_what_is_only_measured_is_on_the_page_too(experiment: Callable[..., Path]):
    entry = assemble.entry(experiment(record_of(), observations_of()))
    assert entry.measured is not None
    html = page.render(of([entry]), Texts("en")).replace("\xa0", " ")
    row = html[html.index("First good answer") :]
    assert f"{entry.measured.first_good_s:.1f} s" in row[: row.index("</tr>")]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("survived", "What made it hold: asg-elb-health-check, asg-multi-az."),
        ("not survived", "What would have refused this stack: asg-elb-health-check, asg-multi-az."),
        ("not shown", "What should make it hold: asg-elb-health-check, asg-multi-az."),
    ],
)
def test_the_policies_are_named_by_what_they_did(outcome: Outcome, said: str):
    assert said in page.render(of(entries(("ha", outcome))), Texts("en"))


def test_a_single_instance_that_survives_owes_it_to_none_of_the_ha_stack_s_policies():
    made = of(entries(("single", "survived")))
    assert "What makes the HA stack hold: asg-elb-health-check, asg-multi-az." in page.render(
        made, Texts("en")
    )
    assert "asg-multi-az" not in markdown.render(made, Texts("en"))
    assert "asg-multi-az" in markdown.render(of(entries(("ha", "survived"))), Texts("en"))


@pytest.mark.parametrize(
    ("took_s", "outcome", "said"),
    [(21.3, "survived", True), (None, "survived", False), (21.3, "not survived", False)],
)
def test_the_page_says_when_the_steady_state_was_back_and_had_to_be(
    took_s: float | None, outcome: Outcome, *, said: bool
):
    recovered_ms = None if took_s is None else BEGAN_MS + (FAULT_S + took_s) * 1000
    held = SteadyState(at_ms=BEGAN_MS + 60_000, met=True, probes=[])
    record = record_of(outcome=outcome, recovered_ms=recovered_ms, after=held)
    html = page.render(of([Entry(record=record)]), Texts("en")).replace("\xa0", " ")
    line = "the steady state was back 21.3 s after the fault began, with no instance failing; "
    assert (line in html) == said


def test_a_recovery_that_was_not_awaited_is_said_to_be_so_in_every_format(
    experiment: Callable[..., Path],
):
    awaited, not_awaited = (
        assemble.entry(experiment(record_of(run=str(awaits), awaits_replacement=awaits), seen))
        for awaits, seen in ((True, observations_of()), (False, observations_of()))
    )
    for entry, said in ((awaited, False), (not_awaited, True)):
        console = Console(width=120, file=None, record=True)
        with console.capture() as shown:
            console.print(terminal.render(of([entry])))
        assert ("not awaited" in shown.get()) == said
        assert ("not awaited" in markdown.render(of([entry]), Texts("en"))) == said
        assert ("기다리지 않음" in markdown.render(of([entry]), Texts("ko"))) == said
        assert ("not awaited" in str(excerpt.of(of([entry]))[0].cells[2])) == said
        html = page.render(of([entry]), Texts("en")).replace("\xa0", " ")
        assert ("recovery was not awaited: the experiment ended before" in html) == said


def test_every_entry_has_an_anchor_of_its_own(proof: Proof):
    keys = [entry.key for entry in proof.entries]
    assert len(set(keys)) == len(keys)
    html = page.render(proof, Texts("en"))
    assert all(html.count(f'id="entry-{key}"') == 1 for key in keys)


def test_the_axis_shows_only_lanes_with_events(proof: Proof):
    assert axis.lanes(proof.entries[0]) == ["group", "target", "deployment", "alarm", "database"]
    assert axis.lanes(proof.entries[1]) == ["target"]
    drawn = axis.draw(proof.entries[0], Texts("en"))
    assert drawn is not None
    assert drawn.count('class="mark') == 10
    assert drawn.count('class="mark bad"') == 3
    assert 'class="line healthy"' in drawn


def test_the_axis_writes_how_many_targets_are_healthy_where_that_changes(
    experiment: Callable[..., Path],
):
    seen = observations_of(health=health_of(DETECTED_S, BACK_S, 60))
    drawn = str(axis.draw(assemble.entry(experiment(record_of(), seen)), Texts("en")))
    assert re.findall(r'class="label count"[^>]*>(\d+)<', drawn) == ["6", "5", "6"]


def test_a_second_in_which_the_load_ended_is_not_drawn():
    counts = {"arrivals": [5] * 4, "good": [5, 5, 5, 1], "slow": [0] * 4, "failed": [0] * 4}
    found = Entry(
        record=record_of(finished_ms=BEGAN_MS + 3_400),
        series=PerSecondCounts(**counts),
        load_began_ms=BEGAN_MS,
    )
    whole = axis.whole_seconds(found)
    assert whole is not None
    assert whole.good == whole.arrivals == [5, 5, 5]
    assert axis.whole_seconds(found.model_copy(update={"load_began_ms": None})) == found.series


def test_a_load_without_answers_has_no_axis():
    assert axis.draw(Entry(record=record_of()), Texts("en")) is None


def test_junit_fails_for_the_ha_stack_only(proof: Proof):
    suites = ET.fromstring(junit.render(proof, Texts("en")))
    counts = {key: suites.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert [one.get("name") for one in suites] == ["ha.experiments", "single.experiments"]


def test_the_terminal_has_a_row_per_experiment_in_80_columns(proof: Proof):
    console = Console(width=80, record=True)
    console.print(terminal.render(proof))
    lines = console.export_text().splitlines()
    row = next(line for line in lines if "instance-dies" in line)
    assert row.split() == [
        "instance-dies",
        "ha",
        "survived",
        "8.5",
        "(0-10)",
        "39.0",
        "(18-38)",
        "0",
    ]
    assert all(len(line) <= 80 for line in lines if "script" not in line)
    assert any(line.startswith("  ha: zone-lost: <script>") for line in lines)


def test_a_figure_that_disagrees_is_marked(experiment: Callable[..., Path]):
    seen = observations_of(timing=timing_of(interval_s=1))
    entry = assemble.entry(experiment(record_of(), seen))
    console = Console(width=80, record=True)
    console.print(terminal.table(of([entry])))
    assert "8.5 (0-2) !" in console.export_text()


def test_the_longest_name_stays_on_one_line_beside_usual_figures(experiment: Callable[..., Path]):
    named = "deployment-fails-its-hook"
    record = record_of(outcome="not shown", experiment=named)
    entry = assemble.entry(experiment(record, observations_of(timing=timing_of(interval_s=1))))
    assert entry.measured is not None
    usual = entry.measured.model_copy(
        update={"detection_s": 4.0, "recovery_s": 120.3, "failed": 2946}
    )
    console = Console(width=80, record=True)
    console.print(terminal.table(of([entry.model_copy(update={"measured": usual})])))
    assert named in console.export_text()


def test_no_figure_is_cut_in_80_columns(experiment: Callable[..., Path]):
    named = "deployment-fails-its-hook"
    record = record_of(topology="single", outcome="not survived", experiment=named)
    entry = assemble.entry(experiment(record, observations_of(timing=timing_of(interval_s=1))))
    assert entry.measured is not None
    slow = entry.measured.model_copy(
        update={"detection_s": 110.5, "recovery_s": 1234.5, "failed": 12345}
    )
    console = Console(width=80, record=True)
    console.print(terminal.table(of([entry.model_copy(update={"measured": slow})])))
    printed = console.export_text()
    assert "…" not in printed
    for figure in ("not survived", "110.5 (0-2) !", "1234.5 (", "12,345", "single"):
        assert figure in printed
    _, header, _, *rows = printed.splitlines()
    assert "".join(row[: header.index("stack")].strip() for row in rows) == named


def test_markdown_escapes_and_has_every_row(proof: Proof):
    found = markdown.render(proof, Texts("en"))
    assert "## ❌ Not survived" in found
    assert "\\<script>" in found
    assert found.count("\n| ") == 1 + 1 + len(proof.entries)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_card_shows_each_outcome(outcome: Outcome):
    drawn = card.render(of(entries(("ha", outcome), ("single", "not survived"))), Texts("en"))
    root = ET.fromstring(drawn)
    tiles = [one.get("class") for one in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert tiles == [page.TONES[outcome]]


def test_all_files_are_written_and_the_json_follows_its_schema(
    proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv(VARIABLE, str(summary))
    written = write.write(proof, tmp_path / "proof", "ko")
    names = {file.name for file in (tmp_path / "proof").iterdir()}
    assert names == {"proof.html", "proof.en.html", "proof.json", "proof.md", "proof.svg",
                     "proof.junit.xml"}  # fmt: skip
    assert 'lang="ko"' in written.html.read_text()
    assert summary.read_text().strip() == (tmp_path / "proof" / "proof.md").read_text().strip()
    content = json.loads((tmp_path / "proof" / "proof.json").read_text())
    jsonschema.validate(content, json.loads(write.schema()))
    assert write.load(tmp_path / "proof" / "proof.json") == proof


def test_a_broken_json_is_refused(tmp_path: Path):
    (tmp_path / "proof.json").write_text("{}")
    with pytest.raises(ResultsError, match="is not a proof"):
        write.load(tmp_path / "proof.json")


def test_clocks_and_speed_are_named(experiment: Callable[..., Path]):
    seen: Any = observations_of(timing=timing_of(speed=5))
    found = assemble.proof([experiment(record_of(), seen)])
    html = page.render(found, Texts("en")).replace("\xa0", " ")
    assert "differed by at most 0.15 s, known to 0.05 s" in html
    assert "5 times shorter here" in html


def test_every_format_tells_the_runs_of_the_same_experiment_apart(
    experiment: Callable[..., Path], tmp_path: Path
):
    directory = experiment(record_of(), None)
    made = assemble.proof([directory, directory])
    first, second = made.entries
    assert (first.key, second.key) == (f"ha-{first.name}", f"ha-{first.name}-2")
    pages = {language: page.render(made, Texts(language)) for language in ("en", "ko")}
    for found in pages.values():
        ids = re.findall(r'id="([^"]+)"', found)
        assert len(ids) == len(set(ids))
    said = f"{first.name} (ha): 2 of 2 survived; "
    assert said in pages["en"].replace("\xa0", " ")
    assert f"{first.name} (ha): 2번 중 2번 견딤" in pages["ko"].replace("\xa0", " ")
    assert said in markdown.render(made, Texts("en"))
    console = Console(width=80, record=True)
    console.print(terminal.render(made))
    assert said in console.export_text()
    names = [
        one.get("name") for one in ET.fromstring(junit.render(made, Texts("en"))).iter("testcase")
    ]
    assert names == [first.name, f"{first.name}-2"]
    history.append(tmp_path, made)
    (line,) = history.read(tmp_path)
    assert len(line.experiments) == 2


def test_every_format_says_what_was_left_out():
    left = [LeftOut(experiment="instance-dies", topology="single")]
    made = of(entries(("ha", "survived"))).model_copy(update={"left_out": left})
    said = "Skipped for lack of time: instance-dies (single)."
    console = Console(width=80)
    with console.capture() as printed:
        console.print(terminal.render(made))
    assert said in printed.get()
    assert said in markdown.render(made, Texts("en"))
    assert said in page.render(made, Texts("en"))
    assert "instance-dies (single)" in page.render(made, Texts("ko"))
    assert "Left out" not in page.render(of(entries(("ha", "survived"))), Texts("en"))


@pytest.mark.parametrize(("single", "said"), [(20, True), (125, False)])
def test_the_page_says_which_load_each_stack_had(single: int, *, said: bool):
    rates = {"ha": 125, "single": single}
    made = [
        entry.model_copy(update={"rate": rates[entry.record.topology]})
        for entry in entries(("ha", "survived"), ("single", "not survived"))
    ]
    html = page.render(of(made), Texts("en"))
    assert ("125 on the HA stack, 20 on the single instance" in html) == said


def test_the_excerpt_has_the_ha_stack_s_experiments(proof: Proof):
    found = excerpt.of(proof)
    measured = proof.entries[0].measured
    assert measured is not None
    assert [row.experiment for row in found] == ["instance-dies", "zone-lost", "unseen"]
    assert list(map(str, found[0].cells)) == [
        "Survived",
        "8.5 s (0.0–10.0 s: agrees)",
        "39.0 s (18.0–38.0 s: agrees)",
        f"0 of {measured.requests}",
    ]


def test_the_history_says_what_passed_at_which_commit(proof: Proof, tmp_path: Path):
    assert history.read(tmp_path) == []
    write.write(proof, tmp_path / "proof")
    write.write(of(entries(("ha", "survived"))), tmp_path / "proof")
    first, second = history.read(tmp_path)
    assert (first.commit, first.outcome) == ("abc1234", "not survived")
    assert first.experiments["ha-zone-lost"] == "not survived"
    assert (first.count("survived"), second.count("survived")) == (1, 1)
    file = tmp_path / history.FILE
    file.write_text(file.read_text() + '{"at": "half')
    assert len(history.read(tmp_path)) == 2
    file.write_text('{"at": 1}\n')
    with pytest.raises(ResultsError, match="line 1: not a proof"):
        history.read(tmp_path)
