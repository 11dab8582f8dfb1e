"""When scheduled rules are due, and what they send."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from region.services.events import controller
from region.services.events.controller import SchedulesController
from region.services.events.schedules import Calendar, Rate, parse
from region.time_formats.cron import CronError
from tests.region.fakes import queue_for_services

NOW = datetime(2026, 11, 26, 10, 7, 30, tzinfo=UTC)  # A Thursday.


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(1 hour)", 60), ("rate(2 days)", 2880)],
)
def test_rates(expression, minutes):
    assert parse(expression) == Rate(minutes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0/5 * * * ? *", "2026-11-26T10:10"),
        ("0 10 * * ? *", "2026-11-27T10:00"),
        ("15 12 ? * MON-FRI *", "2026-11-26T12:15"),
        ("0 8 1 * ? *", "2026-12-01T08:00"),
        ("0 18 ? * 2-6 *", "2026-11-26T18:00"),
        ("0 8 ? * 1 *", "2026-11-29T08:00"),
        ("0 8 ? * L *", "2026-11-28T08:00"),
        ("0 8 L * ? *", "2026-11-30T08:00"),
        ("0 8 ? * 5L *", "2026-12-31T08:00"),
        ("0 9 ? * 2#1 *", "2026-12-07T09:00"),
        ("0 9 29W * ? *", "2026-11-30T09:00"),
        ("0 9 1W MAY ? *", "2027-05-03T09:00"),
        ("0 9 LW FEB ? *", "2027-02-26T09:00"),
        ("0 0 1 JAN,JUL ? 2028-2029", "2028-01-01T00:00"),
    ],
)
def test_the_next_time_of_a_cron_expression(fields, expected):
    found = parse(f"cron({fields})")
    assert isinstance(found, Calendar)
    moment = found.following(NOW)
    assert moment is not None
    assert moment.strftime("%Y-%m-%dT%H:%M") == expected


def test_a_day_that_no_year_has():
    found = parse("cron(0 0 31 2 ? *)")
    assert isinstance(found, Calendar)
    assert found.following(NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "5 minutes",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(30 seconds)",
        "cron(* * * * *)",
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 9 * * ? *)",
        "cron(0 9 ? * 0 *)",
        "cron(0 9 1 * ? 1969)",
        "cron(0 9 1 * ? *) ",
    ],
)
def test_what_is_no_schedule(aws, expression):
    with pytest.raises(CronError):
        parse(expression)
    with pytest.raises(ClientError, match="ValidationException"):
        aws.events.put_rule(Name="r", ScheduleExpression=expression)


class Clock:
    """A time that tests set, for the controller."""

    def __init__(self, monkeypatch):
        self.now_is = NOW
        monkeypatch.setattr(controller, "datetime", self)

    def now(self, zone):
        return self.now_is.astimezone(zone)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def _sent(aws, url):
    found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(one["Body"]) for one in found.get("Messages", [])]


def test_a_rate_is_of_awss_minutes_and_its_event_names_the_rule(make_plane, clients_of, clock):
    plane = make_plane(speed=20.0)
    aws = clients_of(plane.endpoint)
    url, arn = queue_for_services(aws, "inbox")
    rule = aws.events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")["RuleArn"]
    aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    schedules = SchedulesController(plane)
    schedules.reconcile()
    clock.now_is = NOW + timedelta(seconds=14)
    schedules.reconcile()
    assert _sent(aws, url) == []
    clock.now_is = NOW + timedelta(seconds=15)
    schedules.reconcile()
    schedules.reconcile()
    (event,) = _sent(aws, url)
    told = (event["source"], event["detail-type"], event["resources"], event["detail"])
    assert told == ("aws.events", "Scheduled Event", [rule], {})
    assert event["time"] == "2026-11-26T10:07:45Z"


def test_a_disabled_rule_misses_its_times(plane, aws, clock):
    url, arn = queue_for_services(aws, "inbox")
    aws.events.put_rule(Name="r", ScheduleExpression="cron(0/5 * * * ? *)", State="DISABLED")
    aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "Input": '{"a": 1}'}])
    schedules = SchedulesController(plane)
    schedules.reconcile()
    clock.now_is = NOW + timedelta(minutes=20)
    schedules.reconcile()
    aws.events.enable_rule(Name="r")
    schedules.reconcile()
    assert _sent(aws, url) == []
    clock.now_is = NOW + timedelta(minutes=23)
    schedules.reconcile()
    assert _sent(aws, url) == [{"a": 1}]


def test_schedules_belong_to_the_default_bus(aws):
    aws.events.create_event_bus(Name="own")
    with pytest.raises(ClientError, match="default event bus"):
        aws.events.put_rule(Name="r", EventBusName="own", ScheduleExpression="rate(1 minute)")
