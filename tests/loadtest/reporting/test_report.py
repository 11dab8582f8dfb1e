"""The report: the right figures, the right verdict, and its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtest.analysis.slo import Figures
from loadtest.analysis.verdict import decide
from loadtest.errors import ComparisonError, LoadTestError
from loadtest.host_record import HostRecord
from loadtest.messages.catalogue import LANGUAGES
from loadtest.messages.message import msg, render
from loadtest.messages.names import free_text
from loadtest.models import (
    EndpointRecord,
    EventRecord,
    Latency,
    Percentile,
    PercentileInterval,
    RunSummary,
)
from loadtest.outcomes import Outcome
from loadtest.reporting import card, junit, report
from loadtest.reporting.conditions import Condition, read
from loadtest.reporting.stack_comparison import Report, compare
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs


@pytest.fixture
def pair(
    golden: tuple[RunSummary, RunSummary],
    single_outputs: StackOutputs,
    make_outputs: Callable[..., StackOutputs],
) -> Report:
    return compare(golden[0], golden[1], (single_outputs, make_outputs()))


def row(found: Report, name: str) -> tuple[str, str, str, str]:
    one = next(r for r in found.rows if str(r.name) == name)
    cells = (one.single, one.ha, one.published_single, one.published_ha)
    single, ha, published_single, published_ha = map(str, cells)
    return single, ha, published_single, published_ha


def test_the_note_about_the_published_ramp_is_about_its_load_only(
    golden: tuple[RunSummary, RunSummary],
    single_outputs: StackOutputs,
    make_outputs: Callable[..., StackOutputs],
):
    note = msg("condition.load.note")
    single, ha = golden
    other = single.model_copy(
        update={"scenario": single.scenario.model_copy(update={"description": free_text("orders")})}
    )
    stacks = (single_outputs, make_outputs())
    assert note in [one.note for one in compare(single, ha, stacks).conditions]
    assert note not in [one.note for one in compare(other, ha, stacks).conditions]


def test_the_published_run_gives_the_published_figures(pair: Report):
    assert row(pair, "Virtual users") == ("27,000", "27,000", "27,000", "27,000")
    assert row(pair, "Failed users") == ("54.7 % (14,766)", "0", "54.7 %", "0 %")
    assert row(pair, "Timeouts") == ("37.6 % (14,766)", "0", "37.6 % (14,766)", "0")
    assert row(pair, "p99 of the answered")[3] == "25.8 ms"
    assert row(pair, "p99 of all")[0] == "≥ 10,000 ms"
    assert row(pair, "Answered")[:2] == ("62.4 %", "100 %")


def test_the_headline(pair: Report):
    assert str(pair.headline.sentence) == (
        "The HA stack kept its promise: none of 27,000 users failed, "
        "while the single instance failed 54.7 % of its users."
    )
    assert pair.headline.exit_code == 0


def changed(run: RunSummary, **update: Any) -> RunSummary:
    return run.model_copy(update=update)


@pytest.mark.parametrize("spoiled", [0, 1])
def test_one_invalid_run_spoils_the_comparison(
    pair: Report, golden: tuple[RunSummary, RunSummary], spoiled: int
):
    bad = (
        golden[spoiled]
        .validity.checks[0]
        .model_copy(update={"passed": False, "detail": free_text("why")})
    )
    runs = list(golden)
    validity = golden[spoiled].validity.model_copy(update={"checks": [bad]})
    runs[spoiled] = changed(golden[spoiled], validity=validity)
    found = report.compare(runs[0], runs[1], _stacks(pair)).headline
    assert found.outcome == "invalid"
    assert found.exit_code == 3
    stack = {"single": "single", "ha": "HA"}[runs[spoiled].topology]
    assert list(map(str, found.reasons)) == [f"{stack}: complete: why"]


def test_a_broken_promise_is_shown_with_its_reasons(
    pair: Report, golden: tuple[RunSummary, RunSummary]
):
    verdict = golden[1].verdict.model_copy(
        update={"outcome": "broken", "reasons": [free_text("too slow")]}
    )
    found = compare(golden[0], changed(golden[1], verdict=verdict), _stacks(pair))
    assert (found.headline.outcome, found.headline.exit_code) == ("broken", 2)
    assert "too slow" in report.render_html(found)


@pytest.mark.parametrize(
    ("outcome", "failed", "code", "sentence"),
    [
        (
            "undecided",
            0,
            3,
            "Not shown by this run: too short.",
        ),
        ("measured", 2, 0, "No promise was made for the HA stack: 2 of 27,000 users failed"),
        ("kept", 2, 0, "The HA stack kept its promise: 2 of 27,000 users failed"),
    ],
)
def test_a_verdict_without_a_broken_promise_is_never_reported_as_one(  # noqa: PLR0917
    pair: Report,
    golden: tuple[RunSummary, RunSummary],
    outcome: str,
    failed: int,
    code: int,
    sentence: str,
):
    reasons = [free_text("too short")] if outcome == "undecided" else []
    ha = changed(
        golden[1],
        verdict=golden[1].verdict.model_copy(update={"outcome": outcome, "reasons": reasons}),
        users=golden[1].users.model_copy(update={"failed": failed}),
    )
    found = compare(golden[0], ha, _stacks(pair))
    assert (found.headline.outcome, found.headline.exit_code) == (outcome, code)
    assert str(found.headline.sentence).startswith(sentence)
    assert sentence in report.render_html(found)


def _stacks(pair: Report) -> tuple[StackOutputs, StackOutputs]:
    raw = {
        "url": pair.ha.target, "healthPath": "/h", "region": "r", "instanceType": "t4g.nano",
        "instanceCount": 6, "availabilityZones": ["a"], "databaseClass": "d",
        "codedeployApplication": "a", "codedeployDeploymentGroup": "g", "revisionBucket": "b",
        "revisionKey": "k", "revisionDigest": "0" * 64, "seedUsers": 1, "loadProfile": "seed",
        "autoScalingGroupName": None, "targetGroupArn": None, "instanceId": None,
    }  # fmt: skip
    return (
        StackOutputs.model_validate({**raw, "topology": "single"}),
        StackOutputs.model_validate({**raw, "topology": "ha"}),
    )


def test_runs_under_different_load_are_not_compared(
    pair: Report, golden: tuple[RunSummary, RunSummary]
):
    single, ha = golden
    other = ha.profile.model_copy(update={"description": free_text("a stroll")})
    with pytest.raises(ComparisonError, match=r"load profile .*a stroll") as caught:
        compare(single, changed(ha, profile=other), _stacks(pair))
    assert caught.value.exit_code == 3
    scenario = ha.scenario.model_copy(update={"digest": "f" * 64})
    with pytest.raises(ComparisonError, match="scenario"):
        compare(single, changed(ha, scenario=scenario), _stacks(pair))
    with pytest.raises(ComparisonError, match="not ha and ha"):
        compare(ha, ha, _stacks(pair))


def test_the_terminal_table_fits_into_80_columns(pair: Report):
    text = StringIO()
    report.show(Console(file=text, width=80), report.render_terminal(pair))
    shown = text.getvalue()
    assert "54.7 % (14,766)" in shown
    assert "37.6 % (14,766)" in shown
    assert "…" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_one_run_in_the_terminal(golden: tuple[RunSummary, RunSummary]):
    text = StringIO()
    report.show(Console(file=text, width=40), report.render_run(golden[0]))
    assert "14,766 (37.6 %)" in text.getvalue()
    assert "of all ≥ 10,000 ms" in text.getvalue()


def test_percentiles_of_a_run_without_a_lost_request_are_one_figure(
    golden: tuple[RunSummary, RunSummary],
):
    text = StringIO()
    report.show(Console(file=text, width=80), report.render_run(golden[1]))
    assert golden[1].latency.coverage == 1
    assert "answered" not in text.getvalue()
    assert "of all" not in text.getvalue()


def test_a_reason_in_a_log_is_one_line(golden: tuple[RunSummary, RunSummary]):
    reason = free_text(f"{'a long reason ' * 12}ends")
    verdict = golden[1].verdict.model_copy(update={"reasons": [reason]})
    run = golden[1].model_copy(update={"verdict": verdict})
    text = StringIO()
    report.show(Console(file=text, width=80), report.render_run(run), whole_lines=True)
    assert f"  {reason}" in text.getvalue().splitlines()


def test_one_run_in_the_terminal_tells_where_requests_failed_and_how(
    golden: tuple[RunSummary, RunSummary],
):
    first = golden[1].endpoints[0]

    def endpoint(name: str, failed: int) -> EndpointRecord:
        requests = first.requests.model_copy(
            update={
                "total": 9 + failed,
                "outcomes": {Outcome.GOOD: 9, Outcome.CLIENT_ERROR: failed},
                "statuses": {"200": 9, "303": 4, "401": failed},
            }
        )
        return first.model_copy(update={"name": name, "requests": requests})

    endpoints = [endpoint(f"step {n}", n) for n in range(6)]
    total = golden[1].requests.model_copy(
        update={"outcomes": {Outcome.GOOD: 54, Outcome.CLIENT_ERROR: 15}, "total": 69}
    )
    run = golden[1].model_copy(update={"endpoints": endpoints, "requests": total})
    text = StringIO()
    report.show(Console(file=text, width=80), report.render_run(run))
    shown = [" ".join(line.split()) for line in text.getvalue().splitlines()]
    where = next(number for number, line in enumerate(shown) if "4xx" in line)
    # Some of them knew who was logged in.
    asked = "(does every instance know the session?)"
    assert [line.strip("│ ") for line in shown[where + 1 : where + 8]] == [
        "5 at step 5: 401",
        asked,
        "4 at step 4: 401",
        asked,
        "3 at step 3: 401",
        asked,
        "3 elsewhere",
    ]


def test_an_answer_that_the_script_did_not_expect_is_told_as_such(
    golden: tuple[RunSummary, RunSummary],
):
    requests = golden[1].requests.model_copy(
        update={"outcomes": {Outcome.OTHER: 5}, "statuses": {"200": 5}, "errors": {}, "total": 5}
    )
    endpoint = golden[1].endpoints[0].model_copy(update={"name": "list", "requests": requests})
    run = golden[1].model_copy(update={"endpoints": [endpoint], "requests": requests})
    text = StringIO()
    report.show(Console(file=text, width=80), report.render_run(run))
    assert "5 at list: 200, but not as the script's `expect` asks" in text.getvalue()


def test_one_run_in_the_terminal_tells_what_happened_at_the_target(
    golden: tuple[RunSummary, RunSummary],
):
    happened = [
        EventRecord(kind="scaling", name="launches 6 instances", at_s=264.7, until_s=284.4),
        EventRecord(kind="fault", name="terminate [i-0a]", at_s=20.2),
    ]
    text, run = StringIO(), golden[1].model_copy(update={"events": happened})
    report.show(Console(file=text, width=80), report.render_run(run))
    shown = " ".join(text.getvalue().split())
    assert "scaling │ 265 to 284 s launches 6 instances" in shown
    assert "fault │ 20 s terminate [i-0a]" in shown


def test_files_of_a_report(
    tmp_path: Path,
    golden: tuple[RunSummary, RunSummary],
    single_outputs: StackOutputs,
    make_outputs: Callable[..., StackOutputs],
):
    directories: list[Path] = []
    for summary, stack in zip(golden, (single_outputs, make_outputs()), strict=True):
        directory = tmp_path / summary.id
        directory.mkdir()
        paths.save_summary(directory, summary)
        (directory / paths.OUTPUTS).write_text(stack.to_json())
        directories.append(directory)
    extra = [
        Condition(
            name=free_text("CPU share"),
            single=free_text("0.10"),
            ha=free_text("0.10 each"),
            note=free_text("no burst"),
        )
    ]
    written = report.write_report(directories[0], directories[1], tmp_path / "out", extra)
    raw = json.loads(written.json.read_text())
    assert raw["headline"]["outcome"] == "kept"
    assert raw["single"]["requests"]["total"] == 39_271
    assert Report.model_validate(raw) == written.report
    html = written.html.read_text()
    assert "CPU share" in html
    assert "6 × t4g.nano" in html


def test_conditions_are_checked(tmp_path: Path):
    file = tmp_path / "conditions.json"
    file.write_text('[{"name": "Pulumi", "single": "3", "ha": "3"}]')
    assert read(file)[0].published == msg("value.not-reported")
    for text, message in (
        ("{", "is not a list of conditions"),
        ('[{"name": "x"}]', r"0\.single: Field required"),
        ('[{"name": "x", "single": "", "ha": "", "extra": 1}]', "0.extra"),
    ):
        file.write_text(text)
        with pytest.raises(LoadTestError, match=message):
            read(file)
    with pytest.raises(LoadTestError, match="cannot read"):
        read(tmp_path / "absent.json")


def test_what_a_run_does_not_show_is_said_with_interval_and_remedy(
    pair: Report, golden: tuple[RunSummary, RunSummary]
):
    latency = Latency(
        coverage=1,
        answered=None,
        censored={"p99": Percentile(value_ms=24)},
        intervals={
            "p99": PercentileInterval(low=Percentile(value_ms=19), high=Percentile(value_ms=31))
        },
    )
    run = golden[1]
    figures = Figures(users=run.users, requests=run.requests, latency=latency)
    verdict = decide("ha", figures, run.validity)
    headline = compare(golden[0], changed(run, verdict=verdict), _stacks(pair)).headline
    assert (headline.outcome, headline.exit_code) == ("undecided", 3)
    assert str(headline.sentence) == (
        "Not shown by this run: p99 is 24.0 ms, between 19.0 and 31.0 ms; promised: at most 25.8 ms. "
        "The single instance failed 54.7 % of its users."
    )
    assert list(map(str, headline.further_reasons)) == [
        "a longer load profile or `--repeat 5` shows it more precisely"
    ]
    for language in LANGUAGES:
        _, lines = card.fitted(render(headline.sentence, language))
        assert not lines[-1].endswith("…"), language


def _terminal(found: Report) -> str:
    text = StringIO()
    report.show(Console(file=text, width=400), report.render_terminal(found))
    return text.getvalue()


def test_other_programs_beside_one_of_the_loads_are_named_near_the_figures(
    pair: Report, golden: tuple[RunSummary, RunSummary]
):
    def watched(run: RunSummary, others: float) -> RunSummary:
        windows = [0.0] * 10
        host = HostRecord(window_s=1.0, cpus=2, ours=windows, target=windows, steal=windows,
                          idle=windows, others=[others] * 10)  # fmt: skip
        return changed(run, host=host)

    said = "Other programs used 1.5 of 2 CPUs on average during the load of single, and 0.1 during"
    found = compare(watched(golden[0], 1.5), watched(golden[1], 0.1), _stacks(pair))
    assert said in _terminal(found)
    even = compare(watched(golden[0], 1.5), watched(golden[1], 1.5), _stacks(pair))
    assert "Other programs used" not in _terminal(even)


def test_a_run_of_which_nothing_is_promised_says_so(golden: tuple[RunSummary, RunSummary]):
    text = StringIO()
    report.show(Console(file=text, width=200), report.render_run(golden[0]))
    assert "single: measured; nothing is promised of it" in text.getvalue()


def test_a_reason_in_the_sentence_is_not_repeated_below_it(
    pair: Report, golden: tuple[RunSummary, RunSummary]
):
    for outcome in ("broken", "undecided"):
        reasons = [free_text("too slow"), free_text("all instances were full")]
        verdict = golden[1].verdict.model_copy(update={"outcome": outcome, "reasons": reasons})
        found = compare(golden[0], changed(golden[1], verdict=verdict), _stacks(pair))
        assert _terminal(found).count("too slow") == 1
        assert "\n  all instances were full" in _terminal(found)


@pytest.mark.parametrize("outcome", ["kept", "measured"])
def test_where_neither_stack_fails_the_load_shows_no_difference(
    pair: Report, golden: tuple[RunSummary, RunSummary], outcome: str
):
    none = golden[0].users.model_copy(update={"failed": 0})
    verdict = golden[1].verdict.model_copy(update={"outcome": outcome})
    single, ha = changed(golden[0], users=none), changed(golden[1], verdict=verdict)
    sentence = str(compare(single, ha, _stacks(pair)).headline.sentence)
    assert "this load shows no difference between the two" in sentence
    assert "0 %" not in sentence


def test_what_a_short_profile_leaves_open_is_in_the_sentence(
    pair: Report, golden: tuple[RunSummary, RunSummary]
):
    open_ = golden[1].verdict.objectives[-1].model_copy(update={"kept": None, "judged": False})
    verdict = golden[1].verdict.model_copy(
        update={"objectives": [*golden[1].verdict.objectives[:-1], open_],
                "reasons": [open_.reason]}
    )  # fmt: skip
    profile = golden[1].profile.model_copy(update={"name": "smoke"})
    ha = changed(golden[1], verdict=verdict, profile=profile)
    found = compare(golden[0], ha, _stacks(pair))
    sentence = str(found.headline.sentence)
    assert sentence.startswith("As far as “smoke” can show: The HA stack kept its promise")
    assert sentence.endswith("Not judged in 360 s: p99.")
    assert found.headline.further_reasons == []
    assert found.headline.exit_code == 0
    assert junit.objectives(found.ha)[-1].passed is None
