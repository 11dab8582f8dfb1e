"""What an alarm's data points say, and in which words. Pure but for the store that it reads.

The words are those of CloudWatch's own state reasons.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from region.services.cloudwatch import evaluation, statistics, windows
from region.services.cloudwatch.evaluation import ALARM, INSUFFICIENT_DATA, Missing, Rule
from region.services.cloudwatch.expressions import ExpressionError
from region.services.cloudwatch.store import MetricStore
from region.services.cloudwatch.windows import Observation, Window
from region.time_formats import stamps

_ENOUGH = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What the evaluation of an alarm found.

    Attributes:
        state: Its state; None to keep the present one.
        reason: Why, in words.
        reason_data: Why, as JSON.
        full: Whether there was data in each of its evaluation periods.
        failure: `EVALUATION_ERROR` if its expression has no value.
    """

    state: str | None
    reason: str = ""
    reason_data: str = ""
    full: bool = False
    failure: str = ""


def rule_of(settings: Mapping[str, Any]) -> Rule:
    """Return what decides an alarm's state."""
    periods = int(settings["EvaluationPeriods"])
    namespaces = {
        windows.metric_in(query).namespace
        for query in windows.metrics_of(settings)
        if query.get("MetricStat")
    }
    # "always ignore missing data" (PutMetricAlarm, TreatMissingData)
    always_ignored = namespaces == {"AWS/DynamoDB"}
    treatment = "ignore" if always_ignored else settings.get("TreatMissingData") or "missing"
    needed = int(settings.get("DatapointsToAlarm") or periods)
    return Rule(periods, needed, cast("Missing", treatment))


def find(settings: Mapping[str, Any], store: MetricStore, now: float, speed: float) -> Finding:
    """Evaluate a metric alarm."""
    rule = rule_of(settings)
    window = windows.window_of(settings, store, now, speed, rule.evaluation_range)
    try:
        seen = windows.observe(settings, store, window)
    except (ExpressionError, NotImplementedError) as error:
        text = f"Insufficient Data: the expression has no value: {error}"
        return Finding(INSUFFICIENT_DATA, text, failure="EVALUATION_ERROR")
    comparison, threshold = str(settings["ComparisonOperator"]), float(settings["Threshold"])
    breaches = evaluation.COMPARISONS[comparison]
    verdict = evaluation.judge(
        [None if one is None else breaches(one.value, threshold) for one in seen], rule
    )
    judged = [one for place in verdict.judged if (one := seen[place]) is not None]
    full = all(one is not None for one in seen[-rule.periods :])
    if verdict.state is None or _too_few(settings, judged):
        return Finding(None, full=full)
    breaching = sum(1 for one in judged if breaches(one.value, threshold))
    if verdict.state == INSUFFICIENT_DATA:
        reason = f"Insufficient Data: {_datapoints(verdict.filled)} {_was(verdict.filled)} unknown."
    elif not judged:
        treated = "Breaching" if verdict.state == ALARM else "NonBreaching"
        reason = (
            f"Threshold Crossed: no datapoints were received for {_periods(rule.periods)} and "
            f"{verdict.filled} missing datapoint{_s(verdict.filled)} {_was(verdict.filled)} treated as "
            f"[{treated}]."
        )
    else:
        reason = _crossed(verdict.state, judged, breaching, settings, rule)
    return Finding(verdict.state, reason, _data(settings, judged, window, threshold), full)


def _too_few(settings: Mapping[str, Any], judged: Sequence[Observation]) -> bool:
    """Return whether the samples are too few for a percentile, and the alarm is to keep its state.

    CloudWatch guide, "Percentile-based CloudWatch alarms and low data samples": 10/(1-percentile), below
    the median 10/percentile.
    """
    if settings.get("EvaluateLowSampleCountPercentile") != "ignore" or not judged:
        return False
    wanted = statistics.extended(str(settings["ExtendedStatistic"]))
    if wanted.kind != statistics.PERCENTILE or wanted.high is None:
        return False
    share = wanted.high / 100.0
    rarer = min(share, 1.0 - share) if share != 0.5 else 0.5
    if rarer <= 0:
        return True
    return any(one.count < _ENOUGH / rarer - 1e-6 for one in judged)


def _crossed(
    state: str,
    judged: Sequence[Observation],
    breaching: int,
    settings: Mapping[str, Any],
    rule: Rule,
) -> str:
    comparison = str(settings["ComparisonOperator"])
    shown = [
        f"{one.value} ({datetime.fromtimestamp(one.at, UTC):%d/%m/%y %H:%M:%S})"
        for one in reversed(judged)
    ]
    count = breaching if state == ALARM else len(judged) - breaching
    negation = "" if state == ALARM else "not "
    change = "OK -> ALARM" if state == ALARM else "ALARM -> OK"
    least = rule.needed if state == ALARM else max(1, rule.periods - rule.needed + 1)
    return (
        f"Threshold Crossed: {count} out of the last {len(judged)} datapoints "
        f"[{', '.join(shown)}] {_was(count)} {negation}{evaluation.WORDS[comparison]} the threshold "
        f"({float(settings['Threshold'])}) (minimum {least} datapoint{_s(least)} for {change} "
        "transition)."
    )


def _data(
    settings: Mapping[str, Any], judged: Sequence[Observation], window: Window, threshold: float
) -> str:
    data: dict[str, Any] = {
        "version": "1.0",
        "queryDate": _stamp(window.end),
        "startDate": _stamp(judged[0].at if judged else window.start),
        "period": window.period,
        "recentDatapoints": [one.value for one in judged],
        "threshold": threshold,
        "evaluatedDatapoints": [
            {"timestamp": _stamp(one.at), "sampleCount": one.count, "value": one.value}
            for one in reversed(judged)
        ],
    }
    if settings.get("Statistic"):
        data["statistic"] = settings["Statistic"]
    if settings.get("Unit"):
        data["unit"] = settings["Unit"]
    text = json.dumps(data)
    if len(text) > 4000:
        del data["evaluatedDatapoints"]
        text = json.dumps(data)
    return text if len(text) <= 4000 else json.dumps({"version": "1.0", "threshold": threshold})


def _stamp(at: float) -> str:
    return stamps.in_milliseconds(datetime.fromtimestamp(at, UTC), "+0000")


def _datapoints(count: int) -> str:
    return f"{count} datapoint{_s(count)}"


def _periods(count: int) -> str:
    return f"{count} period{_s(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
