"""How many tests may need a second try in one run of `make test` (ADR 94)."""

from __future__ import annotations

import pytest

MOST = 5
"""More than these are no accidents of a busy computer any more."""


def of(config: pytest.Config) -> list[pytest.TestReport]:
    """Return the reports of tests that ran again; none on a worker, which does not count them."""
    return _reports(config, "rerun")


def hold(session: pytest.Session) -> None:
    """Fail a run that passed only because so many tests ran again."""
    if session.exitstatus == pytest.ExitCode.OK and len(of(session.config)) > MOST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def tell(terminal: pytest.TerminalReporter) -> None:
    """Say why tests ran again that then passed, and whether these were too many."""
    failed = {one.nodeid for one in _reports(terminal.config, "failed")}
    for report in of(terminal.config):
        if report.nodeid not in failed:
            terminal.write_sep("_", f"ran again: {report.nodeid}")
            terminal.write_line(report.longreprtext)
    if (count := len(of(terminal.config))) > MOST:
        terminal.write_sep("=", f"{count} tests ran again, at most {MOST} may", red=True)


def _reports(config: pytest.Config, outcome: str) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return [] if reporter is None else list(reporter.stats.get(outcome, ()))
