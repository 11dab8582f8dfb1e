"""How long CloudWatch waits."""

from __future__ import annotations

from typing import Final

from region.periods import Period

EVALUATION: Final = Period(
    "Evaluation of an alarm with a period of a minute or more",
    60,
    "CloudWatch guide, Using alarms, Evaluating an alarm",
)
HIGH_RESOLUTION_EVALUATION: Final = Period(
    "Evaluation of an alarm with a period of less than a minute",
    10,
    "CloudWatch guide, Using alarms, Evaluating an alarm",
)
ALARM_PERIOD: Final = Period(
    "Period of an alarm, and what its data points are computed over",
    60,
    "PutMetricAlarm, Period (API reference)",
)
REPEATED_ACTION: Final = Period(
    "Repetition of an alarm's Auto Scaling actions while it keeps its state",
    60,
    "CloudWatch guide, Using alarms, Alarm actions",
)
WARM_UP_MINUTE: Final = Period(
    "A minute of WarmUpPeriodDurationInMinutes", 60, "WarmUpConfiguration (API reference)"
)
SUPPRESSION_SECOND: Final = Period(
    "A second of ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod",
    1,
    "PutCompositeAlarm (API reference)",
)
