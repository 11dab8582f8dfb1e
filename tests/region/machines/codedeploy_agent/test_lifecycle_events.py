"""The one list of lifecycle events, of which everything else is a part."""

from __future__ import annotations

from appspec.events import HOOK_EVENTS, WITHOUT_SCRIPTS
from region.machines.codedeploy_agent.lifecycle_events import FROM_PREVIOUS_REVISION, events_of


def test_traffic_control_surrounds_the_installation():
    whole = events_of(with_traffic_control=True)
    assert whole[3:-3] == events_of(with_traffic_control=False)
    assert [event for event in whole if event not in WITHOUT_SCRIPTS] == list(HOOK_EVENTS)


def test_before_a_termination_the_application_is_only_stopped():
    assert events_of(with_traffic_control=False, terminating=True) == ("ApplicationStop",)
    assert events_of(with_traffic_control=True, terminating=True) == (
        "BeforeBlockTraffic",
        "BlockTraffic",
        "AfterBlockTraffic",
        "ApplicationStop",
    )


def test_the_previous_revision_runs_everything_before_the_download():
    whole = events_of(with_traffic_control=True)
    before = whole[: whole.index("DownloadBundle")]
    assert set(before) - WITHOUT_SCRIPTS == FROM_PREVIOUS_REVISION
