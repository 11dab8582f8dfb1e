"""How many tests may need a second try in one run of `make test` (ADR 94)."""

from __future__ import annotations

import pytest

MOST = 5
"""More than these are no accidents of a busy computer any more."""


def of(config: pytest.Config) -> list[str]:
    """Return the ids of the tests that ran again; none on a worker, which does not count them."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return [] if reporter is None else [one.nodeid for one in reporter.stats.get("rerun", ())]


def hold(session: pytest.Session) -> None:
    """Fail a run that passed only because so many tests ran again."""
    if session.exitstatus == pytest.ExitCode.OK and len(of(session.config)) > MOST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def tell(terminal: pytest.TerminalReporter) -> None:
    """Say why such a run failed."""
    if (count := len(of(terminal.config))) > MOST:
        terminal.write_sep("=", f"{count} tests ran again, at most {MOST} may", red=True)
