"""JMeter's settings: those that decide what is measured, and the format of its results and log."""

from __future__ import annotations

from collections.abc import Mapping

from loadtest.engine.generators.jmeter.plan import ARRIVED, ELSEWHERE, RECORDED, UNSENDABLE

HEAP = ("-Xms1g", "-Xmx1g", "-XX:MaxMetaspaceSize=256m")
"""The memory that JMeter's own start script gives it."""
PROPERTIES: Mapping[str, str] = {
    # When a request began, not when it ended; and written at once, so that the run can be followed.
    "sampleresult.timestamp.start": "true",
    "jmeter.save.saveservice.autoflush": "true",
    "jmeter.save.saveservice.output_format": "csv",
    "jmeter.save.saveservice.print_field_names": "true",
    "jmeter.save.saveservice.default_delimiter": ",",
    "jmeter.save.saveservice.timestamp_format": "ms",
    "jmeter.save.saveservice.assertion_results_failure_message": "false",
    "jmeter.save.saveservice.url": "false",
    "jmeter.save.saveservice.data_type": "false",
    "jmeter.save.saveservice.idle_time": "false",
    "sample_variables": ",".join((ARRIVED, ELSEWHERE, UNSENDABLE, *RECORDED)),
    # A request that fails is one that failed.
    "httpclient4.retrycount": "0",
    "httpclient4.request_sent_retry_enabled": "false",
    # A visitor's connection is the visitor's own and lasts as long as the visit.
    "httpclient4.time_to_live": "600000",
    "httpclient4.validate_after_inactivity": "-1",
    # Visitors that are still being taken down when it ends are no reason to end as a failure.
    "jmeterengine.stopfail.system.exit": "false",
    # Idle threads of the thread group would keep Java alive for another minute.
    "jmeterengine.force.system.exit": "true",
    "summariser.interval": "3600",
    "summariser.out": "true",
    "summariser.log": "false",
}
LOGGING = """\
<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <Console name="out" target="SYSTEM_OUT">
      <PatternLayout pattern="%d{UNIX_MILLIS} %p %c{1}: %.-200m%n"/>
    </Console>
  </Appenders>
  <Loggers>
    <Root level="warn"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
"""


def properties() -> str:
    """Return the settings as a file that JMeter reads."""
    return "".join(f"{name}={value}\n" for name, value in PROPERTIES.items())
