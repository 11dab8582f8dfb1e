"""Whether a computer can play the stacks: certain failure is refused, doubt is only said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandline.exit_codes import ExitCode
from loadtest.profiles import profile_named
from region import calibration
from region.calibration import Calibration, reference
from region.machines.instance_types import INSTANCE_TYPES
from rehearsal import cli, fit

NANO = INSTANCE_TYPES["t4g.nano"]
QUICK = profile_named("quick")
GOOD = Calibration(
    measured_rate=reference.RATE, busy_rate=reference.RATE, spread=0.03, capacity_cores=2.0, cpus=2
)
CASES = st.tuples(st.floats(0.05, 64), st.floats(0.3, 3), st.integers(1, 20), st.booleans())


def need(factor: float = 1.0, instances: int = 6, *, sample: bool = True) -> fit.Needs:
    return fit.needs(QUICK, NANO, instances, factor, sample=sample)


def test_a_computer_with_cpu_to_spare_is_accepted_without_a_word():
    found = need()
    assert (
        fit.check(replace(GOOD, capacity_cores=found.around + found.quotas + 0.01), found) is None
    )


@pytest.mark.parametrize(
    ("factor", "cpus", "two"),
    [(1.0, 2.0, True), (1.78, 1.99, False), (1.78, 4.0, True), (1.0, 1.0, False)],
)
def test_a_second_load_needs_a_computer_that_carries_it(
    tmp_path: Path, factor: float, cpus: float, *, two: bool
):
    assert fit.carries_two_loads(tmp_path, QUICK, {})
    rate = reference.RATE / factor
    found = replace(GOOD, measured_rate=rate, busy_rate=rate, capacity_cores=cpus)
    calibration.write(tmp_path, found)
    assert found.factor == pytest.approx(factor)
    assert fit.carries_two_loads(tmp_path, QUICK, {}) == two


def test_a_computer_that_lacks_cpu_for_certain_is_refused_with_numbers_and_remedy():
    found = need()
    poor = replace(GOOD, capacity_cores=found.around + found.fleet - 0.01, others_cores=0.8)
    with pytest.raises(fit.UnfitError) as refused:
        fit.check(poor, found)
    text = str(refused.value)
    assert refused.value.exit_code == ExitCode.NO_VERDICT
    assert f"gives {poor.capacity_cores:.2f} of 2 CPUs" in text
    assert f"needs {found.around + found.fleet:.2f} at its 250 requests/s" in text
    assert "6 × t4g.nano" in text
    assert "Close other programs (they used 0.80 CPUs meanwhile)" in text


def test_who_runs_the_smallest_profile_is_not_sent_to_it():
    poor = replace(GOOD, capacity_cores=0.01)
    for profile, remedy in ((QUICK, "PROFILE=smoke"), (profile_named("smoke"), "--hold 10:30s")):
        with pytest.raises(fit.UnfitError) as refused:
            fit.check(poor, fit.needs(profile, NANO, 6, 1.0, sample=True))
        assert remedy in str(refused.value)


def test_a_session_that_was_given_too_little_is_told_so_rather_than_to_close_programs():
    with pytest.raises(fit.UnfitError, match="Allow this session more CPU"):
        fit.check(replace(GOOD, capacity_cores=0.05), need())


def test_who_else_used_the_cpu_is_named_the_hypervisor_too():
    poor = replace(GOOD, capacity_cores=0.3, others_cores=0.2, stolen_cores=1.0)
    with pytest.raises(fit.UnfitError) as refused:
        fit.check(poor, need())
    text = str(refused.value)
    assert "neighbors are quiet (the hypervisor took 1.00 CPUs meanwhile)" in text
    assert "Close other programs (they used 0.20 CPUs meanwhile)" in text
    with pytest.raises(fit.UnfitError) as refused:
        fit.check(replace(poor, others_cores=0.0), need())
    assert "Close other programs" not in str(refused.value)


def test_what_may_be_too_little_is_only_said():
    found = need(sample=False)
    some = replace(GOOD, capacity_cores=found.around + found.quotas / 2)
    warning = fit.check(some, found)
    assert warning is not None
    assert "will be called not valid" in warning


def test_an_unsteady_computer_is_refused():
    with pytest.raises(fit.UnfitError, match=r"too unsteady.*70%"):
        fit.check(replace(GOOD, spread=0.7, capacity_cores=64.0), need())


def test_of_an_application_of_the_users_own_nothing_is_known_but_its_quotas():
    assert need(sample=False).fleet == 0
    assert need(sample=False).quotas == need().quotas == pytest.approx(0.6)


def test_the_instances_need_no_more_than_their_quotas():
    assert need(instances=1).fleet == need(instances=1).quotas == pytest.approx(0.1)


@given(CASES)
def test_more_cpu_never_turns_acceptance_into_refusal(case: tuple[float, float, int, bool]):
    capacity, factor, instances, sample = case
    found = fit.needs(QUICK, NANO, instances, factor, sample=sample)
    least = found.around + found.fleet
    if capacity < least:
        with pytest.raises(fit.UnfitError):
            fit.check(replace(GOOD, capacity_cores=capacity), found)
    else:
        warned = fit.check(replace(GOOD, capacity_cores=capacity), found) is not None
        assert warned == (capacity < found.around + found.quotas)
    assert found.fleet <= found.quotas


@given(st.floats(0.3, 3))
def test_a_slower_computer_needs_as_much_more_cpu(factor: float):
    one, other = need(), need(factor)
    for name in ("around", "fleet", "quotas"):
        assert getattr(other, name) == pytest.approx(getattr(one, name) * factor)


def test_what_is_asked_comes_from_the_projects_settings():
    assert fit.fleet_of({}) == (NANO, 6)


def test_the_command_lines_settings_come_first():
    asked = fit.fleet_of({"desiredCapacity": "4", "instanceType": "t4g.small"})
    assert asked == (INSTANCE_TYPES["t4g.small"], 4)


@pytest.mark.parametrize(
    "config",
    [{"desiredCapacity": "many"}, {"desiredCapacity": "0"}, {"instanceType": "t9.nano"}],
)
def test_what_the_preview_will_refuse_is_left_to_it(config: dict[str, str]):
    assert fit.fleet_of(config) is None


def test_a_stacks_own_setting_comes_before_the_projects_default(tmp_path: Path):
    (tmp_path / "Pulumi.yaml").write_text(
        "name: haproof\nconfig:\n  haproof:instanceType: {type: string, default: t4g.nano}\n"
        "  haproof:desiredCapacity: {type: integer, default: 6}\n"
    )
    (tmp_path / "Pulumi.ha.yaml").write_text("config:\n  haproof:desiredCapacity: 3\n")
    assert fit.fleet_of({}, tmp_path) == (NANO, 3)


def lines(root: Path) -> list[str]:
    """What is said of this computer before the stacks come up."""
    return fit.require(root, QUICK, {}, sample=True)


def test_a_rehearsal_says_how_fast_the_computer_is(tmp_path: Path):
    calibration.write(tmp_path, GOOD)
    assert reference.NAME in "".join(lines(tmp_path))


def test_a_rehearsal_measures_again_before_it_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    poor = replace(GOOD, capacity_cores=0.1, others_cores=1.9)
    now = [replace(poor, measured_rate=1.0), replace(GOOD, measured_rate=1.0)]
    monkeypatch.setattr(calibration, "measure", lambda: now.pop(0))
    calibration.write(tmp_path, poor)
    with pytest.raises(fit.UnfitError):
        lines(tmp_path)
    # The factor is the region's: its machines are held by it.
    assert calibration.describe(GOOD) in "".join(lines(tmp_path))


def test_a_region_that_never_measured_is_let_through(tmp_path: Path):
    assert lines(tmp_path) == []


def test_calibrate_prints_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(calibration, "measure", lambda: GOOD)
    assert cli.main(["calibrate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["factor"] == 1.0
    assert cli.main(["calibrate"]) == 0
    assert "2.00 of 2 CPUs available" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["start"], ["run"]])
def test_an_impossible_factor_ends_the_command(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = [*command, "--root", str(tmp_path), "--cpu-factor", "0"]
    assert cli.main(arguments) == ExitCode.FAILURE
    assert "CPU factor 0.0 is impossible" in capsys.readouterr().err
