"""A load in words: what it means, and that program and load test mean the same."""

from __future__ import annotations

import pytest

from loadspec import phases, setting
from loadspec.durations import whole_seconds
from loadspec.phases import LoadSpecError, Part
from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES, of_setting


def test_phases_follow_each_other_and_a_hold_stays_at_the_rate_before_it():
    words = phases.words_of("hold 10:5s, ramp 10:20.5:10s,ramp 20.5:20:1m pause 3s\thold 1m")
    assert phases.read(words) == (
        Part("hold", 5, 10),
        Part("ramp", 10, 10, 20.5),
        Part("ramp", 60, 20.5, 20),
        Part("pause", 3, 0),
        Part("hold", 60, 20),
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4.35m", 261),
        ("8.2h", 29_520),
        ("4001000ms", 4001),
        (" 1.15 minutes ", 69),
        ("0.25d", 21_600),
    ],
)
def test_a_length_is_read_as_it_is_written_and_not_as_a_binary_fraction(text: str, seconds: int):
    assert whole_seconds(text) == seconds


@pytest.mark.parametrize("value", ["1001ms", "0.001m", "-5", "5 weeks", True, float("inf"), None])
def test_what_is_no_length_in_whole_seconds(value: object):
    assert whole_seconds(value) is None


def test_a_text_that_was_written_reads_the_same():
    words = phases.words_of("ramp 5:125:300s hold 60s")
    assert phases.text_of(words) == "ramp 5:125:300s, hold 60s"
    assert phases.words_of(phases.text_of(words)) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("huge", "is not a load: choose seed, quick, smoke, script or none, or write phases such as `ramp"),
        ("Seed", "is not a load: choose"),
        (", ,", "is not a load: choose"),
        ("ramp", "ramp : from 5 to 125 arrivals a second over 300 s is `ramp 5:125:300s`"),
        ("hold 5:60s, sleep 5s", "'sleep' is not a phase: write ramp LOW:HIGH:TIME, hold [RATE:]TIME or"),
        ("hold 5:60s 30s", "'30s' is not a phase"),
        ("pause 60s", "nobody arrives: add a phase with arrivals, such as `hold 50:60s`"),
        ("hold 0s", "hold 0s: '0s' is not a duration in whole seconds, such as `60s` or `5m`"),
        ("ramp 5:9:1s", "ramp 5:9:1s: a ramp lasts at least 2 s"),
        ("hold 50:90h", "the load lasts 324,000 s; at most 86,400 s are run"),
        ("hold 2.5:9s", "arrival a second; with a fraction it is `ramp 2.5:2.5:9s`"),
        ("ramp 1:2.5:9s, hold 1m", "arrival a second; with a fraction it is `ramp 2.5:2.5:1m`"),
        ("hold 2000000:1s", "'2000000' is not a number of arrivals a second up to 100,000"),
        ("ramp 5:inf:9s", "'inf' is not a number of arrivals a second"),
        ("ramp nan:5:9s", "'nan' is not a number of arrivals a second"),
        ("hold 1000:12h", "the load starts up to 43,200,000 visitors; at most 10,000,000 are run"),
    ],
)  # fmt: skip
def test_a_setting_that_is_no_load_is_refused_with_what_to_write(text: str, said: str):
    with pytest.raises(LoadSpecError) as caught:
        setting.checked(text)
    assert said in str(caught.value)
    with pytest.raises(LoadTestError, match=f"the load profile {text!r} is not a load"):
        of_setting(text)


def test_program_and_load_test_know_the_same_profiles():
    assert tuple(PROFILES) == setting.PROFILES
    assert all(of_setting(setting.checked(name)) is PROFILES[name] for name in PROFILES)


def test_the_published_load_in_words_is_the_published_load():
    written = of_setting("ramp 5:125:300s, hold 60s")
    assert written.phases == PROFILES["seed"].phases
    assert (written.name, written.planned_users) == ("own", 27_000)


def test_it_needs_nothing_but_the_standard_library():
    # The Pulumi program loads it in every preview.
    import subprocess
    import sys

    code = (
        "import sys; before = set(sys.modules); import loadspec.setting; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['loadspec']"
